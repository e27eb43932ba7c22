// What a write changes, and what it leaves as it was, on a real server.
#include "unit/sql/writes_fixture.h"

namespace sqlmap::testing {
namespace {

class WritesTest : public WritesFixture {
 protected:
  // Writers of this server, with [queries].
  struct WriterLayer : Layer {
    explicit WriterLayer(const std::string& rest) : Layer(Servers(*server_), rest, "writer") {}
  };
  static constexpr char kLogRow[] =
      "[queries]\nauth_failure = \"INSERT INTO log VALUES ('auth_failure', :name, :service, "
      ":rhost, :tty, :host, :pid, :message, :days)\"\n";
};

TEST_F(WritesTest, AChangeOfTheOneRowIsStored) {
  WriterLayer layer(Updating());
  EXPECT_EQ(Change(layer, "alice", "new").error, "");
  EXPECT_EQ(Hashes("alice"), "new");
  EXPECT_EQ(Cell("SELECT lstchg FROM passwords WHERE username = 'alice'"), "20000");
}

TEST_F(WritesTest, AChangeThatFindsNoRowIsAnError) {
  WriterLayer layer(Updating());
  const Outcome outcome = Change(layer, "nobody-here", "new");
  EXPECT_EQ(outcome.error, server_->socket() +
                               ": password_update: the query found 0 rows to change, and "
                               "[password] update_rows expects 1: nothing was changed");
  EXPECT_FALSE(outcome.unknown);
  EXPECT_TRUE(layer.log().Contains("found 0 rows"));
}

TEST_F(WritesTest, AChangeOfTooManyRowsIsRolledBack) {
  WriterLayer layer(Updating());
  const Outcome outcome = Change(layer, "twin", "new");
  EXPECT_NE(outcome.error.find("found 2 rows to change"), std::string::npos) << outcome.error;
  EXPECT_FALSE(outcome.unknown);
  EXPECT_EQ(Hashes("twin"), "old,old");
  EXPECT_EQ(Write(layer, {.name = "twin", .hash = "new"}, 2).error, "");
  EXPECT_EQ(Hashes("twin"), "new,new");
}

TEST_F(WritesTest, TheSameValueAgainIsNoMistake) {
  WriterLayer layer(Updating());
  EXPECT_EQ(Change(layer, "alice", "new").error, "");
  EXPECT_EQ(Change(layer, "alice", "new").error, "");
}

TEST_F(WritesTest, ARefusedWriteLeavesItsConnectionGood) {
  WriterLayer layer(
      "[queries]\npassword_update = \"UPDATE passwords SET hash = :hash, lstchg = CONNECTION_ID() "
      "WHERE username = :name\"\n");
  const auto connection = [] {
    return Cell("SELECT lstchg FROM passwords WHERE username = 'alice'");
  };
  ASSERT_EQ(Change(layer, "alice", "new").error, "");
  const std::string first = connection();
  ASSERT_NE(Change(layer, "twin", "new").error, "");
  ASSERT_NE(Change(layer, "alice", std::string(61, 'x')).error, "");
  ASSERT_EQ(Change(layer, "alice", "newer").error, "");
  EXPECT_EQ(connection(), first);
  EXPECT_EQ(Cell("SELECT COUNT(*) FROM information_schema.innodb_trx"), "0")
      << "a transaction was left open";
}

TEST_F(WritesTest, ATableWithoutTransactionsKeepsWhatWasChangedAndTheErrorSaysSo) {
  Sql("CREATE TABLE loose (username VARCHAR(32), hash VARCHAR(60)) ENGINE=MyISAM;"
      "INSERT INTO loose VALUES ('twin', 'old'), ('twin', 'old')");
  WriterLayer layer(Updating("UPDATE loose SET hash = :hash WHERE username = :name"));
  const Outcome outcome = Change(layer, "twin", "new");
  EXPECT_NE(outcome.error.find("found 2 rows"), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("the table's engine has no transactions"), std::string::npos)
      << outcome.error;
  EXPECT_EQ(outcome.error.find("nothing was changed"), std::string::npos) << outcome.error;
  EXPECT_TRUE(outcome.unknown);
  EXPECT_EQ(Cell("SELECT COUNT(*) FROM loose WHERE hash = 'new'"), "2") << "and it was true";
  Sql("DROP TABLE loose");
}

TEST_F(WritesTest, AProcedureMayReturnRowsAndSayHowManyItChanged) {
  Sql("DELIMITER //\n"
      "CREATE PROCEDURE change_one(who VARCHAR(255), what VARCHAR(60)) BEGIN\n"
      "SELECT * FROM passwords; SELECT REPEAT('x', 100000), 2 FROM passwords;\n"
      "UPDATE passwords SET hash = what WHERE username = who; END//\n");
  WriterLayer layer(Updating("CALL change_one(:name, :hash)"));
  for (const char* hash : {"one", "two", "three"}) {
    EXPECT_EQ(Change(layer, "alice", hash).error, "");
    EXPECT_EQ(Hashes("alice"), hash);
    EXPECT_NE(Change(layer, "twin", hash).error, "");
    EXPECT_EQ(Hashes("twin"), "old,old");
  }
  Sql("DROP PROCEDURE change_one");
}

TEST_F(WritesTest, AProcedureThatFailsAmongItsRowsIsRolledBack) {
  Sql("DELIMITER //\n"
      "CREATE PROCEDURE fail_late(who VARCHAR(255), what VARCHAR(60)) BEGIN\n"
      "UPDATE passwords SET hash = what WHERE username = who; SELECT * FROM passwords;\n"
      "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the hash was topsecret'; END//\n");
  WriterLayer layer(Updating("CALL fail_late(:name, :hash)"));
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = Change(layer, "alice", "topsecret");
    EXPECT_NE(outcome.error.find("error 1644: a trigger or procedure refused it"),
              std::string::npos)
        << outcome.error;
    EXPECT_EQ(outcome.error.find("topsecret"), std::string::npos);
    EXPECT_FALSE(outcome.unknown);
    EXPECT_EQ(Hashes("alice"), "old");
  }
  Sql("DROP PROCEDURE fail_late");
}

TEST_F(WritesTest, AProcedureThatCommitsByItselfIsNotSaidToBeUndone) {
  Sql("DELIMITER //\n"
      "CREATE PROCEDURE commits(who VARCHAR(255), what VARCHAR(60)) BEGIN\n"
      "UPDATE passwords SET hash = what WHERE username = who; COMMIT;\n"
      "UPDATE passwords SET hash = what WHERE username = 'nobody-here'; END//\n");
  WriterLayer layer(Updating("CALL commits(:name, :hash)"));
  const Outcome outcome = Change(layer, "twin", "new");
  EXPECT_NE(outcome.error.find("ended its transaction by itself"), std::string::npos)
      << outcome.error;
  EXPECT_EQ(outcome.error.find("nothing was changed"), std::string::npos) << outcome.error;
  EXPECT_TRUE(outcome.unknown);
  EXPECT_EQ(Hashes("twin"), "new,new");
  Sql("DROP PROCEDURE commits");
}

TEST_F(WritesTest, ARowThatTheQueryReturnsIsReadAway) {
  WriterLayer layer(
      "[queries]\nsession_open = \"INSERT INTO log (event, username) VALUES ('open', :name) "
      "RETURNING event, username\"\n");
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(Write(layer, {.name = "alice"}, std::nullopt, QueryId::kSessionOpen).error, "");
  EXPECT_EQ(Cell("SELECT COUNT(*) FROM log"), "3");
}

TEST_F(WritesTest, AQueryThatOnlyReturnsRowsDoesNotPassForAChange) {
  WriterLayer layer(
      Updating("SELECT hash FROM passwords WHERE username = :name AND hash <> :hash"));
  const Outcome outcome = Change(layer, "alice", "new");
  EXPECT_NE(outcome.error.find("does not say how many it changed"), std::string::npos)
      << outcome.error;
  EXPECT_FALSE(outcome.unknown);
}

TEST_F(WritesTest, ALookUpThatReturnsNoRowsIsStillAMistake) {
  WriterLayer layer(
      "[queries]\ngetpwnam = \"UPDATE passwords SET lstchg = 5 WHERE username = "
      ":name\"\n");
  EXPECT_EQ(layer.User("alice").substr(0, 11), "unavailable");
  EXPECT_TRUE(layer.log().Contains("the query returns no rows"));
  EXPECT_EQ(Cell("SELECT lstchg FROM passwords WHERE username = 'alice'"), "1");
}

// The server quotes values in each of these.
TEST_F(WritesTest, NoErrorQuotesTheHash) {
  Sql("CREATE TABLE strict (username VARCHAR(32), hash VARCHAR(60) UNIQUE, number INT,"
      "CONSTRAINT no_secrets CHECK (hash NOT LIKE '%check%')) ENGINE=InnoDB;"
      "INSERT INTO strict VALUES ('alice', 'topsecret', 1), ('bob', 'other', 1)");
  const struct {
    const char* query;
    const char* hash;
    const char* error;
  } cases[] = {
      {"UPDATE strict SET hash = :hash WHERE username = 'bob' AND :name <> ''", "topsecret",
       "error 1062: a value that must be unique is there already"},
      {"UPDATE strict SET hash = CONCAT(:hash, REPEAT('x', 99)) WHERE username = :name",
       "topsecret", "error 1406: a value is too long for its column"},
      {"UPDATE strict SET number = :hash WHERE username = :name", "topsecret", "error 1366"},
      {"UPDATE strict SET number = CAST(:hash AS INT) WHERE username = :name", "topsecret",
       "error 1292"},
      {"UPDATE strict SET hash = :hash WHERE username = :name", "topsecret-check",
       "error 4025: a CHECK of the table refused it"},
      {"UPDATE strict SET hash = (SELECT username FROM passwords WHERE :hash <> :name)",
       "topsecret", "error 1242: what it says may hold what was written"},
  };
  for (const auto& each : cases) {
    WriterLayer layer(Updating(each.query));
    const Outcome outcome = Change(layer, "alice", each.hash);
    EXPECT_NE(outcome.error.find(each.error), std::string::npos) << outcome.error;
    EXPECT_EQ(outcome.error.find("topsecret"), std::string::npos) << outcome.error;
    EXPECT_FALSE(layer.log().lines().empty());
    EXPECT_FALSE(layer.log().Contains("topsecret"));
    EXPECT_FALSE(outcome.unknown);
  }
  Sql("DROP TABLE strict");
}

TEST_F(WritesTest, AHashIsNeverCutToFitWhateverTheServersModeIs) {
  const std::string usual = Cell("SELECT @@GLOBAL.sql_mode");
  for (const char* mode : {"", "ANSI_QUOTES"}) {
    Sql(std::string("SET GLOBAL sql_mode = '") + mode + "'");
    WriterLayer layer(Updating());
    EXPECT_NE(Change(layer, "alice", std::string(61, 'x')).error, "") << mode;
    EXPECT_EQ(Hashes("alice"), "old") << mode;
    EXPECT_EQ(Change(layer, "alice", std::string(60, 'x')).error, "") << mode;
    SetUp();
  }
  Sql("SET GLOBAL sql_mode = '" + usual + "'");
}

TEST_F(WritesTest, EachParameterArrivesAsItIs) {
  WriterLayer layer(kLogRow);
  const std::string message =
      "wrong password: \"it's\" `so` \\ %s :hash ? \xc3\xb6\xe2\x82\xac\xf0\x9f\x98\x80";
  const QueryArguments arguments{.name = "al'ice",
                                 .service = "ssh\"d",
                                 .rhost = "2001:db8::1",
                                 .tty = "pts/0\\",
                                 .message = message,
                                 .days = 2'958'465,
                                 .pid = 0x1'0000'0001};
  ASSERT_EQ(Write(layer, arguments, std::nullopt, QueryId::kAuthFailure).error, "");
  EXPECT_EQ(Sql("SELECT username, service, rhost, QUOTE(tty), host, pid, days FROM log"),
            "al'ice\tssh\"d\t2001:db8::1\t'pts/0\\\\\\\\'\tthishost\t4294967297\t2958465\n");
  EXPECT_EQ(Cell("SELECT LOWER(HEX(message)) = '" +
                 [&] {
                   std::string hex;
                   for (const char c : message) {
                     constexpr char kDigits[] = "0123456789abcdef";
                     hex += kDigits[static_cast<unsigned char>(c) >> 4];
                     hex += kDigits[static_cast<unsigned char>(c) & 15];
                   }
                   return hex;
                 }() +
                 "' FROM log"),
            "1");
}

TEST_F(WritesTest, WhatAWriterIsAskedIsAnsweredAndLeavesNoTransactionOpen) {
  WriterLayer layer(Updating());
  for (int i = 0; i < 2; ++i) {
    std::size_t rows = 0;
    const Answer answer = layer.source().FindAuthRows(
        {.name = "alice"}, Deadline::In(QueryRunner::kCallBudgetMs),
        [&](std::span<const AuthRow> found) { rows = found.size(); },
        SqlAccountSource::Asked::kWriters);
    EXPECT_TRUE(answer.found());
    EXPECT_EQ(rows, 1U);
    ASSERT_EQ(Change(layer, "alice", "new").error, "");
  }
  EXPECT_EQ(Cell("SELECT COUNT(*) FROM information_schema.innodb_trx"), "0");
}

TEST_F(WritesTest, AQueryThatIsNotConfiguredWritesNothing) {
  WriterLayer layer("");
  EXPECT_EQ(Change(layer, "alice", "new").error, "no query is configured for this");
  EXPECT_EQ(Hashes("alice"), "old");
}

TEST_F(WritesTest, AMissingGrantNamesTheTable) {
  WriterLayer layer(Updating("UPDATE mysql.global_priv SET Priv = :hash WHERE User = :name"));
  const Outcome outcome = Change(layer, "alice", "topsecret");
  EXPECT_NE(outcome.error.find("prepare: error 1142: "), std::string::npos) << outcome.error;
  EXPECT_NE(outcome.error.find("global_priv"), std::string::npos) << outcome.error;
  EXPECT_EQ(outcome.error.find("topsecret"), std::string::npos);
}

}  // namespace
}  // namespace sqlmap::testing
