// nsswitch.conf(5): whether glibc asks us, and after whom.
#ifndef SQLMAP_CTL_CHECK_NSSWITCH_H_
#define SQLMAP_CTL_CHECK_NSSWITCH_H_

#include <string>
#include <string_view>

#include "ctl/check/finding.h"

namespace sqlmap {

// What is to be said of passwd, group, shadow, initgroups and gshadow. Pure.
void JudgeNsswitch(std::string_view text, Findings& findings);

// The file itself, its owner and mode, and whoever answers before it or us: nscd and SSSD.
void CheckNsswitch(const std::string& path, Findings& findings);

// Whether an nscd.conf(5) switches the cache of `database` on. Pure.
bool NscdCaches(std::string_view text, std::string_view database);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_NSSWITCH_H_
