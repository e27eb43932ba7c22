// A service's file in pam.d(5), with Debian's line `@include common-sqlmap` or without it. Pure.
#ifndef SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_
#define SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

// The line in front of the first `@include common-...`, as common-sqlmap itself asks for. A text
// that includes common-sqlmap already, in whatever way, comes out as it is. The error: there is no
// such place, or a jump passes it (JumpPast).
std::expected<std::string, std::string> WithSqlmapInService(std::string_view text);

// The first line in front of `place`, the beginning of a line, with a control like [success=3] that
// skips modules from there on, so that one more there would change where it lands:
// "line 2, \"auth [success=3 default=ignore] pam_unix.so\"". "" if there is none.
std::string JumpPast(std::string_view text, std::size_t place);

// The same for the places where a file of these names is included, which gets other modules.
std::string JumpPastInclude(std::string_view text, const std::vector<std::string>& names);

// Without each line that is `@include common-sqlmap` and nothing else.
std::string WithoutSqlmapInService(std::string_view text);

// The files that the text includes, by @include, include or substack, in its order.
std::vector<std::string> IncludedBy(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_
