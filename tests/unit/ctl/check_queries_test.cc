#include <gtest/gtest.h>

#include "ctl/check/explain.h"
#include "ctl/check/queries.h"
#include "ctl/check/servers.h"

namespace sqlmap {
namespace {

TEST(Explain, ALargeTableThatIsReadAsAWholeIsNamed) {
  struct Row {
    std::vector<PlanStep> steps;
    const char* scans;
    const char* indices;
  };
  const Row rows[] = {
      {{{"users", "const", "PRIMARY", 1}}, "", "PRIMARY of users"},
      {{{"users", "ALL", "", 100000}}, "users (100000 rows)", ""},
      {{{"users", "index", "uid", 500}}, "users (500 rows)", ""},
      {{{"users", "ALL", "", 8}}, "", "all of users (8 rows)"},
      {{{"groups", "ref", "name", 1}, {"members", "ALL", "", 200}},
       "members (200 rows)",
       "name of groups"},
      {{{"<derived2>", "ALL", "", 5000}, {"users", "range", "name", 3}}, "", "name of users"},
      {{{"names", "range", "PRIMARY", 3000}}, "names (3000 rows)", ""},
      {{{"names", "range", "PRIMARY", 3}}, "", "PRIMARY of names"},
      {{}, "", ""},
  };
  for (const Row& row : rows) {
    const Plan plan = JudgePlan(row.steps, 1);
    EXPECT_EQ(plan.scans, row.scans);
    EXPECT_EQ(plan.indices, row.indices);
  }
}

TEST(Explain, AWholeTableThatIsTheAnswerIsNoFault) {
  const PlanStep steps[] = {{"groups", "const", "PRIMARY", 1}, {"people", "index", "uid", 3000}};
  EXPECT_EQ(JudgePlan(steps, 3000).scans, "");
  EXPECT_EQ(JudgePlan(steps, 2000).indices, "PRIMARY of groups, all of people (3000 rows)");
  EXPECT_EQ(JudgePlan(steps, 1000).scans, "people (3000 rows)");
}

TEST(Explain, ColumnsAreFoundByName) {
  const std::vector<std::string> columns = {"id", "table", "type", "key", "rows", "extra"};
  using Text = std::vector<std::optional<std::string>>;
  const std::vector<Text> rows = {
      {"1", "users", "ref", "uid", "7", ""},
      {"1", "log", "ALL", std::nullopt, std::nullopt, std::nullopt},
      {"1", std::nullopt, std::nullopt, std::nullopt, std::nullopt, "Impossible WHERE"},
      {"1"},
  };
  const std::vector<PlanStep> steps = StepsOf(columns, rows);
  ASSERT_EQ(steps.size(), 2U);
  EXPECT_EQ(steps[0].table + steps[0].type + steps[0].key + std::to_string(steps[0].rows),
            "usersrefuid7");
  EXPECT_EQ(steps[1].key + std::to_string(steps[1].rows), "0");
}

TEST(Types, AnIdThatItsColumnCannotHoldIsAnError) {
  const std::vector<std::string> names = {"username", "uid", "gid", "homedir", "shell", "expire"};
  const auto fields = FieldMap::Build(QueryId::kGetpwnam, names);
  ASSERT_TRUE(fields);
  using enum ColumnType;
  struct Row {
    std::vector<ColumnType> types;
    std::optional<Level> level;
    const char* says;
  };
  const Row rows[] = {
      {{kText, kInteger, kDecimal, kText, kText, kText}, std::nullopt, ""},
      {{kText, kDouble, kInteger, kText, kText, kInteger}, std::nullopt, ""},
      {{kText, kFloat, kInteger, kText, kText, kText}, Level::kError, "uid: FLOAT"},
      {{kText, kText, kText, kText, kText, kText}, Level::kWarning, "uid, gid: the column is text"},
      {{kText, kInteger, kInteger, kText, kText, kOther}, Level::kError, "expire: "},
      {{kText, kText, kFloat, kText, kText, kText}, Level::kError, "gid: FLOAT"},
  };
  for (const Row& row : rows) {
    const auto complaint = JudgeTypes(*fields, row.types);
    ASSERT_EQ(complaint.has_value(), row.level.has_value()) << row.says;
    if (!complaint) continue;
    EXPECT_EQ(complaint->level, *row.level);
    EXPECT_TRUE(complaint->what.starts_with(row.says)) << complaint->what;
  }
}

TEST(Remedy, WhatAServerSaysBeforeTlsIsNotACertificatesFault) {
  struct Row {
    unsigned code;
    std::string text;
    const char* remedy;
  };
  const Row rows[] = {
      {1130, "Host '192.0.2.7' is not allowed (said before TLS, unverified)",
       "CREATE USER sqlmap "},
      {1040, "Too many connections (said before TLS, unverified)", "raise max_connections "},
      {1129, "Host '192.0.2.7' is blocked (said before TLS, unverified)", "FLUSH HOSTS "},
      {0, "error 2026: TLS/SSL error: certificate has expired", "give the server "},
  };
  Settings settings;
  settings.database.user = "sqlmap";
  for (const Row& row : rows) {
    SqlError error{SqlError::Kind::kUnreachable, "sign in: " + row.text};
    error.code = row.code;
    const std::string remedy = RemedyFor(error, settings, AccountRole::kIdentity);
    EXPECT_TRUE(remedy.starts_with(row.remedy)) << row.text << ": " << remedy;
  }
}

TEST(Remedy, WhomTheServerTurnsAwayIsNotToldToStartIt) {
  struct Row {
    unsigned code;
    std::string text;
    const char* remedy;
  };
  const Row rows[] = {
      {1862, "Your password has expired.", "ALTER USER the password of sqlmap "},
      {3118, "Account is locked.", "ALTER USER sqlmap ACCOUNT UNLOCK"},
      {3032, "The server is currently in offline mode", "mend that on the server"},
      {0, std::string("error 5010: the method is not allowed. ") + kAllowedHere,
       "for caching_sha2_password name a socket, "},
  };
  Settings settings;
  settings.database.user = "sqlmap";
  for (const Row& row : rows) {
    SqlError error{SqlError::Kind::kUnreachable, "sign in: " + row.text};
    error.code = row.code;
    error.refused = true;
    const std::string remedy = RemedyFor(error, settings, AccountRole::kIdentity);
    EXPECT_TRUE(remedy.starts_with(row.remedy)) << row.text << ": " << remedy;
  }
}

TEST(Tls, HashesThatAnybodyInBetweenCanReadAreAnError) {
  struct Row {
    ServerAddress server;
    TlsMode mode;
    const char* cipher;
    Level level;
  };
  const Row rows[] = {
      {{"/run/mysqld.sock", "", 3306}, TlsMode::kVerify, "", Level::kOk},
      {{"", "127.0.0.1", 3306}, TlsMode::kOff, "", Level::kOk},
      {{"", "db1", 3306}, TlsMode::kOff, "", Level::kError},
      {{"", "db1", 3306}, TlsMode::kRequired, "TLS_AES_256_GCM_SHA384", Level::kWarning},
      {{"", "db1", 3306}, TlsMode::kVerifyCa, "TLS_AES_256_GCM_SHA384", Level::kOk},
      {{"", "db1", 3306}, TlsMode::kVerify, "TLS_AES_256_GCM_SHA384", Level::kOk},
  };
  for (const Row& row : rows) {
    Findings findings("servers");
    JudgeTls(row.server, row.mode, row.cipher, findings);
    ASSERT_EQ(findings.list().size(), 1U);
    EXPECT_EQ(findings.list()[0].level, row.level) << findings.list()[0].what;
    EXPECT_EQ(findings.list()[0].what.ends_with("the server is verified"),
              row.mode == TlsMode::kVerify && *row.cipher != '\0')
        << findings.list()[0].what;
  }
}

}  // namespace
}  // namespace sqlmap
