// What stands in a file of pam.d(5), as libpam reads it. Pure.
#ifndef SQLMAP_CTL_PAM_LINES_H_
#define SQLMAP_CTL_PAM_LINES_H_

#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

// A line with words, and those that it goes on in. libpam takes the brackets off each of its first
// three words, and so do the functions here.
struct PamEntry {
  std::size_t at = 0;              // where it begins in the text
  unsigned number = 0;             // of its first line, from 1
  std::vector<std::string> words;  // as written; what stands in brackets is one

  std::string Type() const;         // "auth", also of "-AUTH"
  std::string Control() const;      // "required", in lower case; "success=1 default=ignore"
  std::string_view Module() const;  // "" if there is none
  // The file that it includes, by @include, include or substack, as it is written; "" if none.
  std::string_view Included() const;
  std::string Text() const;  // its words with a space between them
};

std::vector<PamEntry> PamEntriesOf(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_PAM_LINES_H_
