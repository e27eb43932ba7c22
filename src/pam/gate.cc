#include "pam/gate.h"

#include <string_view>

#include "common/account/line_writer.h"
#include "common/plugin/loader.h"
#include "common/process/call_guard.h"
#include "common/snapshot/map.h"
#include "common/wire/client.h"
#include "pam/local_name.h"

namespace sqlmap {
namespace {

#ifndef SQLMAP_RUN_DIR
#error "SQLMAP_RUN_DIR names the daemon's directory"
#endif

constexpr char kPasswdFile[] = "/etc/passwd";

constinit SnapshotMap g_published(SnapshotPaths{SQLMAP_RUN_DIR, nullptr});

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

LoginAnswer AskGate(const LoginRequest& request, GateQuestion question,
                    bool* nobody_there) noexcept {
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
    if (!loaded.found()) {
      if (nobody_there != nullptr) *nobody_there = true;
      return Decided(LoginVerdict::kUnavailable, WhyNoPlugin(loaded.reason));
    }
    answer = LoginAnswer();
    (plugin->logins->*question)(request, answer);
  }
  answer.reason[sizeof answer.reason - 1] = '\0';
  return answer;
}

Answer AskAccount(std::string_view name, AccountSource::UserSink found) noexcept {
  const CallGuard guard;
  switch (FindLocalName(kPasswdFile, name)) {
    case LocalName::kNone:
      break;
    case LocalName::kSystem:
      return Answer::Absent();
    case LocalName::kUnreadable:
      return Answer::Unavailable(Reason::kServerError);
  }
  bool same = true;
  const auto if_same = [&](const UserRecord& user) {
    same = user.name == name;
    if (same) found(user);
  };
  SocketSource daemon(SQLMAP_RUN_DIR "/socket");
  Answer answer = daemon.FindUserByName(name, if_same);
  if (daemon.no_daemon()) {
    const DirectPlugin* plugin = nullptr;
    answer = LoadDirectPlugin(plugin);
    if (answer.found()) answer = plugin->accounts->FindUserByName(name, if_same);
  }
  return answer.found() && !same ? Answer::Unavailable(Reason::kServerError) : answer;
}

bool MayHaveIds(Uid uid, Gid gid) noexcept {
  return g_published.MayHaveId(IdKind::kUid, uid) && g_published.MayHaveId(IdKind::kGid, gid);
}

}  // namespace sqlmap
