// Each server: whether it answers, over what, how fast, and what our accounts may do there.
#ifndef SQLMAP_CTL_CHECK_SERVERS_H_
#define SQLMAP_CTL_CHECK_SERVERS_H_

#include <string>

#include "common/config/settings.h"
#include "ctl/check/finding.h"
#include "ctl/check/sessions.h"
#include "ctl/screen.h"

namespace sqlmap {

// What to do about an error of a server.
std::string RemedyFor(const SqlError& error, const Settings& settings, AccountRole role);

// Its words for people: without the step that it failed in.
std::string WordsOf(const SqlError& error);

// Whether that is enough TLS; `cipher`: what the connection uses, "" if none. Pure.
void JudgeTls(const ServerAddress& server, TlsMode mode, const std::string& cipher,
              Findings& findings);

// Signs in to all of them.
Sessions CheckServers(const Settings& settings, Screen& screen, Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_SERVERS_H_
