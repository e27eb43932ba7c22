// Foreign text where people read it: in logs, in rows of a log, on a terminal.
#ifndef SQLMAP_COMMON_ACCOUNT_SHOWN_TEXT_H_
#define SQLMAP_COMMON_ACCOUNT_SHOWN_TEXT_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sqlmap {

// Bytes of the UTF-8 character (RFC 3629) that `text`, which is not empty, begins with. 0: it is
// none, or not to be shown: a control character, C0 or C1, or one that turns the direction of text,
// breaks a line or cannot be seen.
std::size_t ShownCharacter(std::string_view text);

// `text` cut between two characters; each byte that is not of a ShownCharacter becomes '?'.
std::string ShownText(std::string_view text, std::size_t most_bytes);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_SHOWN_TEXT_H_
