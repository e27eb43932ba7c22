// Foreign text where people read it: in logs, in rows of a log, on a terminal.
#ifndef SQLMAP_COMMON_ACCOUNT_SHOWN_TEXT_H_
#define SQLMAP_COMMON_ACCOUNT_SHOWN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sqlmap {

// `text` in UTF-8, cut between two characters; each byte that is none, and each character that
// controls a terminal, becomes '?'.
std::string ShownText(std::string_view text, std::size_t most_bytes);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_SHOWN_TEXT_H_
