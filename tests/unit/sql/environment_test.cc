// No environment variable and no option file changes where a look-up goes or what it loads.
// libnss-mysql and pam_mysql gave local root and false logins through each of these.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

constexpr char kAlice[] = "alice:5000:/home/alice\n";

class EnvironmentTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new MariaDbServer();
    server_->Sql(kTables);
    attackers_ = new MariaDbServer();
    attackers_->Sql(kTables);
    attackers_->Sql("UPDATE users SET uid = 6666, homedir = '/attacker'", "accounts");
    home_ = new TemporaryDirectory();
    std::filesystem::copy_file(HOSTILE_PLUGIN, home_->path() + "/hostile.so");
    std::ofstream(home_->path() + "/.my.cnf")
        << "[client]\nplugin-dir=" << home_->path()
        << "\ndefault-auth=hostile\nsocket=" << attackers_->socket() << "\nport=1\nuser=root\n";
  }
  static void TearDownTestSuite() {
    delete server_;
    delete attackers_;
    delete home_;
  }
  void SetUp() override { unlink(HOSTILE_MARKER); }

  static bool Loaded() { return access(HOSTILE_MARKER, F_OK) == 0; }
  static std::vector<std::string> Hostile() {
    return {"env",
            "LIBMYSQL_PLUGINS=hostile",
            "MARIADB_PLUGIN_DIR=" + home_->path(),
            "HOME=" + home_->path(),
            "MYSQL_HOME=" + home_->path(),
            "MARIADB_HOME=" + home_->path(),
            "MYSQL_UNIX_PORT=" + attackers_->socket(),
            "MARIADB_UNIX_PORT=" + attackers_->socket(),
            "MYSQL_TCP_PORT=" + std::to_string(attackers_->port()),
            "MYSQL_HOST=127.0.0.1",
            "MYSQL_PWD=wrong",
            "MARIADB_TLS_DISABLE_PEER_VERIFICATION=1",
            "USER=root",
            "TZ=:/nonexistent"};
  }
  static std::string Run(std::vector<std::string> command, std::vector<std::string> more) {
    command.insert(command.end(), more.begin(), more.end());
    return RunCommand(command);
  }

  static MariaDbServer* server_;
  static MariaDbServer* attackers_;
  static TemporaryDirectory* home_;
};
MariaDbServer* EnvironmentTest::server_ = nullptr;
MariaDbServer* EnvironmentTest::attackers_ = nullptr;
TemporaryDirectory* EnvironmentTest::home_ = nullptr;

TEST_F(EnvironmentTest, TheAttackWorksOnAProgramThatTrustsItsEnvironment) {
  Run(Hostile(), {ENVIRONMENT_CONTROL});
  EXPECT_TRUE(Loaded()) << "LIBMYSQL_PLUGINS";
  unlink(HOSTILE_MARKER);
  Run({"env", "HOME=" + home_->path()}, {ENVIRONMENT_CONTROL});
  EXPECT_TRUE(Loaded()) << ".my.cnf";
}

TEST_F(EnvironmentTest, NothingIsLoadedAndTheRightServerIsAskedWhateverTheEnvironmentSays) {
  EXPECT_EQ(Run(Hostile(), {ENVIRONMENT_PROBE, server_->socket()}), kAlice);
  EXPECT_FALSE(Loaded());
}

TEST_F(EnvironmentTest, EachVariableAloneChangesNothing) {
  for (const std::string& variable : Hostile()) {
    if (variable == "env") continue;
    EXPECT_EQ(Run({"env", variable}, {ENVIRONMENT_PROBE, server_->socket()}), kAlice) << variable;
    EXPECT_FALSE(Loaded()) << variable;
  }
}

TEST_F(EnvironmentTest, AServerThatIsDownIsNotReplacedByTheOneInTheEnvironment) {
  const std::string answer = Run(Hostile(), {ENVIRONMENT_PROBE, server_->socket() + ".gone"});
  EXPECT_EQ(answer.substr(0, 11), "unavailable");
}

}  // namespace
}  // namespace sqlmap::testing
