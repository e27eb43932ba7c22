// LoginAnswer::no_server: whether no server answered, or one that said something else than what was
// asked. What is remembered of logins opens accounts only in the former case.
#include <signal.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "common/backend/backend.h"
#include "common/process/monotonic.h"
#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

using enum LoginVerdict;

class NoServerTest : public ::testing::Test {
 protected:
  NoServerTest() {
    server_.Sql(kTables);
    server_.Sql(
        "CREATE USER keeper@localhost IDENTIFIED BY 'keeper-secret';"
        "GRANT SELECT ON accounts.* TO keeper@localhost;",
        "accounts");
    Configure();
  }

  // A process that has asked nothing yet.
  void Configure(const std::string& database) {
    const std::string text =
        "[database]\nname = \"accounts\"\nuser = \"keeper\"\npassword = \"keeper-secret\"\n" +
        database;
    auto settings =
        ParseSettings({.text = text, .name = "test.toml", .world_readable = false},
                      {.text = "[privileged]\nuser = \"keeper\"\npassword = \"keeper-secret\"\n",
                       .name = "secrets.toml",
                       .world_readable = false});
    if (!settings) throw std::runtime_error(settings.error()[0].Describe());
    backend_ = std::make_unique<Backend>(
        *std::move(settings),
        Backend::Manner{Dial::Names::kHostsFileOnly, Pool::Idle::kKept, nullptr}, log_);
  }
  void Configure() { Configure(Layer::Servers(server_)); }

  LoginAnswer LogIn() {
    LoginAnswer answer;
    backend_->logins().Authenticate({.name = "alice", .password = "wrong", .service = "sshd"},
                                    answer);
    return answer;
  }
  LoginAnswer Check() {
    LoginAnswer answer;
    backend_->logins().CheckAccount({.name = "alice", .service = "sshd"}, answer);
    return answer;
  }
  // Each time anew, also from what is remembered of the server.
  void ExpectUnavailable(bool no_server, const char* why) {
    for (int i = 0; i < 3; ++i) {
      const LoginAnswer login = LogIn();
      EXPECT_EQ(login.verdict, kUnavailable) << why << ": " << login.reason;
      EXPECT_EQ(login.no_server, no_server) << why << ", login " << i << ": " << login.reason;
      const LoginAnswer account = Check();
      EXPECT_EQ(account.no_server, no_server && account.verdict == kUnavailable)
          << why << ", account " << i << ": " << account.reason;
      if (no_server) {
        EXPECT_EQ(account.verdict, kUnavailable) << why;
      }
    }
  }

  RecordingLog log_;
  MariaDbServer server_;
  std::unique_ptr<Backend> backend_;
};

TEST_F(NoServerTest, ServerThatAnswersIsThere) {
  EXPECT_NE(LogIn().verdict, kUnavailable);
  EXPECT_FALSE(LogIn().no_server);
  EXPECT_FALSE(Check().no_server);
  ASSERT_TRUE(Check().ageing);
  EXPECT_EQ(Check().ageing->lstchg, 19'000);
  EXPECT_TRUE(Check().ageing->name.empty());
  EXPECT_TRUE(Check().ageing->hash.empty()) << "it points to what is gone";
}

TEST_F(NoServerTest, ServerThatIsGoneOrHangsDoesNotAnswer) {
  for (const bool connected : {true, false}) {
    Configure();
    if (connected) (void)LogIn();
    // It counts by whole milliseconds.
    for (const std::int64_t now = MonotonicMs(); MonotonicMs() == now;) {
    }
    server_.Signal(SIGSTOP);
    ExpectUnavailable(true, "hangs");
    server_.Signal(SIGCONT);
  }
  server_.Kill();
  ExpectUnavailable(true, "gone");
}

TEST_F(NoServerTest, ServerThatSaysNoDoesAnswer) {
  server_.Sql("RENAME TABLE nss_mysql TO nss_away", "accounts");
  ExpectUnavailable(false, "no such view");
  server_.Sql("RENAME TABLE nss_away TO nss_mysql", "accounts");

  server_.Sql("ALTER USER keeper@localhost IDENTIFIED BY 'other'");
  Configure();
  ExpectUnavailable(false, "wrong password of ours");
  server_.Sql("ALTER USER keeper@localhost IDENTIFIED BY 'keeper-secret'");

  server_.Sql("ALTER USER keeper@localhost WITH MAX_USER_CONNECTIONS 1");
  Configure();  // identity and privileged need one each
  ExpectUnavailable(false, "no connection left for the account");
}

TEST_F(NoServerTest, OneOfTwoServersThatSaysNoIsEnough) {
  server_.Sql("ALTER USER keeper@localhost IDENTIFIED BY 'other'");
  for (const bool gone_first : {true, false}) {
    const std::string gone = "\"/nowhere/mysqld.sock\"";
    const std::string here = "\"" + server_.socket() + "\"";
    const std::string servers = gone_first ? gone + ", " + here : here + ", " + gone;
    Configure("servers = [" + servers + "]\n");
    ExpectUnavailable(false, gone_first ? "gone, then refused" : "refused, then gone");
  }
}

TEST_F(NoServerTest, ServerThatAnswersOthersIsOnlySlow) {
  (void)LogIn();
  server_.Sql(
      "CREATE OR REPLACE VIEW nss_mysql AS SELECT username, hash AS password FROM users WHERE "
      "SLEEP(3) = 0",
      "accounts");
  const LoginAnswer answer = LogIn();
  EXPECT_EQ(answer.verdict, kUnavailable) << answer.reason;
  EXPECT_FALSE(answer.no_server) << "it said who alice is";
  // Its own limit comes before ours, at the first question already.
  server_.Sql("SET GLOBAL max_statement_time = 0.1");
  server_.Sql("CREATE OR REPLACE VIEW nss_getpwnam AS SELECT * FROM users WHERE SLEEP(3) = 0",
              "accounts");
  Configure();
  ExpectUnavailable(false, "a statement that the server ends");
}

}  // namespace
}  // namespace sqlmap::testing
