// The account source against a real server: what is found, what is absent, what a row may not do.
#include <algorithm>

#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

class SourceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new MariaDbServer();
    server_->Sql(kTables);
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void TearDown() override {
    server_->Sql("DELETE FROM users WHERE username NOT IN ('alice', 'bob', 'twin-a', 'twin-b')",
                 "accounts");
  }
  static void Insert(const std::string& values) {
    server_->Sql(
        "INSERT INTO users (username, password, uid, gid, gecos, homedir, shell, hash, status) "
        "VALUES (" +
            values + ")",
        "accounts");
  }
  static std::vector<std::string> AllUsers(Layer& layer) {
    std::vector<std::string> names;
    Cursor<UserRecord>* cursor = nullptr;
    EXPECT_TRUE(layer.source().ListUsers(cursor).found());
    UserRecord user;
    Answer answer = cursor->Next(user);
    for (; answer.found(); answer = cursor->Next(user)) names.emplace_back(user.name);
    EXPECT_TRUE(answer.absent()) << "the walk broke off";
    cursor->Close();
    std::sort(names.begin(), names.end());
    return names;
  }

  static MariaDbServer* server_;
};
MariaDbServer* SourceTest::server_ = nullptr;

TEST_F(SourceTest, AUserIsFoundByNameAndNobodyElseIs) {
  Layer layer(Layer::Servers(*server_));
  EXPECT_EQ(layer.User("alice"), "alice:5000:/home/alice");
  EXPECT_EQ(layer.User("nobody-here"), "absent");
}

TEST_F(SourceTest, TheCollationDecidesNobodysIdentity) {
  Insert("'bolt.example', 'x', 6000, 5000, '', '/h', '/bin/sh', NULL, 1");
  Layer layer(Layer::Servers(*server_),
              "[accounts]\nname_first = \"A-Za-z0-9_\"\nname_rest = \"A-Za-z0-9._@-\"\n");
  EXPECT_EQ(layer.User("bolt.example"), "bolt.example:6000:/h");
  for (const char* other :
       {"BOLT.EXAMPLE", "Bolt.example", "bolt.example ", "b\xc3\xb6lt.example"}) {
    EXPECT_EQ(layer.User(other), "absent") << other;
  }
}

TEST_F(SourceTest, MixedCaseRowsAreServedInLowerCaseOnly) {
  Insert("'Shop.Example', 'x', 6000, 5000, '', '/h', '/bin/sh', NULL, 1");
  Layer layer(Layer::Servers(*server_), "[accounts]\nname_case = \"lower\"\n");
  EXPECT_EQ(layer.User("shop.example"), "shop.example:6000:/h");
  EXPECT_EQ(layer.User("Shop.Example"), "absent");
  Layer exact(Layer::Servers(*server_));
  EXPECT_EQ(exact.User("shop.example"), "absent");
}

TEST_F(SourceTest, NoRowCreatesRootOrASystemAccount) {
  for (const char* id : {"'0'", "'-1'", "'999'", "'65534'", "'65535'", "'4294967295'",
                         "'4294967296'", "'18446744073709551616'", "'abc'", "''", "' 5000'",
                         "'5000x'", "'0x1388'", "'5e3'", "NULL"}) {
    Insert(std::string("'evil', 'x', ") + id + ", '5000', '', '/h', '/bin/sh', NULL, 1");
    Layer by_uid(Layer::Servers(*server_));
    EXPECT_EQ(by_uid.User("evil"), "absent") << "uid " << id;
    server_->Sql("DELETE FROM users WHERE username = 'evil'", "accounts");
    Insert(std::string("'evil', 'x', '5000', ") + id + ", '', '/h', '/bin/sh', NULL, 1");
    EXPECT_EQ(by_uid.User("evil"), "absent") << "gid " << id;
    EXPECT_TRUE(by_uid.log().Contains("\"evil\" is left out")) << id;
    server_->Sql("DELETE FROM users WHERE username = 'evil'", "accounts");
  }
}

TEST_F(SourceTest, ARowThatWouldForgeAPasswdLineIsLeftOut) {
  const char* const rows[] = {
      "'evil', 'x', '6000', '5000', 'a:b', '/h', '/bin/sh', NULL, 1",
      "'evil', 'x', '6000', '5000', 'a\\nroot::0:0:::', '/h', '/bin/sh', NULL, 1",
      "'evil', 'x', '6000', '5000', NULL, '/h', '/bin/sh', NULL, 1",
      "'evil', 'x', '6000', '5000', '', '/h:/x', '/bin/sh', NULL, 1",
      "'evil', 'x', '6000', '5000', '', 'relative', '/bin/sh', NULL, 1",
      "'evil', 'x', '6000', '5000', '', '', '/bin/sh', NULL, 1",
      "'evil', 'x', '6000', '5000', '', NULL, '/bin/sh', NULL, 1",
      "'evil', 'x', '6000', '5000', '', '/h', '', NULL, 1",
      "'evil', 'x', '6000', '5000', '', '/h', NULL, NULL, 1",
      "'evil', 'x', '6000', '5000', '', '/h', 'sh', NULL, 1",
  };
  for (const char* row : rows) {
    Insert(row);
    Layer layer(Layer::Servers(*server_));
    EXPECT_EQ(layer.User("evil"), "absent") << row;
    EXPECT_EQ(AllUsers(layer), (std::vector<std::string>{"alice", "bob", "twin-a", "twin-b"}))
        << row;
    server_->Sql("DELETE FROM users WHERE username = 'evil'", "accounts");
  }
}

TEST_F(SourceTest, ABadRowEndsNoEnumerationWhereverItStands) {
  Insert("'aaaa', 'x', '0', '0', '', '/', '/bin/sh', NULL, 1");
  Insert("NULL, 'x', '6000', '5000', '', '/', '/bin/sh', NULL, 1");
  Insert("'zzzz', 'x', '6000', '5000', '', '/z', '/bin/sh', NULL, 1");
  Insert("'UPPER', 'x', '6000', '5000', '', '/z', '/bin/sh', NULL, 1");
  Layer layer(Layer::Servers(*server_));
  EXPECT_EQ(AllUsers(layer),
            (std::vector<std::string>{"alice", "bob", "twin-a", "twin-b", "zzzz"}));
}

TEST_F(SourceTest, ATableFullOfBadRowsFillsNoLog) {
  server_->Sql(
      "INSERT INTO users SELECT CONCAT('bad', seq), 'x', '0', '0', '', '/', '/bin/sh', NULL, 1 "
      "FROM seq_1_to_2000",
      "accounts");
  Layer layer(Layer::Servers(*server_));
  EXPECT_EQ(AllUsers(layer).size(), 4U);
  EXPECT_EQ(layer.log().lines().size(), Complaints::kBadRowsLogged);
}

TEST_F(SourceTest, NoHashGoesIntoAPasswdLine) {
  Insert("'leaky', '$6$salt$hash', '6000', '5000', '', '/h', '/bin/sh', NULL, 1");
  Insert("'open', '', '6001', '5000', '', '/h', '/bin/sh', NULL, 1");
  Layer layer(Layer::Servers(*server_));
  for (const char* name : {"leaky", "open"}) {
    std::string password;
    layer.source().FindUserByName(name, [&](const UserRecord& user) { password = user.password; });
    EXPECT_EQ(password, "x") << name;
  }
}

TEST_F(SourceTest, ASharedUidHasAlwaysTheSameName) {
  Insert("'tw', 'x', '5002', '5000', '', '/h', '/bin/sh', NULL, 1");
  Layer layer(Layer::Servers(*server_));
  std::string name;
  const auto take = [&](const UserRecord& user) { name = user.name; };
  EXPECT_TRUE(layer.source().FindUserById(5002, take).found());
  EXPECT_EQ(name, "tw");
  server_->Sql("DELETE FROM users WHERE username = 'tw'", "accounts");
  EXPECT_TRUE(layer.source().FindUserById(5002, take).found());
  EXPECT_EQ(name, "twin-a");
}

TEST_F(SourceTest, AUidWhoseRowsAreAllRefusedIsNotAbsentBehindALimit) {
  const auto ask = [](Layer& layer) {
    return layer.source().FindUserById(6500, [](const UserRecord&) {});
  };
  Insert("'x:y', 'x', '6500', '5000', '', '/h', '/bin/sh', NULL, 1");
  Layer layer(Layer::Servers(*server_));
  EXPECT_TRUE(ask(layer).absent()) << "one row, which is nobody";
  server_->Sql(
      "INSERT INTO users SELECT CONCAT('a:', seq), 'x', '6500', '5000', '', '/h', "
      "'/bin/sh', NULL, 1 FROM seq_1_to_16",
      "accounts");
  Insert("'behind-the-limit', 'x', '6500', '5000', '', '/h', '/bin/sh', NULL, 1");
  EXPECT_EQ(ask(layer), Answer::Unavailable(Reason::kServerError));
  EXPECT_TRUE(layer.log().Contains("getpwuid: none of 16 rows for uid 6500"));
  server_->Sql("UPDATE users SET username = 'ok' WHERE username = 'behind-the-limit'", "accounts");
  EXPECT_TRUE(ask(layer).found());
  server_->Sql("DELETE FROM users WHERE username = 'ok'", "accounts");
}

TEST_F(SourceTest, ReservedAndForeignIdsReachNoServer) {
  Layer layer("servers = [\"/nonexistent/socket\"]\n");
  for (const Uid uid : {0U, 1U, 999U, 65534U, 65535U, 4294967294U, 4294967295U}) {
    EXPECT_TRUE(layer.source().FindUserById(uid, [](const UserRecord&) {}).absent()) << uid;
    EXPECT_TRUE(layer.source().FindGroupById(uid, [](const GroupRecord&) {}).absent()) << uid;
  }
  for (const char* name : {"", "*", "a:b", "-rf", "..", "1234", "a b", "a/b"})
    EXPECT_EQ(layer.User(name), "absent") << name;
}

TEST_F(SourceTest, TheUidOffsetIsAddedOnTheWayOutAndTakenOffOnTheWayIn) {
  Layer layer(Layer::Servers(*server_), "[accounts]\nuid_offset = 100000\n");
  EXPECT_EQ(layer.User("alice"), "alice:105000:/home/alice");
  std::string name;
  EXPECT_TRUE(layer.source()
                  .FindUserById(105001, [&](const UserRecord& user) { name = user.name; })
                  .found());
  EXPECT_EQ(name, "bob");
  EXPECT_TRUE(layer.source().FindUserById(5001, [](const UserRecord&) {}).absent());
}

TEST_F(SourceTest, HomeAndShellFollowTheConfiguration) {
  Layer layer(Layer::Servers(*server_),
              "[accounts]\nhome = \"/srv/%u/%n\"\nshells = [\"/bin/sh\"]\n");
  std::string seen;
  const auto take = [&](const UserRecord& user) {
    seen = std::string(user.home) + " " + std::string(user.shell);
  };
  EXPECT_TRUE(layer.source().FindUserByName("alice", take).found());
  EXPECT_EQ(seen, "/srv/5000/alice /bin/sh");
  EXPECT_TRUE(layer.source().FindUserByName("bob", take).found());
  EXPECT_EQ(seen, "/srv/5001/bob /usr/sbin/nologin");
}

std::string GroupText(Layer& layer, std::string_view name) {
  std::string seen;
  const Answer answer = layer.source().FindGroupByName(name, [&](const GroupRecord& group) {
    seen = std::string(group.name) + ":" + std::to_string(group.gid) + ":" +
           std::to_string(group.members.count);
    group.members.ForEach([&](std::string_view member) { seen += " " + std::string(member); });
  });
  return answer.found() ? seen : Layer::Word(answer);
}

TEST_F(SourceTest, GroupsComeWithTheirMembersByJoinAndByQuery) {
  Layer joined(Layer::Servers(*server_));
  Layer asked(Layer::Servers(*server_), R"toml([queries]
getgrnam = "SELECT groupname, password, gid FROM nss_getgrnam WHERE groupname = :name"
getgrgid = "SELECT groupname, password, gid FROM nss_getgrnam WHERE gid = :gid"
getgrent = "SELECT groupname, password, gid FROM nss_getgrnam"
)toml");
  for (Layer* layer : {&joined, &asked}) {
    EXPECT_EQ(GroupText(*layer, "staff"), "staff:5000:2 alice bob");
    EXPECT_EQ(GroupText(*layer, "empty"), "empty:5005:0");
    EXPECT_EQ(GroupText(*layer, "nothing"), "absent");
    std::string name;
    EXPECT_TRUE(layer->source()
                    .FindGroupById(5006, [&](const GroupRecord& group) { name = group.name; })
                    .found());
    EXPECT_EQ(name, "web");
    Cursor<GroupRecord>* cursor = nullptr;
    ASSERT_TRUE(layer->source().ListGroups(cursor).found());
    std::string all;
    GroupRecord group;
    while (cursor->Next(group).found())
      all += std::string(group.name) + "=" + std::to_string(group.members.count) + " ";
    cursor->Close();
    EXPECT_EQ(all, "staff=2 empty=0 web=1 ");
  }
}

TEST_F(SourceTest, ALocalNameIsNoRowsButThatAccountsAndMayBeAMember) {
  Layer layer(Layer::Servers(*server_));
  AccountSettings& accounts = layer.accounts();
  accounts.local_uids = LocalIds::Parse("alice:x:998:\nbob:x:5001:\n");
  accounts.local_gids = LocalIds::Parse("web:x:999:\nstaff:x:5000:\n");
  accounts.allow_uids = {5001};
  accounts.allow_gids = {5000};
  EXPECT_EQ(layer.User("alice"), "absent");
  EXPECT_TRUE(layer.log().Contains("username is a local account's"));
  EXPECT_EQ(layer.User("bob"), "bob:5001:/home/bob");
  EXPECT_EQ(GroupText(layer, "web"), "absent");
  EXPECT_TRUE(layer.log().Contains("groupname is a local group's"));
  EXPECT_EQ(GroupText(layer, "staff"), "staff:5000:2 alice bob");
}

TEST_F(SourceTest, AMemberListInOneCellIsTakenApart) {
  server_->Sql("INSERT INTO memberships VALUES (5005, ',alice,, bob ,,Root,x:y,')", "accounts");
  Layer layer(Layer::Servers(*server_));
  EXPECT_EQ(GroupText(layer, "empty"), "empty:5005:2 alice bob");
  server_->Sql("DELETE FROM memberships WHERE gid = 5005", "accounts");
}

TEST_F(SourceTest, AMemberColumnNamesTheMembersToo) {
  Layer layer(Layer::Servers(*server_), R"toml([queries]
getgrnam = "SELECT groupname, password, gid FROM nss_getgrnam WHERE groupname = :name"
memsbygid = "SELECT username AS member FROM nss_memsbygid WHERE gid = :gid"
)toml");
  EXPECT_EQ(GroupText(layer, "staff"), "staff:5000:2 alice bob");
}

TEST_F(SourceTest, AMemberThatIsNoNameIsLoggedForItsGroup) {
  server_->Sql("INSERT INTO memberships VALUES (5005, 'alice'), (5005, 'x:y')", "accounts");
  Layer layer(Layer::Servers(*server_));
  EXPECT_EQ(GroupText(layer, "empty"), "empty:5005:1 alice");
  EXPECT_TRUE(layer.log().Contains("member"));
  server_->Sql("DELETE FROM memberships WHERE gid = 5005", "accounts");
}

// Under ThreadSanitizer fifty thousand rows take longer than a look-up may.
#ifdef __SANITIZE_THREAD__
constexpr std::size_t kManyMembers = 10'000;
#else
constexpr std::size_t kManyMembers = 50'000;
#endif

TEST_F(SourceTest, AGroupOfFiftyThousandMembersIsWhole) {
  server_->Sql("INSERT INTO memberships SELECT 5005, CONCAT('member', seq) FROM seq_1_to_" +
                   std::to_string(kManyMembers),
               "accounts");
  Layer layer(Layer::Servers(*server_));
  std::size_t count = 0;
  EXPECT_TRUE(layer.source()
                  .FindGroupByName("empty",
                                   [&](const GroupRecord& group) {
                                     group.members.ForEach([&](std::string_view) { ++count; });
                                   })
                  .found());
  EXPECT_EQ(count, kManyMembers);
  server_->Sql("DELETE FROM memberships WHERE gid = 5005", "accounts");
}

TEST_F(SourceTest, NobodyEntersASystemGroupThroughARow) {
  server_->Sql(
      "INSERT INTO memberships VALUES (0, 'bob'), (27, 'bob'), (5006, 'bob'), (5006, 'bob')",
      "accounts");
  Layer layer(Layer::Servers(*server_));
  std::vector<Gid> gids;
  EXPECT_TRUE(layer.source()
                  .FindGroupsOfUser(
                      "bob", [&](std::span<const Gid> all) { gids.assign(all.begin(), all.end()); })
                  .found());
  EXPECT_EQ(gids, (std::vector<Gid>{5000, 5006}));
  EXPECT_TRUE(layer.source().FindGroupsOfUser("twin-a", [](std::span<const Gid>) {}).absent());
  server_->Sql("DELETE FROM memberships WHERE username = 'bob' AND gid <> 5000", "accounts");
}

TEST_F(SourceTest, AShadowLineWithoutAHashIsLocked) {
  Layer layer(Layer::Servers(*server_));
  for (const auto& [name, expected] : std::vector<std::pair<std::string, std::string>>{
           {"alice", "$6$a"}, {"bob", "*"}, {"twin-b", "*"}, {"twin-a", "*"}}) {
    std::string hash;
    EXPECT_TRUE(layer.source()
                    .FindShadow(name, [&](const ShadowRecord& shadow) { hash = shadow.hash; })
                    .found());
    EXPECT_EQ(hash, expected) << name;
  }
  Cursor<ShadowRecord>* cursor = nullptr;
  ASSERT_TRUE(layer.source().ListShadows(cursor).found());
  ShadowRecord shadow;
  int rows = 0;
  while (cursor->Next(shadow).found()) ++rows;
  cursor->Close();
  EXPECT_EQ(rows, 4);
}

TEST_F(SourceTest, NoPrivilegedConnectionStaysOpenAfterACall) {
  Layer layer(Layer::Servers(*server_));
  EXPECT_TRUE(layer.source().FindShadow("alice", [](const ShadowRecord&) {}).found());
  for (int tries = 0; tries < 1000; ++tries) {
    if (server_->Sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'reader'") ==
        "0\n")
      return;
  }
  FAIL() << "the connection is still there";
}

TEST_F(SourceTest, AuthRowsKeepNullApartFromText) {
  Layer layer(Layer::Servers(*server_));
  const auto seen = [&](const char* name) {
    std::string text;
    layer.source().FindAuthRows(
        {.name = name}, Deadline::In(900), [&](std::span<const AuthRow> rows) {
          for (const AuthRow& row : rows) {
            text += std::string(row.hash ? *row.hash : "NULL") + (row.enabled ? " on " : " off ") +
                    std::string(row.owner);
          }
        });
    return text;
  };
  EXPECT_EQ(seen("alice"), "$6$a on owner of alice");
  EXPECT_EQ(seen("bob"), "NULL on owner of bob");
  EXPECT_EQ(seen("twin-b"), " off owner of twin-b");
  EXPECT_EQ(seen("ghost"), "");
}

TEST_F(SourceTest, ANullServiceOrSchemeOpensNothing) {
  for (const char* column : {"services", "scheme"}) {
    Layer layer(Layer::Servers(*server_),
                std::string("[queries]\nauth = \"SELECT username, hash AS password, NULL AS ") +
                    column + " FROM users WHERE username = :name\"\n");
    EXPECT_TRUE(
        layer.source()
            .FindAuthRows({.name = "alice"}, Deadline::In(900), [](std::span<const AuthRow>) {})
            .absent())
        << column;
    EXPECT_TRUE(layer.log().Contains(std::string(column) + " is NULL"));
  }
}

TEST_F(SourceTest, ColumnsAreTakenByNameOrInTheDefaultOrder) {
  Layer named(Layer::Servers(*server_), R"toml([queries]
getpwnam = "SELECT shell, 'extra' AS something, homedir, gecos, gid, uid, password, username FROM nss_getpwnam WHERE username = :name"
)toml");
  EXPECT_EQ(named.User("alice"), "alice:5000:/home/alice");
  Layer ordered(Layer::Servers(*server_), R"toml([queries]
getpwnam = "SELECT username a, password b, uid c, gid d, gecos e, homedir f, shell g FROM nss_getpwnam WHERE username = :name"
)toml");
  EXPECT_EQ(ordered.User("alice"), "alice:5000:/home/alice");
  Layer lacking(Layer::Servers(*server_), R"toml([queries]
getpwnam = "SELECT username, uid, homedir, shell FROM nss_getpwnam WHERE username = :name"
)toml");
  EXPECT_EQ(lacking.User("alice"), Layer::Word(Answer::Unavailable(Reason::kServerError)));
  EXPECT_TRUE(lacking.log().Contains("does not return the column gid"));
}

TEST_F(SourceTest, AParameterIsBoundAndNeverSql) {
  Layer layer(Layer::Servers(*server_), R"toml([accounts]
name_first = "!-)+.;-~"
name_rest = "!-)+.;-~"
)toml");
  EXPECT_EQ(layer.User("x'OR'1'='1"), "absent");
  EXPECT_EQ(layer.User("alice'#"), "absent");
  EXPECT_EQ(layer.User("alice\\"), "absent");
}

TEST_F(SourceTest, AFieldOfAMegabyteSkipsItsRowOnly) {
  server_->Sql(
      "ALTER TABLE users MODIFY gecos LONGTEXT; INSERT INTO users VALUES ('huge', 'x', '6000', "
      "'5000', REPEAT('g', 2000000), '/h', "
      "'/bin/sh', NULL, 1), ('large', 'x', '6001', '5000', REPEAT('g', 100000), '/large', "
      "'/bin/sh', NULL, 1)",
      "accounts");
  Layer layer(Layer::Servers(*server_));
  EXPECT_EQ(layer.User("huge"), "absent");
  EXPECT_EQ(layer.User("large"), "large:6001:/large");
  EXPECT_EQ(layer.User("alice"), "alice:5000:/home/alice");
  EXPECT_EQ(AllUsers(layer),
            (std::vector<std::string>{"alice", "bob", "large", "twin-a", "twin-b"}));
}

TEST_F(SourceTest, EnumerationCanBeSwitchedOff) {
  Layer layer(Layer::Servers(*server_), "[accounts]\nenumerate = false\n");
  Cursor<UserRecord>* users = nullptr;
  Cursor<GroupRecord>* groups = nullptr;
  EXPECT_TRUE(layer.source().ListUsers(users).absent());
  EXPECT_TRUE(layer.source().ListGroups(groups).absent());
  EXPECT_EQ(layer.User("alice"), "alice:5000:/home/alice");
}

TEST_F(SourceTest, AQueryThatIsLeftOutIsUnavailableNotAbsent) {
  Layer layer(Layer::Servers(*server_), "[queries]\ngetpwnam = \"\"\n");
  EXPECT_EQ(layer.User("alice"), Layer::Word(Answer::Unavailable(Reason::kNotConfigured)));
}

TEST_F(SourceTest, EightThreadsShareFourConnections) {
  Layer layer(Layer::Servers(*server_));
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 200; ++n) {
        const bool alice = (n + i) % 2 == 0;
        if (layer.User(alice ? "alice" : "bob") !=
            (alice ? "alice:5000:/home/alice" : "bob:5001:/home/bob"))
          ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  const int connections = std::stoi(
      server_->Sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'reader'"));
  EXPECT_LE(connections, 4);
}

}  // namespace
}  // namespace sqlmap::testing
