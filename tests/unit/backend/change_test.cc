// Passwords are changed on one server and read from another that is behind: two real ones, of which
// nobody tells the second what the first one has learned.
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "common/backend/backend.h"
#include "common/backend/recent_changes.h"
#include "common/password/make.h"
#include "common/process/monotonic.h"
#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

using enum LoginVerdict;

constexpr char kPeople[] = R"sql(
CREATE TABLE people (username VARCHAR(64), owner VARCHAR(64), hash VARCHAR(255), scheme VARCHAR(32), lstchg INT,
  PRIMARY KEY (username, owner)) ENGINE=InnoDB;
CREATE OR REPLACE VIEW nss_getpwnam AS SELECT username, 'x' AS password, 5000 AS uid, 5000 AS gid, '' AS gecos,
  '/home/x' AS homedir, '/bin/sh' AS shell FROM people;
CREATE OR REPLACE VIEW nss_getspnam AS SELECT username, '*' AS password, lstchg, -1 AS min, 90 AS max, -1 AS warn,
  -1 AS inact, -1 AS expire, 0 AS flag FROM people;
CREATE OR REPLACE VIEW nss_mysql AS SELECT username, hash AS password, owner, 1 AS status FROM people;
CREATE USER keeper@localhost IDENTIFIED BY 'keeper-secret';
GRANT SELECT, UPDATE ON accounts.* TO keeper@localhost;
)sql";

constexpr char kUpdate[] =
    "UPDATE people SET hash = :hash, lstchg = :days WHERE username = :name AND owner = :owner";

std::string HashOf(std::string_view password) {
  const auto hash = MakePasswordHash(password, PasswordScheme::kSha512Crypt, 5000);
  if (!hash) throw std::runtime_error("no hash");
  return std::string(View(*hash));
}

class ChangeTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (MariaDbServer*& server : servers_) {
      server = new MariaDbServer();
      server->Sql(kTables);
      server->Sql(kPeople, "accounts");
    }
  }
  static void TearDownTestSuite() {
    for (MariaDbServer*& server : servers_) {
      delete server;
      server = nullptr;
    }
  }
  static MariaDbServer& replica() { return *servers_[0]; }
  static MariaDbServer& writer() { return *servers_[1]; }

  void SetUp() override {
    for (MariaDbServer* const server : servers_) {
      server->Sql("DELETE FROM people", "accounts");
      Add(*server, "alice", "");
    }
    Configure();
  }
  static void Add(MariaDbServer& server, const std::string& name, const std::string& owner,
                  const std::string& password = "old") {
    server.Sql("INSERT INTO people VALUES ('" + name + "', '" + owner + "', '" + HashOf(password) +
                   "', '', 0)",
               "accounts");
  }
  // What a replica learns sooner or later.
  static void Replicate() {
    const std::string hash = Stored(writer());
    replica().Sql(
        "UPDATE people SET hash = '" + hash + "', lstchg = " +
            writer().Sql("SELECT lstchg FROM people WHERE username = 'alice'", "accounts"),
        "accounts");
  }
  static std::string Stored(MariaDbServer& server, const std::string& owner = "") {
    std::string hash = server.Sql(
        "SELECT hash FROM people WHERE username = 'alice' AND owner = '" + owner + "'", "accounts");
    while (hash.ends_with('\n')) hash.pop_back();
    return hash;
  }

  void Configure(const std::string& update = kUpdate,
                 const std::string& scheme = "scheme = \"sha512crypt\"\ncost = 5000\n") {
    const std::string text = "[database]\nname = \"accounts\"\nuser = \"keeper\"\nservers = [\"" +
                             replica().socket() + "\"]\nwriters = [\"" + writer().socket() +
                             "\"]\n[queries]\npassword_update = \"" + update + "\"\n[password]\n" +
                             scheme;
    auto settings =
        ParseSettings({.text = text, .name = "test.toml", .world_readable = false},
                      {.text = "[database]\npassword = \"keeper-secret\"\n[privileged]\nuser = "
                               "\"keeper\"\npassword = \"keeper-secret\"\n",
                       .name = "secrets.toml",
                       .world_readable = false});
    if (!settings) throw std::runtime_error(settings.error()[0].Describe());
    backend_ = std::make_unique<Backend>(
        *std::move(settings),
        Backend::Manner{Dial::Names::kHostsFileOnly, Pool::Idle::kKept, nullptr}, log_);
  }

  using Question = void (LoginGate::*)(const LoginRequest&, LoginAnswer&) noexcept;
  LoginVerdict Ask(Question question, std::string_view old_password,
                   std::string_view new_password = {}, bool by_root = false) {
    LoginAnswer answer;
    LoginGate& gate = backend_->logins();
    (gate.*question)({.name = "alice",
                      .password = old_password,
                      .new_password = new_password,
                      .service = "passwd",
                      .by_root = by_root},
                     answer);
    reason_ = answer.reason;
    return answer.verdict;
  }
  LoginVerdict LogIn(std::string_view password) { return Ask(&LoginGate::Authenticate, password); }
  LoginVerdict Change(std::string_view from, std::string_view to, bool by_root = false) {
    return Ask(&LoginGate::ChangePassword, from, to, by_root);
  }

  static MariaDbServer* servers_[2];
  RecordingLog log_;
  std::unique_ptr<Backend> backend_;
  std::string reason_;
};
MariaDbServer* ChangeTest::servers_[2] = {};

TEST_F(ChangeTest, OldPasswordOpensNothingWhileTheReplicaStillHasIt) {
  ASSERT_EQ(LogIn("old"), kAccepted);
  ASSERT_EQ(Change("old", "new"), kAccepted) << reason_;
  EXPECT_NE(Stored(replica()), Stored(writer()));
  EXPECT_EQ(LogIn("old"), kWrongPassword);
  EXPECT_EQ(LogIn("new"), kAccepted);
  EXPECT_EQ(Ask(&LoginGate::CheckAccount, {}), kAccepted)
      << "the replica's lstchg would have it changed again";
  EXPECT_EQ(Change("old", "third"), kWrongPassword);
}

TEST_F(ChangeTest, ReplicaThatHasCaughtUpNeedsNoWriter) {
  ASSERT_EQ(Change("old", "new"), kAccepted) << reason_;
  Replicate();
  writer().Sql("REVOKE SELECT ON accounts.* FROM keeper@localhost");
  backend_->CloseIdle();
  EXPECT_EQ(LogIn("new"), kAccepted);
  EXPECT_EQ(LogIn("old"), kWrongPassword);
  writer().Sql("GRANT SELECT ON accounts.* TO keeper@localhost");
}

TEST_F(ChangeTest, WhileNobodyCanSayWhetherTheReplicaIsBehindNobodyGetsIn) {
  ASSERT_EQ(Change("old", "new"), kAccepted) << reason_;
  writer().Sql("REVOKE SELECT ON accounts.* FROM keeper@localhost");
  backend_->CloseIdle();
  EXPECT_EQ(LogIn("old"), kUnavailable);
  EXPECT_EQ(LogIn("new"), kUnavailable);
  writer().Sql("GRANT SELECT ON accounts.* TO keeper@localhost");
  backend_->CloseIdle();
  EXPECT_EQ(LogIn("new"), kAccepted);
}

TEST_F(ChangeTest, WriterDecidesWhatTheOldPasswordIs) {
  writer().Sql("UPDATE people SET hash = '" + HashOf("elsewhere") + "'", "accounts");
  EXPECT_EQ(Ask(&LoginGate::PrepareChange, "old"), kWrongPassword);
  EXPECT_EQ(Ask(&LoginGate::PrepareChange, "elsewhere"), kAccepted);
  EXPECT_EQ(Change("old", "new"), kWrongPassword);
}

TEST_F(ChangeTest, OfSeveralOwnersTheOneWhoKnowsTheOldPasswordGetsANewOne) {
  Add(writer(), "alice", "bob", "bobs");
  Add(writer(), "alice", "carol", "carols");
  const std::string bob = Stored(writer(), "bob");
  ASSERT_EQ(Change("carols", "new"), kAccepted) << reason_;
  EXPECT_EQ(reason_, "carol stored as sha512crypt");
  EXPECT_EQ(Stored(writer(), "bob"), bob);
  EXPECT_NE(Stored(writer(), "carol"), HashOf("carols"));
  EXPECT_EQ(Change("", "new", /*by_root=*/true), kNotChanged) << "root must say whose";
  EXPECT_NE(reason_.find(":owner"), std::string::npos);
}

TEST_F(ChangeTest, PreparationChangesNothingAndSaysWhatWouldFail) {
  const std::string before = Stored(writer());
  EXPECT_EQ(Ask(&LoginGate::PrepareChange, "old"), kAccepted);
  EXPECT_EQ(Ask(&LoginGate::PrepareChange, "wrong"), kWrongPassword);
  EXPECT_EQ(Ask(&LoginGate::PrepareChange, "", "", /*by_root=*/true), kAccepted);
  Configure("");
  EXPECT_EQ(Ask(&LoginGate::PrepareChange, "old"), kNotChanged);
  EXPECT_NE(reason_.find("password_update"), std::string::npos);
  EXPECT_EQ(Stored(writer()), before);
}

TEST_F(ChangeTest, HashThatTheNextLoginWouldNotTakeIsNotStored) {
  Configure(kUpdate, "scheme = \"ed25519\"\n[auth]\nschemes = [\"strong\", \"ed25519\"]\n");
  const std::string before = Stored(writer());
  EXPECT_EQ(Change("old", "new"), kNotChanged);
  EXPECT_NE(reason_.find("would not be recognised"), std::string::npos) << reason_;
  EXPECT_EQ(Stored(writer()), before);
}

TEST_F(ChangeTest, PasswordThatTheSchemeWouldCutOffIsRefused) {
  EXPECT_EQ(Change("old", std::string(600, 'x')), kNotChanged);
  EXPECT_EQ(Change("old", ""), kNotChanged);
  EXPECT_EQ(LogIn("old"), kAccepted);
}

TEST(RecentChanges, AreForgottenInTimeAndTheOldestFirst) {
  RecentChanges changes;
  changes.Note("alice", "hash", 1000);
  EXPECT_TRUE(changes.Has("alice", 1000));
  EXPECT_FALSE(changes.Has("bob", 1000));
  EXPECT_FALSE(changes.Has("alice", 1000 + RecentChanges::kRememberMs));
  for (std::size_t i = 1; i < RecentChanges::kMost; ++i)
    changes.Note("user" + std::to_string(i), "hash", 1000);
  EXPECT_TRUE(changes.Has("alice", 1000));
  changes.Note("one more", "hash", 1000);
  EXPECT_FALSE(changes.Has("alice", 1000));
  EXPECT_TRUE(changes.Has("user1", 1000));
}

TEST(RecentChanges, ReplicaIsBehindUntilARowHasTheNewHash) {
  RecentChanges changes;
  changes.Note("alice", "second", 1000);
  changes.Note("alice", "third", 1000);
  const auto with = [](std::optional<std::string_view> hash) {
    AuthRow row;
    row.name = "alice";
    row.hash = hash;
    return row;
  };
  const AuthRow first = with("first"), second = with("second"), third = with("third");
  const AuthRow none = with(std::nullopt);
  EXPECT_TRUE(changes.IsBehind("alice", std::array{first, none}, 1000));
  EXPECT_TRUE(changes.IsBehind("alice", std::array{second}, 1000));
  EXPECT_FALSE(changes.IsBehind("bob", std::array{first}, 1000));
  EXPECT_FALSE(changes.IsBehind("alice", std::array{none, third}, 1000));
  EXPECT_TRUE(changes.IsBehind("alice", std::array{first}, 1000)) << "another replica";
}

}  // namespace
}  // namespace sqlmap::testing
