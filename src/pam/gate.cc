#include "pam/gate.h"

#include <string_view>

#include "common/account/line_writer.h"
#include "common/plugin/loader.h"
#include "common/process/call_guard.h"
#include "common/wire/client.h"
#include "pam/local_name.h"

namespace sqlmap {
namespace {

#ifndef SQLMAP_RUN_DIR
#error "SQLMAP_RUN_DIR names the daemon's directory"
#endif

constexpr char kPasswdFile[] = "/etc/passwd";

LoginAnswer Decided(LoginVerdict verdict, std::string_view reason) {
  LoginAnswer answer;
  answer.verdict = verdict;
  LineWriter(answer.reason).Text(reason);
  return answer;
}

std::string_view WhyNoPlugin(Reason reason) {
  if (reason == Reason::kNotAllowed)
    return "sqlmapd is not running, and a set-uid program may not use direct mode";
  return "sqlmapd is not running, and direct mode is off, not configured, or its plugin is not "
         "root's";
}

}  // namespace

LoginAnswer AskGate(const LoginRequest& request, GateQuestion question) noexcept {
  const CallGuard guard;
  switch (FindLocalName(kPasswdFile, request.name)) {
    case LocalName::kNone:
      break;
    case LocalName::kSystem:
      return Decided(LoginVerdict::kUnknownUser, "a system account of this host");
    case LocalName::kUnreadable:
      return Decided(LoginVerdict::kUnavailable, "/etc/passwd could not be read");
  }
  SocketGate daemon(SQLMAP_RUN_DIR "/socket");
  LoginGate* gate = &daemon;
  LoginAnswer answer;
  (gate->*question)(request, answer);
  if (daemon.no_daemon()) {
    const DirectPlugin* plugin = nullptr;
    const Answer loaded = LoadDirectPlugin(plugin);
    if (!loaded.found()) return Decided(LoginVerdict::kUnavailable, WhyNoPlugin(loaded.reason));
    answer = LoginAnswer();
    (plugin->logins->*question)(request, answer);
  }
  answer.reason[sizeof answer.reason - 1] = '\0';
  return answer;
}

}  // namespace sqlmap
