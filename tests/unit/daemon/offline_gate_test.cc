#include "daemon/offline_gate.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/offline_logins.h"
#include "daemon/publisher.h"

namespace sqlmap {
namespace {

using enum LoginVerdict;

constexpr std::int64_t kStart = 1'700'000'000;
constexpr std::int64_t kToday = kStart / 86'400;
constexpr std::int64_t kSeconds = 7'200;
constexpr std::int64_t kPatienceMs = 30'000;

class QuietLog final : public Log {
 public:
  void Write(LogLevel, std::string_view line) noexcept override {
    const std::lock_guard guard(mutex_);
    text_ += line;
    text_ += '\n';
  }
  std::string text() {
    const std::lock_guard guard(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

// Says what it was told to say.
class FakeGate final : public LoginGate {
 public:
  LoginAnswer next;
  std::function<void()> meanwhile = [] {};

  void Authenticate(const LoginRequest&, LoginAnswer& answer) noexcept override { Say(answer); }
  void CheckAccount(const LoginRequest&, LoginAnswer& answer) noexcept override { Say(answer); }
  void PrepareChange(const LoginRequest&, LoginAnswer& answer) noexcept override { Say(answer); }
  void ChangePassword(const LoginRequest&, LoginAnswer& answer) noexcept override { Say(answer); }
  void OpenSession(const LoginRequest&, LoginAnswer& answer) noexcept override { Say(answer); }
  void CloseSession(const LoginRequest&, LoginAnswer& answer) noexcept override { Say(answer); }

 private:
  void Say(LoginAnswer& answer) {
    const LoginAnswer said = next;
    std::exchange(meanwhile, [] {})();
    answer = said;
  }
};

// Knows one shadow line, or has this answer.
class FakeAccounts final : public AccountSource {
 public:
  Answer next = Answer::Absent();

  Answer FindShadow(std::string_view name, ShadowSink found) noexcept override {
    if (next.found()) found({.name = name, .hash = "$y$secret", .lstchg = 1, .max = 2});
    return next;
  }
  Answer FindUserByName(std::string_view, UserSink) noexcept override { return next; }
  Answer FindUserById(Uid, UserSink) noexcept override { return next; }
  Answer FindGroupByName(std::string_view, GroupSink) noexcept override { return next; }
  Answer FindGroupById(Gid, GroupSink) noexcept override { return next; }
  Answer FindGroupsOfUser(std::string_view, GidsSink) noexcept override { return next; }
  Answer ListUsers(Cursor<UserRecord>*&) noexcept override { return next; }
  Answer ListGroups(Cursor<GroupRecord>*&) noexcept override { return next; }
  Answer ListShadows(Cursor<ShadowRecord>*&) noexcept override { return next; }
};

LoginAnswer Says(LoginVerdict verdict) {
  LoginAnswer answer;
  answer.verdict = verdict;
  return answer;
}

LoginAnswer NobodyAnswers(LoginVerdict verdict = kUnavailable) {
  LoginAnswer answer = Says(verdict);
  answer.no_server = true;
  return answer;
}

class OfflineGateTest : public testing::Test {
 protected:
  OfflineGateTest() { settings_.cache.offline_auth_seconds = kSeconds; }
  void SetUp() override { Boot(); }

  // A child with what the last one left, or with these bytes.
  void Boot(char key = 'k') {
    Secret kept;
    if (logins_ != nullptr) {
      EXPECT_TRUE(logins_->memory().Finish(kPatienceMs));
      const std::lock_guard guard(mutex_);
      kept.assign(kept_);
    }
    logins_.reset();
    OfflineBytes bytes{Secret(OfflineKey::kBytes, key), kept};
    const auto keep = [this](OwnedFd memory) {
      struct stat status {};
      EXPECT_TRUE(IsSealedMemory(memory.get()));
      EXPECT_EQ(fstat(memory.get(), &status), 0);
      std::string text(static_cast<std::size_t>(status.st_size), '\0');
      EXPECT_EQ(pread(memory.get(), text.data(), text.size(), 0), status.st_size);
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return !held_; });
      kept_ = text;
    };
    const auto forgotten = [this](const OfflineId&) { ++forgotten_; };
    logins_ = OfflineLogins::Make(
        bytes, settings_, Inner(), [this] { return now_.load(); }, {keep, forgotten}, log_);
    ASSERT_NE(logins_, nullptr);
    EXPECT_TRUE(bytes.key.empty());
    EXPECT_TRUE(bytes.store.empty());
  }

  LoginAnswer LogIn(std::string_view name, std::string_view password,
                    std::string_view service = "sshd", std::string_view rhost = "",
                    bool allow_empty = false) {
    LoginAnswer answer;
    logins_->gate().Authenticate({.name = name,
                                  .password = password,
                                  .service = service,
                                  .rhost = rhost,
                                  .allow_empty_password = allow_empty,
                                  .uid = uid_},
                                 answer);
    return answer;
  }
  LoginAnswer Check(std::string_view name, std::string_view service = "sshd",
                    std::string_view rhost = "") {
    LoginAnswer answer;
    logins_->gate().CheckAccount({.name = name, .service = service, .rhost = rhost, .uid = uid_},
                                 answer);
    return answer;
  }
  LoginAnswer Change(std::string_view name, std::string_view old) {
    LoginAnswer answer;
    logins_->gate().ChangePassword({.name = name, .password = old, .new_password = "new"}, answer);
    return answer;
  }

  OfflineLogins::Inner Inner() {
    return {server_, accounts_, [this] { return last_word_ms_.load(); }};
  }
  // "hash lstchg max", "" if there is no answer.
  std::string Shadow(std::string_view name) {
    std::string line;
    const Answer answer = logins_->accounts().FindShadow(name, [&](const ShadowRecord& record) {
      EXPECT_EQ(record.name, name);
      line = std::string(record.hash) + " " + std::to_string(record.lstchg) + " " +
             std::to_string(record.max);
    });
    EXPECT_EQ(answer.found(), !line.empty());
    return line;
  }

  // The server lets alice in, and it is remembered.
  void Verified(std::string_view name = "alice", std::string_view password = "right",
                std::string_view service = "sshd") {
    server_.next = Says(kAccepted);
    EXPECT_EQ(LogIn(name, password, service).verdict, kAccepted);
    EXPECT_EQ(Check(name, service).verdict, kAccepted);
    Settle();
  }
  // What goes on in the background is over.
  void Settle() { ASSERT_TRUE(logins_->memory().Finish(kPatienceMs)); }
  LoginVerdict Offline(std::string_view name, std::string_view password,
                       std::string_view service = "sshd") {
    server_.next = NobodyAnswers();
    return LogIn(name, password, service).verdict;
  }
  LoginVerdict OfflineAccount(std::string_view name, std::string_view service = "sshd") {
    server_.next = NobodyAnswers();
    return Check(name, service).verdict;
  }

  // Until the release, the memory's thread stands still where it hands out what is to be kept.
  void HoldKeeper() {
    const std::lock_guard guard(mutex_);
    held_ = true;
  }
  void ReleaseKeeper() {
    const std::lock_guard guard(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  Settings settings_;
  QuietLog log_;
  FakeGate server_;
  FakeAccounts accounts_;
  std::atomic<std::int64_t> last_word_ms_{0};
  std::atomic<std::int64_t> now_{kStart};
  std::atomic<unsigned> forgotten_{0};
  Uid uid_ = 0;  // who asks
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::string kept_;
  std::unique_ptr<OfflineLogins> logins_;  // last: its thread uses the rest
};

TEST_F(OfflineGateTest, PasswordThatWasRightOpensWhileNoServerAnswers) {
  Verified();
  now_ += 3 * 1'800;
  server_.next = NobodyAnswers();
  const LoginAnswer answer = LogIn("alice", "right");
  EXPECT_EQ(answer.verdict, kAccepted);
  EXPECT_TRUE(answer.offline);
  EXPECT_FALSE(answer.no_server);
  EXPECT_STREQ(answer.reason, "no server answers; the password was verified 90 min ago (offline)");
}

TEST_F(OfflineGateTest, WrongPasswordNeverOpens) {
  Verified();
  for (const char* wrong : {"wrong", "Right", "right ", "righ", "right\n"}) {
    server_.next = NobodyAnswers();
    const LoginAnswer answer = LogIn("alice", wrong);
    EXPECT_EQ(answer.verdict, kWrongPassword) << wrong;
    EXPECT_FALSE(answer.offline);
    EXPECT_EQ(std::string(answer.reason).find(wrong), std::string::npos);
  }
  EXPECT_EQ(Offline("alice", ""), kUnavailable);
  EXPECT_EQ(Offline("alice", std::string_view("right\0", 6)), kWrongPassword);
  EXPECT_EQ(Offline("bob", "right"), kUnavailable);
  EXPECT_EQ(Offline("Alice", "right"), kUnavailable);
  EXPECT_EQ(Offline("alice", "right"), kAccepted);
}

TEST_F(OfflineGateTest, WhatWasNeverVerifiedDoesNotOpen) {
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
  EXPECT_EQ(OfflineAccount("alice"), kUnavailable);
  server_.next = Says(kWrongPassword);
  LogIn("alice", "wrong");
  Settle();
  EXPECT_EQ(Offline("alice", "wrong"), kUnavailable);
}

TEST_F(OfflineGateTest, ServerThatAnswersWithAnErrorIsNoReasonToBeOffline) {
  Verified();
  server_.next = Says(kUnavailable);
  EXPECT_EQ(LogIn("alice", "right").verdict, kUnavailable);
  EXPECT_EQ(Check("alice").verdict, kUnavailable);
  server_.next = NobodyAnswers(kUndecided);
  EXPECT_EQ(Check("alice").verdict, kUndecided);
}

TEST_F(OfflineGateTest, ServerThatAnswersDecides) {
  Verified();
  server_.next = Says(kWrongPassword);
  EXPECT_EQ(LogIn("alice", "right").verdict, kWrongPassword);
  Verified();
  server_.next = Says(kBlocked);
  EXPECT_EQ(Check("alice").verdict, kBlocked);
}

TEST_F(OfflineGateTest, CountsUntilItsTimeAndNotASecondLonger) {
  Verified();
  now_ = kStart + kSeconds - 1;
  EXPECT_EQ(Offline("alice", "right"), kAccepted);
  EXPECT_EQ(OfflineAccount("alice"), kAccepted);
  now_ = kStart + kSeconds;
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
  EXPECT_EQ(OfflineAccount("alice"), kUnavailable);
  // What is too old is gone, here and where it is kept.
  now_ = kStart + 1;
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
  Boot();
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
}

TEST_F(OfflineGateTest, EachLoginThatAServerLetsInCountsAnew) {
  Verified();
  now_ += kSeconds / 2;
  Verified();
  now_ += kSeconds - 1;
  EXPECT_EQ(Offline("alice", "right"), kAccepted);
  // What was accepted here does not.
  now_ += 1;
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
}

TEST_F(OfflineGateTest, ClockThatIsSetBackMakesNothingYounger) {
  Verified();
  now_ = kStart - 1;
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
  EXPECT_EQ(OfflineAccount("alice"), kUnavailable);
  now_ = kStart;
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
}

TEST_F(OfflineGateTest, RefusedAccountIsForgottenAtOnce) {
  for (const LoginVerdict refusal : {kUnknownUser, kBlocked, kAccountExpired, kPasswordExpired,
                                     kPasswordMustChange, kServiceNotAllowed, kAccessDenied}) {
    for (const bool by_password : {true, false}) {
      Verified();
      Verified("bob", "right");
      EXPECT_EQ(Offline("alice", "right"), kAccepted);
      server_.next = Says(refusal);
      by_password ? LogIn("alice", "right") : Check("alice");
      const int number = static_cast<int>(refusal);
      EXPECT_EQ(Offline("alice", "right"), kUnavailable) << number;
      EXPECT_EQ(OfflineAccount("alice"), kUnavailable) << number;
      EXPECT_EQ(Offline("bob", "right"), kAccepted) << number;
    }
  }
  EXPECT_EQ(forgotten_, 14U) << "another child still knows it";
}

TEST_F(OfflineGateTest, WhatDecidesNothingForgetsNothing) {
  Verified();
  for (const LoginVerdict verdict : {kThrottled, kTooSoon, kNotChanged, kUndecided, kUnavailable}) {
    server_.next = Says(verdict);
    EXPECT_EQ(LogIn("alice", "right").verdict, verdict);
    EXPECT_EQ(Check("alice").verdict, verdict);
    EXPECT_EQ(Offline("alice", "right"), kAccepted) << static_cast<int>(verdict);
    EXPECT_EQ(OfflineAccount("alice"), kAccepted) << static_cast<int>(verdict);
  }
}

TEST_F(OfflineGateTest, TyposOfStrangersDoNotTakeItFromItsOwner) {
  Verified();
  server_.next = Says(kWrongPassword);
  for (int i = 0; i < 100; ++i) LogIn("alice", "guess" + std::to_string(i));
  Settle();
  EXPECT_EQ(Offline("alice", "right"), kAccepted);
  EXPECT_EQ(forgotten_, 0U);
}

TEST_F(OfflineGateTest, PasswordThatWasChangedElsewhereIsForgottenWhenAServerCallsItWrong) {
  Verified();
  server_.next = Says(kWrongPassword);
  LogIn("alice", "right");
  Settle();
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
  EXPECT_EQ(forgotten_, 1U);
}

TEST_F(OfflineGateTest, NewPasswordTakesThePlaceOfTheOldOne) {
  Verified("alice", "old", "vsftpd");
  Verified("alice", "new", "sshd");
  EXPECT_EQ(Offline("alice", "old"), kWrongPassword);
  EXPECT_EQ(Offline("alice", "new"), kAccepted);
  EXPECT_EQ(Offline("alice", "new", "vsftpd"), kUnavailable)
      << "the new one may be of a row that is not for this service";
  EXPECT_EQ(forgotten_, 1U);
}

TEST_F(OfflineGateTest, SamePasswordAtAnotherServiceTakesNothingAway) {
  Verified("alice", "right", "vsftpd");
  Verified("alice", "right", "sshd");
  EXPECT_EQ(Offline("alice", "right", "vsftpd"), kAccepted);
  EXPECT_EQ(Offline("alice", "right", "sshd"), kAccepted);
  EXPECT_EQ(forgotten_, 0U);
}

TEST_F(OfflineGateTest, ChangedPasswordIsForgottenAtOnce) {
  for (const LoginVerdict verdict : {kAccepted, kNotChanged, kUnavailable, kUndecided}) {
    Verified();
    server_.next = Says(verdict);
    EXPECT_EQ(Change("alice", "right").verdict, verdict);
    EXPECT_EQ(Offline("alice", "right"), kUnavailable)
        << static_cast<int>(verdict) << ": it may have been changed";
  }
  Verified();
  server_.next = Says(kWrongPassword);
  Change("alice", "guess");
  Settle();
  EXPECT_EQ(Offline("alice", "right"), kAccepted);
}

TEST_F(OfflineGateTest, LoginThatBeganBeforeAChangeIsNotRemembered) {
  server_.next = Says(kAccepted);
  server_.meanwhile = [this] { EXPECT_EQ(Change("alice", "right").verdict, kAccepted); };
  EXPECT_EQ(LogIn("alice", "right").verdict, kAccepted);
  server_.meanwhile = [this] { EXPECT_EQ(Change("alice", "right").verdict, kAccepted); };
  EXPECT_EQ(Check("alice").verdict, kAccepted);
  Settle();
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
  EXPECT_EQ(OfflineAccount("alice"), kUnavailable);
}

TEST_F(OfflineGateTest, LoginThatBeganBeforeManyOthersWereForgottenIsNotRemembered) {
  server_.next = Says(kAccepted);
  server_.meanwhile = [this] {
    const LoginAnswer accepted = std::exchange(server_.next, Says(kBlocked));
    LogIn("alice", "right");
    for (int i = 0; i < 10'000; ++i) LogIn("guess" + std::to_string(i), "x");
    server_.next = accepted;
  };
  LogIn("alice", "right");
  Settle();
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
}

TEST_F(OfflineGateTest, OldPasswordIsOfNoUseEvenIfTheNewOneCannotBeRemembered) {
  Verified("alice", "old");
  server_.next = Says(kAccepted);
  server_.meanwhile = [this] {
    const LoginAnswer accepted = std::exchange(server_.next, Says(kBlocked));
    for (int i = 0; i < 10'000; ++i) LogIn("guess" + std::to_string(i), "x");
    server_.next = accepted;
  };
  LogIn("alice", "new");
  Settle();
  EXPECT_EQ(Offline("alice", "old"), kUnavailable);
}

TEST_F(OfflineGateTest, RememberedShadowLineLetsNobodyInWhereNobodyHasAllowedIt) {
  server_.next = Says(kAccepted);
  server_.next.ageing = ShadowRecord();
  ASSERT_EQ(Check("alice", "imap").verdict, kAccepted);
  Settle();
  EXPECT_EQ(OfflineAccount("alice", "imap"), kAccepted);
  EXPECT_EQ(OfflineAccount("alice", "sshd"), kUndecided)
      << "pam_unix, which sees the shadow line, would decide in place of [access]";
  EXPECT_EQ(OfflineAccount("stranger", "sshd"), kUnavailable);
}

TEST_F(OfflineGateTest, ServiceThatNeverLetTheNameInDoesNotNow) {
  Verified("alice", "right", "vsftpd");
  EXPECT_EQ(Offline("alice", "right", "sshd"), kUnavailable);
  EXPECT_EQ(OfflineAccount("alice", "sshd"), kUnavailable);
  EXPECT_EQ(Offline("alice", "right", "vsftpd"), kAccepted);
}

TEST_F(OfflineGateTest, AddressCountsWhereAQueryAsksForIt) {
  for (const QueryId query : {QueryId::kAuth, QueryId::kAccess}) {
    QueryTemplate& text = settings_.queries[static_cast<std::size_t>(query)];
    for (const bool asks : {false, true}) {
      text = {"SELECT ?", {asks ? QueryParameter::kRhost : QueryParameter::kName}};
      Boot();
      server_.next = Says(kAccepted);
      LogIn("alice", "right", "sshd", "192.0.2.1");
      Check("alice", "sshd", "192.0.2.1");
      Settle();
      server_.next = NobodyAnswers();
      EXPECT_EQ(LogIn("alice", "right", "sshd", "192.0.2.1").verdict, kAccepted);
      EXPECT_EQ(Check("alice", "sshd", "192.0.2.1").verdict, kAccepted);
      const LoginVerdict elsewhere = asks ? kUnavailable : kAccepted;
      EXPECT_EQ(LogIn("alice", "right", "sshd", "192.0.2.2").verdict, elsewhere);
      EXPECT_EQ(Check("alice", "sshd", "192.0.2.2").verdict, elsewhere);
    }
    text = {};
  }
}

TEST_F(OfflineGateTest, RememberedNumbersMeanWhatTheyMeanToday) {
  server_.next = Says(kAccepted);
  server_.next.ageing.emplace();
  server_.next.ageing->lstchg = kToday - 10;
  server_.next.ageing->max = 11;
  server_.next.ageing->warn = 7;
  settings_.cache.offline_auth_seconds = 7 * 86'400;
  Boot();
  Check("alice");
  for (const bool rebooted : {false, true}) {
    if (rebooted) Boot();
    now_ = kStart;
    server_.next = NobodyAnswers();
    const LoginAnswer warned = Check("alice");
    EXPECT_EQ(warned.verdict, kAccepted);
    EXPECT_EQ(warned.days_left, 1);
    EXPECT_NE(std::string(warned.reason).find("no server answers; what one said 0 s ago"),
              std::string::npos)
        << warned.reason;
    now_ = kStart + 2 * 86'400;
    EXPECT_EQ(Check("alice").verdict, kPasswordMustChange);
  }
  server_.next = Says(kAccepted);
  server_.next.ageing.emplace();
  server_.next.ageing->expire = kToday + 4;
  Check("alice");
  now_ = (kToday + 4) * 86'400;
  EXPECT_EQ(OfflineAccount("alice"), kAccountExpired);
}

TEST_F(OfflineGateTest, ShadowLineIsThereForPamUnixWhileNoServerAnswers) {
  server_.next = Says(kAccepted);
  server_.next.ageing.emplace();
  server_.next.ageing->lstchg = kToday - 10;
  server_.next.ageing->max = 90;
  Check("alice", "vsftpd");
  const std::string remembered = "* " + std::to_string(kToday - 10) + " 90";
  accounts_.next = Answer::Unavailable(Reason::kUnreachable);
  EXPECT_EQ(Shadow("alice"), remembered);
  EXPECT_EQ(Shadow("bob"), "");
  accounts_.next = Answer::Unavailable(Reason::kTimeout);
  EXPECT_EQ(Shadow("alice"), remembered);
  // Whatever a server says, it does answer.
  accounts_.next = Answer::Absent();
  EXPECT_EQ(Shadow("alice"), "");
  accounts_.next = Answer::Found();
  EXPECT_EQ(Shadow("alice"), "$y$secret 1 2");
  accounts_.next = Answer::Unavailable(Reason::kServerError);
  EXPECT_EQ(Shadow("alice"), "");
  accounts_.next = Answer::Unavailable(Reason::kTimeout);
  last_word_ms_ = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(Shadow("alice"), "") << "a server is only slow";
  last_word_ms_ = 0;
  now_ += kSeconds;
  EXPECT_EQ(Shadow("alice"), "");
  now_ = kStart;
  server_.next = Says(kAccepted);
  Check("alice");
  EXPECT_EQ(Shadow("alice"), "") << "it has none";
  server_.next.ageing.emplace();
  Check("alice");
  EXPECT_EQ(Shadow("alice"), "* -1 -1");
  server_.next = Says(kBlocked);
  Check("alice", "sshd");
  EXPECT_EQ(Shadow("alice"), "");
}

TEST_F(OfflineGateTest, EmptyPasswordIsNeverRemembered) {
  server_.next = Says(kAccepted);
  EXPECT_EQ(LogIn("alice", "", "sshd", "", true).verdict, kAccepted);
  Settle();
  server_.next = NobodyAnswers();
  EXPECT_EQ(LogIn("alice", "", "sshd", "", true).verdict, kUnavailable);
  // Whose password is empty now has not the old one any more.
  Verified();
  server_.next = Says(kAccepted);
  LogIn("alice", "", "sshd", "", true);
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
}

TEST_F(OfflineGateTest, UserWhoAsksAboutHimselfWithoutEndTakesNobodysPlace) {
  settings_.cache.entries = 2;
  Boot();
  Verified("bob", "bobs");
  uid_ = 1000;
  for (int i = 0; i < 100; ++i) {
    server_.next = Says(kAccepted);
    server_.next.ageing.emplace();
    const std::string service = "x" + std::to_string(i);
    EXPECT_EQ(Check("alice", service).verdict, kAccepted);
    EXPECT_EQ(LogIn("alice", "right", service).verdict, kAccepted);
  }
  Settle();
  EXPECT_EQ(logins_->memory().names(), 1U);
  EXPECT_EQ(Offline("alice", "right", "x99"), kUnavailable);
  EXPECT_EQ(OfflineAccount("alice", "x99"), kUnavailable);
  EXPECT_EQ(Shadow("alice"), "");
  uid_ = 0;
  EXPECT_EQ(Offline("bob", "bobs"), kAccepted);
  EXPECT_EQ(OfflineAccount("bob"), kAccepted);
}

TEST_F(OfflineGateTest, WhatAServerRefusesToHisOwnProgramIsForgottenToo) {
  Verified();
  uid_ = 1000;
  server_.next = Says(kWrongPassword);
  LogIn("alice", "right", "swaylock");
  Settle();
  uid_ = 0;
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
  Verified();
  uid_ = 1000;
  server_.next = Says(kBlocked);
  Check("alice", "swaylock");
  uid_ = 0;
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
}

TEST_F(OfflineGateTest, SurvivesARebootButNotToAnotherHost) {
  Verified();
  Boot();
  EXPECT_EQ(Offline("alice", "right"), kAccepted);
  EXPECT_EQ(Offline("alice", "wrong"), kWrongPassword);
  EXPECT_EQ(OfflineAccount("alice"), kAccepted);
  EXPECT_EQ(log_.text(), "");
  Boot('x');
  EXPECT_EQ(Offline("alice", "right"), kUnavailable);
  EXPECT_NE(log_.text().find("another key"), std::string::npos);
}

TEST_F(OfflineGateTest, OtherRulesMakeANewBeginning) {
  const std::pair<const char*, std::function<void(Settings&)>> changes[] = {
      {"database", [](Settings& s) { s.database.name = "other"; }},
      {"auth",
       [](Settings& s) { s.queries[static_cast<std::size_t>(QueryId::kAuth)].sql = "SELECT 1"; }},
      {"access",
       [](Settings& s) {
         s.queries[static_cast<std::size_t>(QueryId::kAccess)] = {"SELECT ?",
                                                                  {QueryParameter::kName}};
       }},
      {"schemes", [](Settings& s) { s.auth.schemes = PasswordSchemeSet::All(); }},
      {"plain", [](Settings& s) { s.auth.plain_hash_scheme = PasswordScheme::kMd5; }},
      {"rows", [](Settings& s) { s.auth.max_rows = 1; }},
      {"deny", [](Settings& s) { s.access.deny_users = {"alice"}; }},
      {"allow", [](Settings& s) { s.access.allow_users = {"alice"}; }},
      {"groups", [](Settings& s) { s.access.deny_groups = {"alice"}; }}};
  const Settings before = settings_;
  for (const auto& [what, change] : changes) {
    settings_ = before;
    Boot();
    Verified();
    change(settings_);
    Boot();
    EXPECT_EQ(Offline("alice", "right"), kUnavailable) << what;
  }
}

TEST_F(OfflineGateTest, NeitherNameNorPasswordStandsInWhatIsKept) {
  Verified("alice-the-first", "correct horse");
  const std::lock_guard guard(mutex_);
  EXPECT_GT(kept_.size(), 56U);
  for (const char* secret : {"alice", "correct", "horse", "sshd"})
    EXPECT_EQ(kept_.find(secret), std::string::npos) << secret;
}

TEST_F(OfflineGateTest, LoginDoesNotWaitForWhatIsRememberedAndTheOldPasswordNeither) {
  Verified("alice", "old");
  Verified("bob", "bobs");
  HoldKeeper();
  server_.next = Says(kBlocked);
  LogIn("bob", "bobs");  // what is forgotten is kept at once: there the memory's thread is held
  server_.next = Says(kAccepted);
  EXPECT_EQ(LogIn("alice", "new").verdict, kAccepted);
  EXPECT_EQ(Offline("alice", "old"), kUnavailable) << "it may have been changed";
  EXPECT_EQ(Offline("alice", "new"), kUnavailable);
  EXPECT_EQ(Offline("bob", "bobs"), kUnavailable);
  ReleaseKeeper();
  Settle();
  EXPECT_EQ(Offline("alice", "new"), kAccepted);
  EXPECT_EQ(Offline("alice", "old"), kWrongPassword);
}

TEST_F(OfflineGateTest, StrangersTypoAfterALoginDoesNotTakeItFromItsOwner) {
  Verified("alice", "old");
  Verified("bob", "bobs");
  HoldKeeper();
  server_.next = Says(kBlocked);
  LogIn("bob", "bobs");
  // All of this waits while the memory's thread is held.
  server_.next = Says(kWrongPassword);
  LogIn("alice", "new");  // not yet
  server_.next = Says(kAccepted);
  LogIn("alice", "new");
  server_.next = Says(kWrongPassword);
  LogIn("alice", "guess");
  ReleaseKeeper();
  Settle();
  EXPECT_EQ(Offline("alice", "new"), kAccepted);
}

TEST_F(OfflineGateTest, SwitchedOffThereIsNothing) {
  settings_.cache.offline_auth_seconds = 0;
  OfflineBytes bytes{Secret(OfflineKey::kBytes, 'k'), {}};
  EXPECT_EQ(OfflineLogins::Make(
                bytes, settings_, Inner(), [] { return kStart; }, {}, log_),
            nullptr);
}

// The memory alone, with limits of its own.
class OfflineMemoryTest : public testing::Test {
 protected:
  void Start(OfflineMemory::Limits limits) {
    const auto keep = [this](const OwnedFd& memory) {
      struct stat status {};
      fstat(memory.get(), &status);
      std::string text(static_cast<std::size_t>(status.st_size), '\0');
      EXPECT_EQ(pread(memory.get(), text.data(), text.size(), 0), status.st_size);
      std::unique_lock lock(mutex_);
      kept_ = text;
      ++times_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return !held_; });
    };
    memory_ = std::make_unique<OfflineMemory>(
        key_, OfflineId{}, OfflineStore(kLimits), [this] { return now_.load(); },
        OfflineMemory::Calls{keep, [](const OfflineId&) {}}, log_, limits);
  }
  void Hold(bool held) {
    const std::lock_guard guard(mutex_);
    held_ = held;
    changed_.notify_all();
  }
  bool AwaitKept(unsigned times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(kPatienceMs),
                             [&] { return times_ >= times; });
  }
  OfflineStore Kept() {
    const std::lock_guard guard(mutex_);
    auto store = OfflineStore::Parse(kept_, key_, OfflineId{}, kLimits, now_);
    EXPECT_TRUE(store);
    return std::move(store).value_or(OfflineStore(kLimits));
  }
  OfflineId Name(int number) { return key_.Id({"name", std::to_string(number)}); }
  void Remember(int number) {
    memory_->Remember(memory_->Begin(), Name(number), Name(number + 1'000), "password");
  }
  bool IsRemembered(int number) {
    return memory_->Recall(Name(number), Name(number + 1'000), "password").match ==
           OfflineMemory::Match::kRight;
  }

  static constexpr OfflineStore::Limits kLimits{kSeconds, 1'000};
  const OfflineKey key_{std::string(OfflineKey::kBytes, 'k')};
  QuietLog log_;
  std::atomic<std::int64_t> now_{kStart};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool held_ = false;
  std::string kept_;
  unsigned times_ = 0;
  std::unique_ptr<OfflineMemory> memory_;
};

TEST_F(OfflineMemoryTest, TooManyAtOnceLeaveTheNewestAndNeverAnOldPassword) {
  Start({.waiting = 2});
  for (int i = 0; i < 4; ++i) Remember(i);
  ASSERT_TRUE(memory_->Finish(kPatienceMs));
  for (int i = 0; i < 2; ++i) Remember(i);
  ASSERT_TRUE(memory_->Finish(kPatienceMs));
  const unsigned kept = times_;
  Hold(true);
  memory_->Forget(Name(3));
  ASSERT_TRUE(AwaitKept(kept + 1));  // and there the thread is held
  for (int i = 0; i < 3; ++i) Remember(i);
  Hold(false);
  ASSERT_TRUE(memory_->Finish(kPatienceMs));
  EXPECT_FALSE(IsRemembered(0)) << "its password may be another one by now";
  EXPECT_TRUE(IsRemembered(1));
  EXPECT_TRUE(IsRemembered(2));
  EXPECT_EQ(Kept().FindPassword(Name(0)), nullptr);
}

TEST_F(OfflineMemoryTest, ForgottenIsKeptAtOnceAndTheRestSoon) {
  Start({.keep_ms = 3'600'000});
  Remember(1);
  ASSERT_TRUE(AwaitKept(1));
  memory_->RememberAccount(memory_->Begin(), Name(2), Name(3), {});
  memory_->Forget(Name(1));
  ASSERT_TRUE(AwaitKept(2));
  OfflineStore kept = Kept();
  EXPECT_EQ(kept.FindPassword(Name(1)), nullptr);
  EXPECT_NE(kept.FindPass(Name(3)), nullptr);
  Remember(4);
  ASSERT_TRUE(memory_->Finish(kPatienceMs)) << "what ends must not lose what came last";
  EXPECT_NE(Kept().FindPassword(Name(4)), nullptr);
}

TEST_F(OfflineMemoryTest, WhatIsTooOldDoesNotLieAboutForLong) {
  Start({.keep_ms = 1, .drop_ms = 1});
  Remember(1);
  ASSERT_TRUE(AwaitKept(1));
  now_ += kSeconds;
  ASSERT_TRUE(AwaitKept(2));
  const std::lock_guard guard(mutex_);
  EXPECT_EQ(kept_.size(), 56U);
}

TEST_F(OfflineMemoryTest, WhatGotLostOnItsWayIsKeptAgain) {
  Start({.keep_ms = 1});
  Remember(1);
  ASSERT_TRUE(AwaitKept(1));
  memory_->KeepAgain();
  ASSERT_TRUE(AwaitKept(2));
  EXPECT_NE(Kept().FindPassword(Name(1)), nullptr);
}

TEST_F(OfflineMemoryTest, AnotherChildsForgettingIsOursToo) {
  Start({});
  Remember(1);
  ASSERT_TRUE(memory_->Finish(kPatienceMs));
  const OfflineMemory::Ticket before = memory_->Begin();
  memory_->ForgetToo(Name(1));
  EXPECT_FALSE(IsRemembered(1));
  memory_->Remember(before, Name(1), Name(1'001), "password");
  ASSERT_TRUE(memory_->Finish(kPatienceMs));
  EXPECT_FALSE(IsRemembered(1));
}

TEST_F(OfflineMemoryTest, ManyAtATimeAreAnswered) {
  Start({});
  Remember(1);
  ASSERT_TRUE(memory_->Finish(kPatienceMs));
  std::atomic<int> right{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 16; ++i) threads.emplace_back([&] { right += IsRemembered(1) ? 1 : 0; });
  threads.clear();
  EXPECT_EQ(right, 16);
}

}  // namespace
}  // namespace sqlmap
