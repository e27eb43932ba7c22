// A service's file in pam.d(5), with Debian's line `@include common-sqlmap` or without it. Pure.
#ifndef SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_
#define SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_

#include <expected>
#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace sqlmap {

// `types`: those of which the service's stack has lines. With auth and account among them, a line
// `@include common-sqlmap`; else a line `TYPE include common-sqlmap` for each of them, so that what
// it has no lines of stays the service other's. They stand in front of the first
// `@include common-...`, as common-sqlmap itself asks for. A text that includes common-sqlmap
// already, in whatever way, comes out as it is. The error: there is no such place.
std::expected<std::string, std::string> WithSqlmapInService(
    std::string_view text, const std::set<std::string, std::less<>>& types);

// Without each line that is such a line and nothing else.
std::string WithoutSqlmapInService(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_PAM_SERVICE_TEXT_H_
