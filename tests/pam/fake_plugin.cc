#include "fake_plugin.h"

#include <atomic>
#include <charconv>
#include <cstdio>
#include <mutex>
#include <string_view>

#include "common/plugin/direct_plugin.h"

namespace sqlmap {
namespace {

std::mutex g_mutex;
FakeGateCall g_last;
FakeAccount g_account;
std::atomic<FakePluginMode> g_mode{FakePluginMode::kOn};

int NumberBehind(std::string_view prefix, std::string_view name) {
  int number = -1;
  if (name.starts_with(prefix))
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number);
  return number;
}

class FakeGate final : public LoginGate {
 public:
  void Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    Answer("authenticate", request, answer);
  }
  void CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    Answer("check account", request, answer);
  }
  void PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    Answer("prepare change", request, answer);
  }
  void ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    Answer("change password", request, answer);
  }
  void OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    Answer("open session", request, answer);
  }
  void CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept override {
    Answer("close session", request, answer);
  }

 private:
  static void Answer(std::string_view question, const LoginRequest& request, LoginAnswer& answer) {
    {
      const std::lock_guard lock(g_mutex);
      g_last = {g_last.count + 1,
                std::string(question),
                std::string(request.name),
                std::string(request.password),
                std::string(request.service),
                std::string(request.rhost),
                std::string(request.tty),
                request.allow_empty_password,
                std::string(request.new_password),
                request.by_root,
                request.pid};
    }
    (void)std::snprintf(answer.reason, sizeof answer.reason, "the fake gate's reason");
    const std::string_view name = request.name;
    if (const int number = NumberBehind("verdict", name); number >= 0) {
      answer.verdict = static_cast<LoginVerdict>(number);
      if (answer.verdict == LoginVerdict::kTooSoon) answer.days_left = 3;
    } else if (const int days = NumberBehind("days", name); days >= 0) {
      answer.verdict = LoginVerdict::kAccepted;
      answer.days_left = days;
    } else if (const int late = NumberBehind("late", name); late >= 0) {
      const bool now = question == "change password";
      answer.verdict = now ? static_cast<LoginVerdict>(late) : LoginVerdict::kAccepted;
    } else if (name == "expired" && question == "check account") {
      answer.verdict = LoginVerdict::kPasswordMustChange;
    } else if (name == "shop" || name == "expired") {
      const bool asked = question == "authenticate" || question == "prepare change" ||
                         question == "change password";
      const bool right = request.password == kShopPassword || !asked || request.by_root;
      answer.verdict = right ? LoginVerdict::kAccepted : LoginVerdict::kWrongPassword;
    } else if (name == "vanishing") {
      const bool first = question == "authenticate";
      answer.verdict = first ? LoginVerdict::kAccepted : LoginVerdict::kUnavailable;
    } else if (name == "offline") {
      answer.verdict = LoginVerdict::kAccepted;
      answer.offline = true;
    } else if (name == "careless" || name == "root" || name == "nobody") {
      answer.verdict = LoginVerdict::kAccepted;
    } else {
      answer.verdict = LoginVerdict::kUnknownUser;
    }
  }
};

class FakeAccounts final : public AccountSource {
 public:
  Answer FindUserByName(std::string_view name, UserSink found) noexcept override {
    const std::lock_guard lock(g_mutex);
    if (g_account.unavailable) return Answer::Unavailable(Reason::kUnreachable);
    if (name.empty() || g_account.name != name) return Answer::Absent();
    UserRecord user;
    user.name = g_account.answered_name.empty() ? g_account.name : g_account.answered_name;
    user.uid = g_account.uid;
    user.gid = g_account.gid;
    user.home = g_account.home;
    found(user);
    return Answer::Found();
  }
  Answer FindUserById(Uid, UserSink) noexcept override { return Answer::Absent(); }
  Answer FindGroupByName(std::string_view, GroupSink) noexcept override { return Answer::Absent(); }
  Answer FindGroupById(Gid, GroupSink) noexcept override { return Answer::Absent(); }
  Answer FindGroupsOfUser(std::string_view, GidsSink) noexcept override { return Answer::Absent(); }
  Answer FindShadow(std::string_view, ShadowSink) noexcept override { return Answer::Absent(); }
  Answer ListUsers(Cursor<UserRecord>*&) noexcept override { return Answer(); }
  Answer ListGroups(Cursor<GroupRecord>*&) noexcept override { return Answer(); }
  Answer ListShadows(Cursor<ShadowRecord>*&) noexcept override { return Answer(); }
};

FakeGate g_gate;
FakeAccounts g_accounts;
const DirectPlugin g_plugin = {.accounts = &g_accounts, .logins = &g_gate};
const DirectPlugin g_other_abi = {
    .abi = kDirectPluginAbi + 1, .accounts = &g_accounts, .logins = &g_gate};

FakeGateCall Last() {
  const std::lock_guard lock(g_mutex);
  return g_last;
}

void Forget() {
  const std::lock_guard lock(g_mutex);
  g_last = {};
}

void SetMode(FakePluginMode mode) { g_mode.store(mode); }

void SetAccount(const FakeAccount& account) {
  const std::lock_guard lock(g_mutex);
  g_account = account;
}

}  // namespace
}  // namespace sqlmap

extern "C" __attribute__((visibility("default"))) const sqlmap::DirectPlugin*
sqlmap_direct_plugin() noexcept {
  switch (sqlmap::g_mode.load()) {
    case sqlmap::FakePluginMode::kOn:
      return &sqlmap::g_plugin;
    case sqlmap::FakePluginMode::kOtherAbi:
      return &sqlmap::g_other_abi;
    case sqlmap::FakePluginMode::kSwitchedOff:
      return nullptr;
  }
  return nullptr;
}

extern "C" __attribute__((visibility("default")))
const sqlmap::FakePluginControl sqlmap_fake_plugin_control = {.last = sqlmap::Last,
                                                              .forget = sqlmap::Forget,
                                                              .set_mode = sqlmap::SetMode,
                                                              .set_account = sqlmap::SetAccount};
