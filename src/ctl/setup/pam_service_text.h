// A service's file in pam.d(5), with Debian's line `@include common-sqlmap` or without it. Pure.
#ifndef SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_
#define SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_

#include <expected>
#include <string>
#include <string_view>

namespace sqlmap {

// The line in front of the first `@include common-...`, as common-sqlmap itself asks for. A text
// that includes common-sqlmap already, in whatever way, comes out as it is. The error: there is no
// such place.
std::expected<std::string, std::string> WithSqlmapInService(std::string_view text);

// Without each line that is `@include common-sqlmap` and nothing else.
std::string WithoutSqlmapInService(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_
