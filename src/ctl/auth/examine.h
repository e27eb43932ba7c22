// Puts the questions of a login to the database and collects what each says.
#ifndef SQLMAP_CTL_AUTH_EXAMINE_H_
#define SQLMAP_CTL_AUTH_EXAMINE_H_

#include <string_view>

#include "common/account/function_ref.h"
#include "ctl/auth/explanation.h"
#include "ctl/host.h"

namespace sqlmap::auth {

// By the layers that sqlmapd and direct mode are made of: the verdicts are theirs. Nothing is noted
// in the database, counted or remembered. `log` is the backend's. May take as long as two logins.
// `progress` is told of each step before it begins.
Explanation Examine(Backend& backend, KeptLog& log, const Attempt& attempt,
                    std::string_view password, FunctionRef<void(std::string_view doing)> progress);

// Whether sqlmapd is there.
Answer PingDaemon();
// What sqlmapd says, for which this is an attempt like any other.
Stages AskDaemon(const Attempt& attempt, std::string_view password);

}  // namespace sqlmap::auth

#endif  // SQLMAP_CTL_AUTH_EXAMINE_H_
