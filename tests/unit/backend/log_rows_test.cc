// The rows that tell of logins and sessions: what they say, for whom there is one, and what a
// server that takes none of them may hold up.
#include "common/backend/log_rows.h"

#include <signal.h>

#include <cstring>
#include <filesystem>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include "common/backend/backend.h"
#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

using enum LoginVerdict;

LoginAnswer AnswerOf(LoginVerdict verdict, const char* reason = "") {
  LoginAnswer answer;
  answer.verdict = verdict;
  std::strncpy(answer.reason, reason, sizeof answer.reason - 1);
  return answer;
}

TEST(LogRows, EachVerdictHasTheRowThatItDeserves) {
  const struct {
    LoginVerdict verdict;
    const char* row;  // the query, the name and the message
  } cases[] = {
      {kAccepted, "auth_success alice accepted: why"},
      {kUnknownUser, "auth_failure  user unknown: why"},
      {kWrongPassword, "auth_failure alice wrong password: why"},
      {kBlocked, "auth_failure alice blocked: why"},
      {kServiceNotAllowed, "auth_failure alice service not allowed: why"},
      {kAccessDenied, "auth_failure alice access denied: why"},
      {kThrottled, "auth_failure  too many failures: why"},
      {kUndecided, "none"},
      {kUnavailable, "none"},
  };
  for (const auto& c : cases) {
    const auto row = RowOfAttempt({.name = "alice"}, AnswerOf(c.verdict, "why"), {});
    std::string seen = "none";
    if (row) {
      seen = std::string(QueryDescriptions()[static_cast<std::size_t>(row->query)].key) + " " +
             row->name + " " + row->message;
    }
    EXPECT_EQ(seen, c.row);
  }
  EXPECT_EQ(RowOfAttempt({.name = "alice"}, AnswerOf(kAccepted), {})->message, "accepted");
}

TEST(LogRows, WhereAProgramOfSomebodysOwnSaysThatItIsStandsInNoColumn) {
  const auto row_for = [](Uid uid, std::string_view service, LoginVerdict verdict) {
    const LoginRequest request{
        .name = "alice", .service = service, .rhost = "203.0.113.9", .tty = "ssh", .uid = uid};
    const LogRow row = RowOfAttempt(request, AnswerOf(verdict, "why"), {}).value_or(LogRow{});
    return row.name + "|" + row.service + "|" + row.rhost + "|" + row.tty + "|" + row.message;
  };
  EXPECT_EQ(row_for(0, "sshd", kWrongPassword), "alice|sshd|203.0.113.9|ssh|wrong password: why");
  EXPECT_EQ(row_for(1000, "swaylock", kWrongPassword),
            "alice||||wrong password, asked by uid 1000 as swaylock: why");
  EXPECT_EQ(row_for(1000, "swaylock", kAccepted),
            "alice||||accepted, asked by uid 1000 as swaylock: why");
  EXPECT_EQ(row_for(4294967293, "x: accepted\n", kThrottled),
            "||||too many failures, asked by uid 4294967293 as \"x: accepted?\": why");
  EXPECT_EQ(row_for(1000, std::string(255, 's'), kWrongPassword),
            "alice||||wrong password, asked by uid 1000 as " + std::string(64, 's') + "...: why")
      << "no name is long enough to push out the rest";
}

TEST(LogRows, ALoginToALocalAccountIsNoFailureOfOurs) {
  const LocalIds local =
      LocalIds::Parse("root:x:0:0::/root:/bin/sh\nalice:x:5000:5000::/:/bin/sh\n");
  for (const LoginVerdict verdict : {kUnknownUser, kThrottled})
    EXPECT_FALSE(RowOfAttempt({.name = "root"}, AnswerOf(verdict), local));
  // An account that allow_uids makes one of the database's, too.
  EXPECT_TRUE(RowOfAttempt({.name = "alice"}, AnswerOf(kWrongPassword), local));
}

TEST(LogRows, TextFitsItsColumnAndEndsWithAWholeCharacter) {
  const std::string a(254, 'a');
  EXPECT_EQ(ColumnText(a + "b"), a + "b");
  EXPECT_EQ(ColumnText(a + "bc"), a + "b");
  EXPECT_EQ(ColumnText(a + "\xc3\xb6"), a);
  EXPECT_EQ(ColumnText(a.substr(1) + "\xc3\xb6"), a.substr(1) + "\xc3\xb6");
  EXPECT_EQ(ColumnText(a.substr(1) + "\xe2\x82\xac"), a.substr(1));
  EXPECT_EQ(ColumnText(a.substr(3) + "\xf0\x9f\x98\x80"), a.substr(3) + "\xf0\x9f\x98\x80");
  EXPECT_EQ(ColumnText(a.substr(2) + "\xf0\x9f\x98\x80"), a.substr(2));
}

TEST(LogRows, TextThatAServerWouldRefuseOrATerminalObeyIsReplaced) {
  EXPECT_EQ(ColumnText("a\nb\x1b[2J\xff"), "a?b?[2J?");
}

constexpr char kLog[] = R"sql(
CREATE TABLE log (event VARCHAR(32), username VARCHAR(255), service VARCHAR(255), rhost VARCHAR(255), tty VARCHAR(255),
  pid INT UNSIGNED, message VARCHAR(255), days INT) ENGINE=InnoDB;
CREATE USER keeper@localhost IDENTIFIED BY 'keeper-secret';
GRANT SELECT, INSERT ON accounts.* TO keeper@localhost;
)sql";

class LogRowsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new MariaDbServer();
    server_->Sql(kTables);
    server_->Sql(kLog, "accounts");
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    server_->Sql("DELETE FROM log", "accounts");
    Configure();
  }
  static std::string Rows(const std::string& columns = "event, username, message") {
    return server_->Sql("SELECT " + columns + " FROM log", "accounts");
  }
  static std::string Queries(const std::string& table = "log") {
    std::string queries = "[queries]\n";
    for (const char* event : {"auth_success", "auth_failure", "session_open", "session_close"}) {
      queries += std::string(event) + " = \"INSERT INTO " + table + " VALUES ('" + event +
                 "', :name, :service, :rhost, :tty, :pid, :message, :days)\"\n";
    }
    return queries;
  }
  void Configure(const std::string& more = "", const std::string& queries = Queries(),
                 const std::string& database = Layer::Servers(*server_),
                 Pool::Idle idle = Pool::Idle::kKept) {
    const std::string text =
        "[database]\nname = \"accounts\"\nuser = \"keeper\"\npassword = \"keeper-secret\"\n" +
        database + more + queries;
    auto settings =
        ParseSettings({.text = text, .name = "test.toml", .world_readable = false},
                      {.text = "[privileged]\nuser = \"keeper\"\npassword = \"keeper-secret\"\n",
                       .name = "secrets.toml",
                       .world_readable = false});
    if (!settings) throw std::runtime_error(settings.error()[0].Describe());
    settings->accounts.local_uids = LocalIds::Parse("root:x:0:0::/root:/bin/sh\n");
    log_ = std::make_unique<RecordingLog>();
    backend_ = std::make_unique<Backend>(
        *std::move(settings), Backend::Manner{Dial::Names::kHostsFileOnly, idle, nullptr}, *log_);
  }
  static LoginRequest Request(std::string_view name) {
    return {.name = name, .service = "sshd", .rhost = "2001:db8::1", .tty = "ssh", .pid = 4711};
  }
  // The verdict after the attempt has been noted.
  LoginVerdict Note(LoginVerdict verdict, std::string_view name = "alice") {
    LoginAnswer answer = AnswerOf(verdict, "why");
    backend_->logins().NoteAttempt(Request(name), answer);
    reason_ = answer.reason;
    return answer.verdict;
  }
  LoginVerdict Open(std::string_view name) {
    LoginAnswer answer;
    backend_->logins().OpenSession(Request(name), answer);
    reason_ = answer.reason;
    return answer.verdict;
  }
  LoginVerdict Close(std::string_view name) {
    LoginAnswer answer;
    backend_->logins().CloseSession(Request(name), answer);
    return answer.verdict;
  }

  static constexpr char kNobodyListens[] = "servers = [\"/run/sqlmap-test-nobody-listens\"]\n";
  static MariaDbServer* server_;
  std::unique_ptr<RecordingLog> log_;
  std::unique_ptr<Backend> backend_;
  std::string reason_;
};
MariaDbServer* LogRowsTest::server_ = nullptr;

TEST_F(LogRowsTest, AnAttemptHasOneRowThatTellsAllOfIt) {
  EXPECT_EQ(Note(kWrongPassword), kWrongPassword);
  EXPECT_EQ(Rows("event, username, service, rhost, tty, pid, message"),
            "auth_failure\talice\tsshd\t2001:db8::1\tssh\t4711\twrong password: why\n");
  EXPECT_EQ(Rows("days = DATEDIFF(UTC_DATE(), '1970-01-01')"), "1\n");
}

TEST_F(LogRowsTest, ALocalUserCannotMakeARowOfALoginFromElsewhere) {
  LoginRequest request = Request("alice");
  request.uid = 1000;
  LoginAnswer answer = AnswerOf(kWrongPassword, "why");
  backend_->logins().NoteAttempt(request, answer);
  backend_->logins().OpenSession(request, answer);
  EXPECT_EQ(Rows("event, username, service, rhost, tty, pid, message"),
            "auth_failure\talice\t\t\t\t4711\twrong password, asked by uid 1000 as sshd: why\n"
            "session_open\talice\t\t\t\t4711\tsession opened, asked by uid 1000 as sshd\n");
}

TEST_F(LogRowsTest, WhatWasTypedAsANameIsNotWrittenUnlessItIsOne) {
  EXPECT_EQ(Note(kUnknownUser, "my-secret-password"), kUnknownUser);
  EXPECT_EQ(Rows(), "auth_failure\t\tuser unknown: why\n");
  EXPECT_EQ(Note(kUnknownUser, "root"), kUnknownUser);
  EXPECT_EQ(Note(kUnavailable), kUnavailable);
  EXPECT_EQ(Rows("COUNT(*)"), "1\n");
}

TEST_F(LogRowsTest, ARowThatCannotBeWrittenIsSaidOnceAndRefusesNobody) {
  Configure("", Queries("no_such_table"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Note(kAccepted), kAccepted);
    EXPECT_EQ(reason_, "why");
    EXPECT_EQ(Note(kWrongPassword), kWrongPassword);
    EXPECT_EQ(Open("alice"), kAccepted);
    EXPECT_EQ(Close("alice"), kAccepted);
  }
  EXPECT_EQ(log_->lines().size(), 4U) << "one for each query";
  EXPECT_TRUE(log_->Contains("auth_success: prepare: error 1146: "));
}

TEST_F(LogRowsTest, ARequiredRowThatCannotBeWrittenLetsNobodyIn) {
  Configure("[log_rows]\nrequired = [\"auth_success\"]\n", Queries("no_such_table"));
  EXPECT_TRUE(backend_->logins().AttemptRowIsRequired());
  EXPECT_EQ(Note(kAccepted), kUndecided);
  EXPECT_EQ(reason_,
            "[log_rows] requires the row of auth_success, which could not be written; the log says "
            "why");
  EXPECT_EQ(Note(kWrongPassword), kWrongPassword) << "only who gets in needs one";
  EXPECT_EQ(Open("alice"), kAccepted);
  Configure("[log_rows]\nrequired = [\"auth_success\"]\n");
  EXPECT_EQ(Note(kAccepted), kAccepted);
  EXPECT_EQ(Rows(), "auth_success\talice\taccepted: why\n");
}

TEST_F(LogRowsTest, ARequiredSessionThatCannotBeNotedDoesNotBegin) {
  Configure("[log_rows]\nrequired = [\"session_open\"]\n", Queries("no_such_table"));
  EXPECT_FALSE(backend_->logins().AttemptRowIsRequired());
  EXPECT_EQ(Open("alice"), kUndecided);
  EXPECT_NE(reason_.find("requires the row of session_open"), std::string::npos) << reason_;
  EXPECT_EQ(Close("alice"), kAccepted);
  EXPECT_EQ(Note(kAccepted), kAccepted);
  Configure("[log_rows]\nrequired = [\"session_open\"]\n", Queries(), kNobodyListens);
  EXPECT_EQ(Open("alice"), kUndecided) << "the database is down";
  EXPECT_EQ(Open("root"), kAccepted) << "cron and the administrator need no database";
}

TEST_F(LogRowsTest, ASessionIsNotedForAccountsOfTheDatabaseOnly) {
  for (const char* name : {"alice", "root", "somebody-elses", "Not A Name"}) {
    EXPECT_EQ(Open(name), kAccepted) << name;
    EXPECT_EQ(Close(name), kAccepted) << name;
  }
  EXPECT_EQ(Rows(), "session_open\talice\tsession opened\nsession_close\talice\tsession closed\n");
}

TEST_F(LogRowsTest, WithoutQueriesNothingIsAskedOrWritten) {
  Configure("", "", kNobodyListens);
  EXPECT_EQ(Note(kAccepted), kAccepted);
  EXPECT_EQ(Open("alice"), kAccepted);
  EXPECT_EQ(Close("alice"), kAccepted);
  EXPECT_TRUE(log_->lines().empty()) << log_->lines()[0];
}

TEST_F(LogRowsTest, AHungServerHoldsUpNoLoginForLong) {
  EXPECT_EQ(Note(kAccepted), kAccepted);
  server_->Signal(SIGSTOP);
  EXPECT_LE(Timed([&] { EXPECT_EQ(Note(kAccepted), kAccepted); }),
            std::chrono::milliseconds(kLogRowBudgetMs + 150));
  Configure();
  EXPECT_LE(Timed([&] { EXPECT_EQ(Open("alice"), kAccepted); }),
            std::chrono::milliseconds(kLogRowBudgetMs + 150));
  server_->Signal(SIGCONT);
}

TEST_F(LogRowsTest, RowsGoToTheWriterAndNotToTheReplica) {
  MariaDbServer primary;
  primary.Sql(kTables);
  primary.Sql(kLog, "accounts");
  Configure("", Queries(), Layer::Servers(*server_) + "writers = [\"" + primary.socket() + "\"]\n");
  EXPECT_EQ(Open("alice"), kAccepted);
  EXPECT_EQ(Rows("COUNT(*)"), "0\n");
  EXPECT_EQ(primary.Sql("SELECT username FROM accounts.log"), "alice\n");
}

TEST_F(LogRowsTest, NoPrivilegedConnectionOutlivesTheCallInAnotherProgram) {
  const auto sockets = [] {
    std::set<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code error;
      const std::string target = std::filesystem::read_symlink(entry, error);
      if (target.starts_with("socket:")) found.insert(target);
    }
    return found;
  };
  const auto before = sockets();
  Configure("", Queries(), Layer::Servers(*server_), Pool::Idle::kNone);
  EXPECT_EQ(Note(kAccepted), kAccepted);
  EXPECT_EQ(Rows("COUNT(*)"), "1\n");
  EXPECT_EQ(sockets(), before);
}

}  // namespace
}  // namespace sqlmap::testing
