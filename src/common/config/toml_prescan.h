// A look at TOML text before toml++ 3.3 gets it: for what costs it too much, and for what it cannot
// bear.
#ifndef SQLMAP_COMMON_CONFIG_TOML_PRESCAN_H_
#define SQLMAP_COMMON_CONFIG_TOML_PRESCAN_H_

#include <string>
#include <string_view>

namespace sqlmap {

struct PrescannedToml {
  // The same document without its comments, each line where it was. A comment that TOML forbids (a
  // control character) or that must be checked (not ASCII) stays in. Every process that resolves a
  // name reads the file, and the example is nearly all comment.
  std::string text;
  // "", or what must not be given to toml++:
  //   a key of more than 16 parts, because toml++ frees its tables recursively, so that half a
  //   million dots overflow the stack of the program that asks;
  //   a character that is not ASCII where toml++ asks whether it is white space (outside of strings
  //   and comments, where TOML forbids it, and behind a backslash at the end of a line, where it
  //   does not), because the answer is undefined for most of them;
  //   a NUL byte, which may end the input or not.
  std::string_view mistake;
  unsigned line = 0;  // of the mistake
};

PrescannedToml PrescanToml(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_TOML_PRESCAN_H_
