// A look at TOML text before toml++ 3.3 gets it: for what it costs too much, and for what it cannot
// bear.
#ifndef SQLMAP_COMMON_CONFIG_TOML_PRESCAN_H_
#define SQLMAP_COMMON_CONFIG_TOML_PRESCAN_H_

#include <string>
#include <string_view>

namespace sqlmap {

struct PrescannedToml {
  // The same document without its comments, each line where it was. A comment that TOML forbids (a
  // control character) or that would have to be checked (not ASCII) stays in. Every process that
  // resolves a name reads the file, and the example is nearly all comment.
  std::string text;
  // The first line with a key of more than 16 parts, else 0. Such a document must not be parsed:
  // toml++ frees its tables recursively, so that half a million dots overflow the stack of the
  // program that asks.
  unsigned deep_key_line = 0;
};

PrescannedToml PrescanToml(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_TOML_PRESCAN_H_
