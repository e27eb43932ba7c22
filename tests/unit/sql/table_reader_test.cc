// All accounts as they were at one moment, or an error: never a part of them, never a mixture.
#include "common/sql/table_reader.h"

#include <set>
#include <string>

#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

constexpr char kBareGroups[] = R"toml([queries]
getgrent = "SELECT groupname, password, gid FROM nss_getgrnam"
)toml";

constexpr char kVersion[] = R"toml([queries]
version = "SELECT MAX(n) FROM versions"
)toml";

class TableReaderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    // Not the usual level: a consistent snapshot is not to be had at it.
    server_ = new MariaDbServer({"--transaction-isolation=READ-COMMITTED"});
    server_->Sql(kTables);
    server_->Sql("CREATE TABLE versions (n VARCHAR(20)) ENGINE=InnoDB", "accounts");
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void TearDown() override {
    server_->Sql(
        "DELETE FROM users WHERE username NOT IN ('alice', 'bob', 'twin-a', 'twin-b'); "
        "DELETE FROM user_groups WHERE gid > 5006; DELETE FROM memberships WHERE gid > 5006; "
        "DELETE FROM versions",
        "accounts");
  }
  static TableReader Begin(Layer& layer) {
    auto reader = layer.source().ReadTables();
    if (!reader) throw std::runtime_error(reader.error().text);
    return std::move(*reader);
  }
  // "alice bob ", or what went wrong.
  static std::string Users(TableReader& reader) {
    std::string names;
    const auto read = reader.Users([&](const UserRecord& user) {
      names += std::string(user.name) + " ";
      return true;
    });
    return read ? names : "error: " + read.error().text;
  }
  // The server gives members in any order.
  static std::string Groups(TableReader& reader) {
    std::string names;
    const auto read = reader.Groups([&](const GroupRecord& group) {
      names += std::string(group.name) + ":" + std::to_string(group.gid);
      std::multiset<std::string> members;
      group.members.ForEach([&](std::string_view member) { members.emplace(member); });
      for (const std::string& member : members) names += "," + member;
      names += " ";
      return true;
    });
    return read ? names : "error: " + read.error().text;
  }
  // "5002:twin-b ", or what went wrong.
  static std::string Owners(TableReader& reader) {
    std::string owners;
    const auto read = reader.Owners([&](Uid uid, std::string_view name) {
      owners += std::to_string(uid) + ":" + std::string(name) + " ";
      return true;
    });
    return read ? owners : "error: " + read.error().text;
  }
  static void Insert(const std::string& from) {
    server_->Sql(
        "INSERT INTO users SELECT CONCAT('user', seq), 'x', 100000 + seq, '5000', '', '/h', "
        "'/bin/sh', NULL, 1 FROM " +
            from,
        "accounts");
  }

  static MariaDbServer* server_;
};
MariaDbServer* TableReaderTest::server_ = nullptr;

constexpr char kUsers[] = "alice bob twin-b twin-a ";
constexpr char kGroups[] = "staff:5000,alice,bob empty:5005 web:5006,alice ";

TEST_F(TableReaderTest, WhatIsWrittenMeanwhileIsNotSeen) {
  for (const char* queries : {"", kBareGroups}) {
    Layer layer(Layer::Servers(*server_), queries);
    TableReader reader = Begin(layer);
    EXPECT_EQ(Users(reader), kUsers);
    server_->Sql(
        "INSERT INTO user_groups VALUES ('late', 'x', 5007); INSERT INTO memberships VALUES (5007, "
        "'alice'), (5005, 'late')",
        "accounts");
    Insert("seq_1_to_3");
    EXPECT_EQ(Groups(reader), kGroups) << queries;
    EXPECT_EQ(Users(reader), kUsers);
    TableReader next = Begin(layer);
    EXPECT_NE(Users(next).find("user3"), std::string::npos);
    EXPECT_NE(Groups(next).find("late:5007,alice"), std::string::npos) << queries;
    server_->Sql("DELETE FROM memberships WHERE username = 'late'", "accounts");
    TearDown();
  }
}

TEST_F(TableReaderTest, WhatIsWrittenBetweenTwoGroupsIsNotSeenAmongTheirMembers) {
  Layer layer(Layer::Servers(*server_), kBareGroups);
  TableReader reader = Begin(layer);
  std::string members;
  const auto read = reader.Groups([&](const GroupRecord& group) {
    if (group.name == "staff")
      server_->Sql("INSERT INTO memberships VALUES (5005, 'bob')", "accounts");
    members += std::to_string(group.members.count);
    return true;
  });
  server_->Sql("DELETE FROM memberships WHERE gid = 5005", "accounts");
  EXPECT_TRUE(read.has_value());
  EXPECT_EQ(members, "201");
}

TEST_F(TableReaderTest, GroupsHaveTheSameMembersByJoinAndByQuery) {
  server_->Sql(
      "INSERT INTO user_groups VALUES ('odd', 'x', 5007); "
      "INSERT INTO memberships VALUES (5007, 'bob,alice'), (5007, 'x:y'), (5007, NULL)",
      "accounts");
  for (const char* queries : {"", kBareGroups}) {
    Layer layer(Layer::Servers(*server_), queries);
    TableReader reader = Begin(layer);
    EXPECT_EQ(Groups(reader), std::string(kGroups) + "odd:5007,alice,bob ") << queries;
    EXPECT_EQ(layer.log().lines().size(), 1U) << "x:y breaks the rules, NULL is nobody";
  }
}

TEST_F(TableReaderTest, RowsOfNoMembersHaveAnEnd) {
  Layer layer(Layer::Servers(*server_),
              std::string(kBareGroups) +
                  "memsbygid = \"SELECT NULL AS username FROM seq_1_to_5000000 WHERE :gid > 0\"\n");
  TableReader reader = Begin(layer);
  EXPECT_EQ(Groups(reader), "error: " + server_->socket() +
                                ": memsbygid: more than 256 MiB of members; see whether a view "
                                "joins without ON");
}

TEST_F(TableReaderTest, TheOffsetIsTakenOffWhereMembersAreAskedFor) {
  Layer layer(Layer::Servers(*server_),
              std::string("[accounts]\nuid_offset = 100000\n") + kBareGroups);
  TableReader reader = Begin(layer);
  EXPECT_EQ(Groups(reader), "staff:105000,alice,bob empty:105005 web:105006,alice ");
}

TEST_F(TableReaderTest, WhoAnswersForASharedUidIsTheQuerysWord) {
  constexpr char kRows[] = "SELECT username, password, uid, gid, gecos, homedir, shell FROM ";
  const struct {
    const char* query;
    const char* owners;
    std::size_t complaints;
  } cases[] = {
      {"users WHERE uid = :uid AND username LIKE '%b'", "105002:twin-b ", 0},
      {"users WHERE uid = :uid ORDER BY username DESC", "105002:twin-a ", 0},
      {"users WHERE uid = :uid AND username = 'alice'", "", 0},
      {"users WHERE uid + 1 = :uid", "", 0},
      {"no_such_table WHERE uid = :uid", "", 1},
      {"nss_getpwnam WHERE uid = :uid ORDER BY CHAR_LENGTH(username), username LIMIT 16", "", 0},
  };
  for (const auto& [query, owners, complaints] : cases) {
    Layer layer(Layer::Servers(*server_),
                "[accounts]\nuid_offset = 100000\n[queries]\ngetpwuid = \"" + std::string(kRows) +
                    query + "\"\n");
    TableReader reader = Begin(layer);
    EXPECT_EQ(Owners(reader), "") << "before the users";
    EXPECT_EQ(Users(reader), kUsers);
    EXPECT_EQ(Owners(reader), owners) << query;
    EXPECT_EQ(Groups(reader), "staff:105000,alice,bob empty:105005 web:105006,alice ") << query;
    EXPECT_EQ(layer.log().lines().size(), complaints) << query;
  }
}

TEST_F(TableReaderTest, TheVersionIsThatOfTheRowsReadWithIt) {
  server_->Sql("INSERT INTO versions VALUES (7)", "accounts");
  Layer layer(Layer::Servers(*server_), kVersion);
  TableReader reader = Begin(layer);
  server_->Sql("UPDATE versions SET n = 8", "accounts");
  Insert("seq_1_to_1");
  EXPECT_EQ(reader.Version().value_or("error"), "7");
  EXPECT_EQ(Users(reader), kUsers);
  EXPECT_EQ(Groups(reader), kGroups);
  EXPECT_EQ(reader.Version().value_or("error"), "7");
  EXPECT_EQ(layer.source().Version().value_or("error"), "8");
}

TEST_F(TableReaderTest, AVersionOfManyRowsLeavesNoneInTheWay) {
  server_->Sql("INSERT INTO versions SELECT seq FROM seq_1_to_5000", "accounts");
  Layer layer(Layer::Servers(*server_), "[queries]\nversion = \"SELECT n FROM versions\"\n");
  TableReader reader = Begin(layer);
  EXPECT_EQ(reader.Version().value_or("error"), "1");
  EXPECT_EQ(Users(reader), kUsers);
}

TEST_F(TableReaderTest, ATimeStampsFractionIsPartOfTheVersion) {
  server_->Sql("INSERT INTO versions VALUES (1)", "accounts");
  Layer layer(Layer::Servers(*server_),
              "[queries]\nversion = \"SELECT TIMESTAMP'2026-01-02 03:04:05.678901'\"\n");
  EXPECT_EQ(layer.source().Version().value_or("error"), "2026-01-02 03:04:05.678901");
}

TEST_F(TableReaderTest, NoVersionIsAnErrorAndNotAVersion) {
  for (const char* query : {"SELECT MAX(n) FROM versions", "SELECT n FROM versions"}) {
    Layer layer(Layer::Servers(*server_), "[queries]\nversion = \"" + std::string(query) + "\"\n");
    EXPECT_FALSE(layer.source().Version().has_value()) << query;
    TableReader reader = Begin(layer);
    const auto version = reader.Version();
    ASSERT_FALSE(version.has_value()) << query;
    EXPECT_NE(version.error().text.find("version"), std::string::npos) << version.error().text;
  }
}

TEST_F(TableReaderTest, WithoutAVersionQueryThereIsAnEmptyOne) {
  Layer layer(Layer::Servers(*server_), "[queries]\nversion = \"\"\n");
  TableReader reader = Begin(layer);
  EXPECT_EQ(reader.Version().value_or("error"), "");
  EXPECT_FALSE(layer.source().Version().has_value());
}

TEST_F(TableReaderTest, AHundredThousandUsersAreAllOfThem) {
  Insert("seq_1_to_100000");
  Layer layer(Layer::Servers(*server_));
  TableReader reader = Begin(layer);
  std::size_t count = 0;
  std::uint64_t sum = 0;
  const auto read = reader.Users([&](const UserRecord& user) {
    ++count;
    sum += user.uid;
    return true;
  });
  ASSERT_TRUE(read.has_value()) << read.error().text;
  EXPECT_EQ(count, 100'004U);
  EXPECT_EQ(sum, 5000U + 5001U + 2 * 5002U + 100'000ULL * 100'000 + 100'000ULL * 100'001 / 2);
  EXPECT_EQ(Groups(reader), kGroups);
}

TEST_F(TableReaderTest, AVisitorThatCannotTakeMoreEndsItWithAnError) {
  Layer layer(Layer::Servers(*server_));
  for (const bool users : {true, false}) {
    TableReader reader = Begin(layer);
    int seen = 0;
    const auto read = users ? reader.Users([&](const UserRecord&) { return ++seen < 2; })
                            : reader.Groups([&](const GroupRecord&) { return ++seen < 2; });
    EXPECT_FALSE(read.has_value());
    EXPECT_EQ(seen, 2);
    const std::string again = Users(reader);
    EXPECT_TRUE(again == kUsers || again.starts_with("error: ")) << again;
  }
}

TEST_F(TableReaderTest, AServerThatIsLostInTheMiddleIsAnErrorAndNoShortList) {
  Insert("seq_1_to_100000");
  for (const char* queries : {"", kBareGroups}) {
    Layer layer(Layer::Servers(*server_), queries);
    TableReader reader = Begin(layer);
    std::size_t count = 0;
    const auto users = reader.Users([&](const UserRecord&) {
      if (++count == 1) server_->Kill();
      return true;
    });
    ASSERT_FALSE(users.has_value()) << count;
    EXPECT_LT(count, 100'004U);
    EXPECT_NE(users.error().text.find(server_->socket() + ": getpwent: "), std::string::npos)
        << users.error().text;
    EXPECT_TRUE(Groups(reader).starts_with("error: "));
    server_->Start({"--transaction-isolation=READ-COMMITTED"});
    TableReader another = Begin(layer);
    int groups = 0;
    const auto read = another.Groups([&](const GroupRecord&) {
      if (++groups == 1) server_->Kill();
      return true;
    });
    // The few groups of a join may have arrived whole; their members are asked for one by one.
    EXPECT_TRUE(read.has_value() ? groups == 3 : groups < 3) << groups;
    EXPECT_FALSE(*queries != '\0' && read.has_value());
    server_->Start({"--transaction-isolation=READ-COMMITTED"});
  }
}

TEST_F(TableReaderTest, AQueryThatTheServerEndsIsAnErrorAndNoShortList) {
  Insert("seq_1_to_100000");
  Layer layer(Layer::Servers(*server_));
  TableReader reader = Begin(layer);
  std::size_t count = 0;
  const auto users = reader.Users([&](const UserRecord&) {
    if (++count == 1) {
      const std::string id =
          server_->Sql("SELECT MAX(id) FROM information_schema.processlist WHERE user = 'reader'");
      server_->Sql("KILL QUERY " + id);
    }
    return true;
  });
  EXPECT_FALSE(users.has_value()) << count;
}

TEST_F(TableReaderTest, AServerThatIsNotThereIsAnErrorAtTheStart) {
  Layer layer("servers = [\"/nonexistent/socket\"]\n");
  EXPECT_FALSE(layer.source().ReadTables().has_value());
}

TEST_F(TableReaderTest, ASlowQueryIsNamedOnceWithItsServer) {
  Layer layer(Layer::Servers(*server_), R"toml([queries]
getpwnam = "SELECT username, password, uid, gid, gecos, homedir, shell FROM nss_getpwnam WHERE username = :name AND SLEEP(0.3) = 0"
)toml");
  EXPECT_TRUE(layer.source().FindGroupByName("staff", [](const GroupRecord&) {}).found());
  EXPECT_TRUE(layer.log().lines().empty()) << layer.log().lines()[0];
  for (int i = 0; i < 2; ++i) EXPECT_EQ(layer.User("bob"), "bob:5001:/home/bob");
  ASSERT_EQ(layer.log().lines().size(), 1U);
  EXPECT_TRUE(layer.log().Contains("slow query: " + server_->socket() + ": getpwnam took "));
}

}  // namespace
}  // namespace sqlmap::testing
