// sqlmapd.toml and secrets.toml: every mistake, or what they come to.
#ifndef SQLMAP_CTL_CHECK_CONFIGURATION_H_
#define SQLMAP_CTL_CHECK_CONFIGURATION_H_

#include <optional>

#include "common/config/settings.h"
#include "ctl/check/finding.h"
#include "ctl/host.h"

namespace sqlmap {

// The settings with the host's own ids; nullopt if there are mistakes.
std::optional<Settings> CheckConfiguration(const HostPaths& paths, Findings& findings);

// What is allowed, and yet seldom meant. Pure.
void JudgeSettings(const Settings& settings, Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_CONFIGURATION_H_
