// nsswitch.conf(5): whether glibc asks us, and after whom.
#ifndef SQLMAP_CTL_CHECK_NSSWITCH_H_
#define SQLMAP_CTL_CHECK_NSSWITCH_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/check/finding.h"

namespace sqlmap {

// One service of a line, and what glibc does behind it.
struct NssService {
  std::string name;
  bool returns_not_found = false;    // [NOTFOUND=return]: nobody behind it is asked
  bool returns_unavailable = false;  // [UNAVAIL=return], [TRYAGAIN=return]: nor if it is down

  friend bool operator==(const NssService&, const NssService&) = default;
};

// The services that `text` names for `database`, in order; nullopt if there is no such line. Of
// several the last counts, as in glibc. Pure.
std::optional<std::vector<NssService>> NssServicesOf(std::string_view text,
                                                     std::string_view database);

// What is to be said of passwd, group, shadow, initgroups and gshadow. Pure.
void JudgeNsswitch(std::string_view text, Findings& findings);

// The file itself, and whoever answers before it or us: nscd and SSSD.
void CheckNsswitch(const std::string& path, Findings& findings);

// Whether an nscd.conf(5) switches the cache of `database` on. Pure.
bool NscdCaches(std::string_view text, std::string_view database);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_NSSWITCH_H_
