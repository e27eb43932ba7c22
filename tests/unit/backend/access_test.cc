// The account stage against a real server: who may use this host.
#include <memory>
#include <stdexcept>
#include <string>

#include "common/backend/backend.h"
#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

using enum LoginVerdict;

// alice is in staff, which is her own group, and in web; bob in staff alone.
constexpr char kRules[] = R"sql(
CREATE TABLE rules (username VARCHAR(64) COLLATE utf8mb4_general_ci, service VARCHAR(64), rhost VARCHAR(64),
  tty VARCHAR(64), host VARCHAR(64), allowed VARCHAR(8)) ENGINE=InnoDB;
CREATE TABLE bare (username VARCHAR(64)) ENGINE=InnoDB;
)sql";

class AccessTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new MariaDbServer();
    server_->Sql(kTables);
    server_->Sql(kRules, "accounts");
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    Sql("DELETE FROM rules; DELETE FROM bare; DELETE FROM user_groups WHERE groupname = 'late'");
  }
  static void Sql(const std::string& sql) { server_->Sql(sql, "accounts"); }

  // From here on `configuration`, TOML behind [database], is in force.
  void Configure(const std::string& configuration, const std::string& local_groups = "") {
    const std::string text =
        "[database]\nname = \"accounts\"\nuser = \"reader\"\npassword = "
        "\"reader-secret\"\n" +
        Layer::Servers(*server_) + configuration;
    auto settings =
        ParseSettings({.text = text, .name = "test.toml", .world_readable = false},
                      {.text = "[privileged]\nuser = \"reader\"\npassword = \"reader-secret\"\n",
                       .name = "secrets.toml",
                       .world_readable = false});
    if (!settings) throw std::runtime_error(settings.error()[0].Describe());
    settings->accounts.local_gids = LocalIds::Parse(local_groups);
    backend_ = std::make_unique<Backend>(
        *std::move(settings),
        Backend::Manner{Dial::Names::kHostsFileOnly, Pool::Idle::kKept, nullptr}, log_);
  }
  LoginAnswer Check(std::string_view name) {
    LoginAnswer answer;
    backend_->logins().CheckAccount(
        {.name = name, .service = "sshd", .rhost = "192.0.2.1", .tty = "ssh"}, answer);
    return answer;
  }
  LoginVerdict Verdict(std::string_view name) { return Check(name).verdict; }
  int Logged(std::string_view text) {
    int count = 0;
    for (const std::string& line : log_.lines()) count += line.find(text) != line.npos ? 1 : 0;
    return count;
  }

  static MariaDbServer* server_;
  RecordingLog log_;
  std::unique_ptr<Backend> backend_;
};
MariaDbServer* AccessTest::server_ = nullptr;

TEST_F(AccessTest, ListsDecideByNameAndByGroup) {
  struct {
    const char* lists;
    LoginVerdict alice;
    LoginVerdict bob;
  } const cases[] = {
      {"", kAccepted, kAccepted},
      {"deny_users = [\"alice\"]", kAccessDenied, kAccepted},
      {"allow_users = [\"alice\"]", kAccepted, kAccessDenied},
      {"deny_groups = [\"web\"]", kAccessDenied, kAccepted},
      {"allow_groups = [\"web\"]", kAccepted, kAccessDenied},
      {"allow_groups = [\"staff\"]\ndeny_groups = [\"web\"]", kAccessDenied, kAccepted},
      {"allow_groups = [\"web\"]\nallow_users = [\"bob\"]", kAccepted, kAccepted},
      {"allow_users = [\"alice\", \"bob\"]\ndeny_users = [\"bob\"]", kAccepted, kAccessDenied},
      {"allow_groups = [\"empty\"]", kAccessDenied, kAccessDenied},
  };
  for (const auto& c : cases) {
    Configure(std::string("[access]\n") + c.lists + "\n");
    EXPECT_EQ(Verdict("alice"), c.alice) << c.lists;
    EXPECT_EQ(Verdict("bob"), c.bob) << c.lists;
    EXPECT_EQ(Verdict("nobody-here"), kUnknownUser) << c.lists;
  }
}

TEST_F(AccessTest, AnAccountIsInItsOwnGroupWithoutAMembership) {
  Sql("UPDATE users SET gid = '5005' WHERE username = 'bob'");
  Configure("[access]\nallow_groups = [\"empty\"]\n");
  EXPECT_EQ(Verdict("bob"), kAccepted);
  EXPECT_EQ(Verdict("alice"), kAccessDenied);
  Sql("UPDATE users SET gid = '5000' WHERE username = 'bob'");
}

TEST_F(AccessTest, AGroupOfThisHostIsMeantByItsNameHere) {
  const std::string accounts = "[accounts]\nallow_gids = [5006]\n";
  Configure(accounts + "[access]\ndeny_groups = [\"www-here\"]\n", "www-here:x:5006:\n");
  EXPECT_EQ(Verdict("alice"), kAccessDenied);
  EXPECT_EQ(Verdict("bob"), kAccepted);
  EXPECT_EQ(log_.lines().size(), 0U) << log_.lines()[0];
}

TEST_F(AccessTest, ListsAreReadAsNamesAreServed) {
  const std::string accounts = "[accounts]\nname_case = \"lower\"\n";
  Configure(accounts + "[access]\ndeny_users = [\"ALICE\"]\n");
  EXPECT_EQ(Verdict("alice"), kAccessDenied);
  Configure(accounts + "[access]\ndeny_groups = [\"Web\"]\n");
  EXPECT_EQ(Verdict("alice"), kAccessDenied);
  EXPECT_EQ(Verdict("bob"), kAccepted);
  Configure("[access]\ndeny_users = [\"ALICE\"]\n");
  EXPECT_EQ(Verdict("alice"), kAccepted) << "without name_case these are two names";
}

TEST_F(AccessTest, GroupThatIsNowhereMatchesNobodyAndIsLoggedOnce) {
  Configure("[access]\ndeny_groups = [\"late\"]\n");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Verdict("alice"), kAccepted);
  EXPECT_EQ(Logged("[access] names the group late, which neither this host nor the database has"),
            1);
  Sql("INSERT INTO user_groups VALUES ('late', 'x', 5006)");
  EXPECT_EQ(Verdict("alice"), kAccessDenied) << "it counts as soon as it is there";
  Configure("[access]\nallow_groups = [\"never\"]\n");
  EXPECT_EQ(Verdict("alice"), kAccessDenied);
}

TEST_F(AccessTest, GroupWithAHundredThousandMembersIsNotReadAtEachLogin) {
  Configure("[access]\nallow_groups = [\"web\"]\n");
  EXPECT_EQ(Verdict("alice"), kAccepted);
  Sql("RENAME TABLE user_groups TO user_groups_away");
  EXPECT_EQ(Verdict("alice"), kAccepted);
  EXPECT_EQ(Verdict("bob"), kAccessDenied);
  Sql("RENAME TABLE user_groups_away TO user_groups");
}

constexpr char kQuery[] =
    "[queries]\naccess = \"SELECT username, allowed FROM rules WHERE username = :name AND service "
    "= :service AND rhost = :rhost AND tty = :tty AND host <> :host\"\n";

TEST_F(AccessTest, QueryLetsInByRowsThatAllSayYes) {
  struct {
    const char* allowed;  // of each row
    LoginVerdict verdict;
    const char* reason;
  } const cases[] = {
      {"", kAccessDenied, "the access query gave no row"},
      {"('1')", kAccepted, ""},
      {"('1'), ('1')", kAccepted, ""},
      {"('0')", kAccessDenied, "the access query gave a row whose column allowed is not 1"},
      {"(NULL)", kAccessDenied, "the access query gave a row whose column allowed is not 1"},
      {"('')", kAccessDenied, "the access query gave a row whose column allowed is not 1"},
      {"('yes')", kAccessDenied, "the access query gave a row whose column allowed is not 1"},
      {"('1'), ('0')", kAccessDenied, "the access query gave a row whose column allowed is not 1"},
      {"('0'), ('1')", kAccessDenied, "the access query gave a row whose column allowed is not 1"},
  };
  Configure(kQuery);
  for (const auto& c : cases) {
    Sql("DELETE FROM rules");
    if (*c.allowed != '\0') {
      Sql(std::string("INSERT INTO rules (allowed) VALUES ") + c.allowed +
          "; UPDATE rules SET username = 'alice', service = 'sshd', rhost = '192.0.2.1', tty = "
          "'ssh', host = ''");
    }
    const LoginAnswer answer = Check("alice");
    EXPECT_EQ(answer.verdict, c.verdict) << c.allowed;
    if (c.verdict == kAccessDenied) {
      EXPECT_STREQ(answer.reason, c.reason) << c.allowed;
    }
    EXPECT_EQ(Verdict("bob"), kAccessDenied) << "what lets in alice lets in nobody else";
    EXPECT_EQ(Verdict("nobody-here"), kUnknownUser);
  }
}

TEST_F(AccessTest, RowForOtherServicesOrPlacesIsNone) {
  Configure(kQuery);
  for (const char* row :
       {"'alice', 'vsftpd', '192.0.2.1', 'ssh', ''", "'alice', 'sshd', '192.0.2.2', 'ssh', ''",
        "'alice', 'sshd', '192.0.2.1', 'tty1', ''"}) {
    Sql("DELETE FROM rules; INSERT INTO rules VALUES (" + std::string(row) + ", '1')");
    EXPECT_EQ(Verdict("alice"), kAccessDenied) << row;
  }
}

TEST_F(AccessTest, RowOfANameThatTheServerTakesForTheSameLetsInNobody) {
  Configure(kQuery);
  Sql("INSERT INTO rules VALUES ('ALICE', 'sshd', '192.0.2.1', 'ssh', '', '1')");
  EXPECT_EQ(Verdict("alice"), kAccessDenied);
}

TEST_F(AccessTest, RowWithoutTheColumnSaysYesByBeingThere) {
  Configure("[queries]\naccess = \"SELECT 1 FROM bare WHERE username = :name\"\n");
  EXPECT_EQ(Verdict("alice"), kAccessDenied);
  Sql("INSERT INTO bare VALUES ('alice')");
  EXPECT_EQ(Verdict("alice"), kAccepted);
}

TEST_F(AccessTest, ListsAndQueryMustBothLetIn) {
  Sql("INSERT INTO bare VALUES ('alice'), ('bob')");
  Configure(
      "[queries]\naccess = \"SELECT 1 FROM bare WHERE username = :name\"\n"
      "[access]\ndeny_users = [\"bob\"]\nallow_groups = [\"staff\"]\n");
  EXPECT_EQ(Verdict("alice"), kAccepted);
  EXPECT_EQ(Verdict("bob"), kAccessDenied);
}

TEST_F(AccessTest, QueryThatFailsLetsInNobody) {
  Configure("[queries]\naccess = \"SELECT 1 FROM no_such_table WHERE username = :name\"\n");
  const LoginAnswer answer = Check("alice");
  EXPECT_EQ(answer.verdict, kUndecided);
  EXPECT_STREQ(answer.reason, "the access query failed: the database refused the query");
  EXPECT_EQ(Verdict("nobody-here"), kUnknownUser) << "other people's accounts are not ours to stop";
}

TEST_F(AccessTest, GroupsThatCannotBeAskedLetInNobody) {
  const std::string broken =
      "SELECT groupname, password, gid FROM no_such_table WHERE groupname = :name";
  Configure("[queries]\ngetgrnam = \"" + broken + "\"\n[access]\ndeny_groups = [\"web\"]\n");
  EXPECT_EQ(Verdict("alice"), kUndecided);
  EXPECT_EQ(Verdict("bob"), kUndecided);
  Configure(
      "[queries]\ngidsbymem = \"SELECT gid FROM no_such_table WHERE username = :name\"\n"
      "[access]\nallow_groups = [\"staff\"]\nallow_users = [\"bob\"]\n");
  EXPECT_EQ(Verdict("alice"), kUndecided);
  EXPECT_EQ(Verdict("bob"), kAccepted) << "whose name is enough";
}

TEST_F(AccessTest, ListsOfGroupsNeedTheQueryThatTellsAnAccountsOwn) {
  Configure("[queries]\ngetpwnam = \"\"\n[access]\ndeny_groups = [\"web\"]\n");
  const LoginAnswer answer = Check("alice");
  EXPECT_EQ(answer.verdict, kUndecided);
  EXPECT_NE(std::string(answer.reason).find("getpwnam"), std::string::npos) << answer.reason;
}

TEST_F(AccessTest, BlockedAccountIsBlockedWhateverTheListsSay) {
  Configure("[access]\ndeny_users = [\"twin-a\"]\n");
  EXPECT_EQ(Verdict("twin-a"), kBlocked);
}

TEST_F(AccessTest, ServerThatIsDownLetsInNobody) {
  Configure("[access]\ndeny_groups = [\"web\"]\n");
  EXPECT_EQ(Verdict("bob"), kAccepted);
  server_->Kill();
  EXPECT_EQ(Verdict("bob"), kUnavailable);
  server_->Start();
}

}  // namespace
}  // namespace sqlmap::testing
