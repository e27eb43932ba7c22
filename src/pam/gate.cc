#include "pam/gate.h"

#include <string_view>

#include "common/account/line_writer.h"
#include "common/plugin/loader.h"
#include "pam/cancel_guard.h"
#include "pam/local_name.h"

namespace sqlmap {
namespace {

constexpr char kPasswdFile[] = "/etc/passwd";

LoginAnswer Decided(LoginVerdict verdict, std::string_view reason) {
  LoginAnswer answer;
  answer.verdict = verdict;
  LineWriter(answer.reason).Text(reason);
  return answer;
}

std::string_view WhyNoPlugin(Reason reason) {
  if (reason == Reason::kNotAllowed) return "a set-uid program may not use direct mode";
  return "direct mode is off, not configured, or its plugin is not root's";
}

}  // namespace

LoginAnswer AskGate(const LoginRequest& request, GateQuestion question) noexcept {
  const CancelGuard guard;
  switch (FindLocalName(kPasswdFile, request.name)) {
    case LocalName::kNone:
      break;
    case LocalName::kSystem:
      return Decided(LoginVerdict::kUnknownUser, "a system account of this host");
    case LocalName::kUnreadable:
      return Decided(LoginVerdict::kUnavailable, "/etc/passwd could not be read");
  }
  const DirectPlugin* plugin = nullptr;
  const Answer loaded = LoadDirectPlugin(plugin);
  if (!loaded.found()) return Decided(LoginVerdict::kUnavailable, WhyNoPlugin(loaded.reason));

  LoginAnswer answer;
  (plugin->logins->*question)(request, answer);
  answer.reason[sizeof answer.reason - 1] = '\0';
  return answer;
}

}  // namespace sqlmap
