// sqlmapd and what it has published.
#ifndef SQLMAP_CTL_CHECK_DAEMON_H_
#define SQLMAP_CTL_CHECK_DAEMON_H_

#include <cstdint>
#include <string>

#include "common/config/settings.h"
#include "ctl/check/finding.h"
#include "ctl/host.h"

namespace sqlmap {

// "12 s", "3 min", "5 h", "8 d".
std::string AgeText(std::int64_t seconds);

// `settings` may be null: they could not be read.
void CheckDaemon(const HostPaths& paths, const Settings* settings, Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_DAEMON_H_
