// The text of shipped views: taken apart, filled in, and brought into an order in which nothing can
// be left half-way. The shipped files themselves are read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ctl/views/install_plan.h"
#include "ctl/views/sql_text.h"
#include "ctl/views/view_set.h"

namespace sqlmap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string Shipped(const std::string& name) {
  std::ifstream file(std::string(SQLMAP_TEST_VIEWS) + "/" + name + ".sql");
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(SqlText, ASemicolonEndsAStatementOnlyWhereItIsOne) {
  EXPECT_THAT(SplitSql("SELECT 1; SELECT ';' ;\n"), ElementsAre("SELECT 1", "SELECT ';'"));
  EXPECT_THAT(SplitSql("-- a; b\nSELECT 1 -- c;\n, 2;"), ElementsAre("SELECT 1 -- c;\n, 2"));
  EXPECT_THAT(SplitSql("# a;\nSELECT `;`, \";\" /* ; */"),
              ElementsAre("SELECT `;`, \";\" /* ; */"));
  EXPECT_THAT(SplitSql("SELECT 'it''s;', 'a\\';'"), ElementsAre("SELECT 'it''s;', 'a\\';'"));
  EXPECT_THAT(SplitSql("SELECT 5--1;"), ElementsAre("SELECT 5--1"));
  EXPECT_THAT(SplitSql(" ; ;\n-- end"), ElementsAre());
  EXPECT_THAT(SplitSql("SELECT 'open; "), ElementsAre("SELECT 'open;"));
}

TEST(SqlText, ANameIsRenamedWhereItIsANameAndNowhereElse) {
  EXPECT_EQ(PrefixNames("SELECT v.a, 'v', `v`, vv FROM v -- v\nJOIN w", {"v", "w"}, "t_"),
            "SELECT t_v.a, 'v', `v`, vv FROM t_v -- v\nJOIN t_w");
}

TEST(SqlText, AnApostropheDoesNotEndALiteral) {
  EXPECT_EQ(SqlLiteral("a'; DROP TABLE b; --"), "'a''; DROP TABLE b; --'");
}

TEST(ViewSet, WhatAPersonWouldEditIsWhatIsFilledIn) {
  const std::string before = Shipped("aegir");
  const ViewValues values{{"uid", "998"},
                          {"groupname", "sites"},
                          {"frontend", "web1.example.net"},
                          {"shell", "/usr/bin/mysecureshell"}};
  const auto after = FillIn(before, "aegir", values);
  ASSERT_TRUE(after) << after.error();
  EXPECT_THAT(*after, HasSubstr("SELECT 998          AS uid,              -- who owns"));
  EXPECT_THAT(*after, HasSubstr("'sites'      AS groupname,        -- what gid"));
  EXPECT_THAT(*after, HasSubstr("'web1.example.net' AS frontend,"));
  EXPECT_THAT(
      ReadViewSet(*after).settings,
      ElementsAre(testing::Pair("uid", "998"), testing::Pair("gid", "10000"),
                  testing::Pair("groupname", "sites"),
                  testing::Pair("frontend", "web1.example.net"),
                  testing::Pair("show_hostmaster", "1"), testing::Pair("owner", "hostmaster"),
                  testing::Pair("shell", "/usr/bin/mysecureshell"),
                  testing::Pair("no_shell", "/bin/false")));
  EXPECT_EQ(FillIn(before, "aegir", {}).value(), before);
}

TEST(ViewSet, EverySettingHasAnOptionThatTakesTheShippedValueAndNoOptionIsForNothing) {
  std::map<std::string, ViewValues> shipped;
  std::set<std::string> used;
  for (const auto& entry : std::filesystem::directory_iterator(SQLMAP_TEST_VIEWS)) {
    const std::string name = entry.path().stem();
    for (const auto& [setting, value] : ReadViewSet(Shipped(name)).settings) {
      shipped[name][setting] = value;
      used.insert(setting);
    }
  }
  std::set<std::string> options;
  for (const ViewOption& option : ViewOptions()) options.insert(option.setting);
  ASSERT_EQ(used, options);
  for (const auto& [name, values] : shipped) {
    EXPECT_EQ(FillIn(Shipped(name), name, values).value(), Shipped(name)) << name;
  }
}

TEST(ViewSet, AValueThatNoAccountMayHaveOrThatIsSqlIsRefused) {
  struct Row {
    const char* setting;
    const char* value;
    const char* error;
  };
  const Row rows[] = {
      {"uid", "0", "--uid \"0\" is reserved: no account of a database has it"},
      {"uid", "65534", "--uid \"65534\" is reserved: no account of a database has it"},
      {"uid", "4294967296", "--uid \"4294967296\" is not a number from 1 to 4294967293"},
      {"uid", "-1", "--uid \"-1\" is not a number from 1 to 4294967293"},
      {"gid", "1 OR 1=1", "--gid \"1 OR 1=1\" is not a number from 1 to 4294967293"},
      {"gid", "", "--gid \"\" is not a number from 1 to 4294967293"},
      {"groupname", "sudo", "--group \"sudo\" is the name of a group of the system itself"},
      {"groupname", "a'b",
       "--group \"a'b\" is no group name: letters a-z, digits and ._@-, not only digits"},
      {"groupname", "123",
       "--group \"123\" is no group name: letters a-z, digits and ._@-, not only digits"},
      {"frontend", "a'; --", "--front-end \"a'; --\" is not the name of a host"},
      {"frontend", "db1:3306", "--front-end \"db1:3306\" is not the name of a host"},
      {"frontend", "/run/socket", "--front-end \"/run/socket\" is not the name of a host"},
      {"owner", "root", "--owner \"root\" is not the name of a site"},
      {"shell", "/bin/a\\",
       "--shell \"/bin/a\\\" is not an absolute path without quotes and backslashes"},
      {"no_shell", "false",
       "--no-shell \"false\" is not an absolute path without quotes and backslashes"},
      {"show_hostmaster", "2", "--show-hostmaster \"2\" is neither 0 nor 1"},
  };
  for (const Row& row : rows) {
    const auto filled = FillIn(Shipped("aegir"), "aegir", {{row.setting, row.value}});
    ASSERT_FALSE(filled) << row.value;
    EXPECT_EQ(filled.error(), row.error);
  }
}

TEST(ViewSet, AnOptionThatTheViewsHaveNoUseForIsNotIgnored) {
  EXPECT_EQ(FillIn(Shipped("accounts"), "accounts", {{"uid", "5000"}}).error(),
            "--uid: the views of accounts have no use for it; there is nothing to set");
  EXPECT_EQ(FillIn("-- A set\n-- [settings]\nSELECT 5 AS gid;\n-- [end of settings]\n", "few",
                   {{"uid", "5000"}})
                .error(),
            "--uid: the views of few have no use for it; what can be set: --gid");
}

std::vector<std::string> Sql(const std::vector<InstallStep>& steps) {
  std::vector<std::string> sql;
  for (const InstallStep& step : steps) sql.push_back(step.sql);
  return sql;
}

TEST(InstallPlan, NothingThatIsThereChangesBeforeAllOfItWasTried) {
  const InstallPlan plan = PlanInstall(
      "SET NAMES utf8mb4;\n"
      "CREATE TABLE IF NOT EXISTS t (a INT);\n"
      "CREATE OR REPLACE VIEW v AS SELECT a FROM t;\n"
      "CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW w AS SELECT v.a FROM v;\n"
      "CREATE USER IF NOT EXISTS 'u'@'localhost' ACCOUNT LOCK;\n"
      "GRANT SELECT ON w TO 'u'@'localhost';\n"
      "GRANT SELECT (a), UPDATE (a) ON t TO 'u'@'localhost';\n");
  EXPECT_THAT(
      Sql(plan.trial),
      ElementsAre("SET NAMES utf8mb4", "CREATE TABLE IF NOT EXISTS t (a INT)",
                  "CREATE OR REPLACE VIEW sqlmap_trial_v AS SELECT a FROM t",
                  "CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW sqlmap_trial_w AS "
                  "SELECT sqlmap_trial_v.a FROM sqlmap_trial_v",
                  "CREATE USER IF NOT EXISTS 'u'@'localhost' ACCOUNT LOCK",
                  "GRANT SELECT ON sqlmap_trial_w TO 'u'@'localhost'",
                  "REVOKE SELECT ON sqlmap_trial_w FROM 'u'@'localhost'",
                  "SELECT a, a FROM t LIMIT 0"));
  EXPECT_THAT(plan.views, ElementsAre("v", "w"));
  EXPECT_THAT(Sql(plan.cleanup), ElementsAre("DROP VIEW IF EXISTS sqlmap_trial_v",
                                             "DROP VIEW IF EXISTS sqlmap_trial_w"));
  EXPECT_THAT(Sql(plan.replace),
              ElementsAre("CREATE OR REPLACE VIEW v AS SELECT a FROM t",
                          "CREATE OR REPLACE ALGORITHM = MERGE SQL SECURITY DEFINER VIEW w AS "
                          "SELECT v.a FROM v",
                          "GRANT SELECT ON w TO 'u'@'localhost'",
                          "GRANT SELECT (a), UPDATE (a) ON t TO 'u'@'localhost'"));
  EXPECT_THAT(plan.users, ElementsAre("'u'@'localhost'"));
}

// What only adds may run in the trial, as it is; all else of a shipped file must be known to the
// plan.
TEST(InstallPlan, TheShippedFilesHaveNoStatementThatThePlanDoesNotKnow) {
  for (const char* const name : {"aegir", "accounts"}) {
    const std::string file = Shipped(name);
    std::size_t additions = 0;
    for (const std::string& statement : SplitSql(file)) {
      const bool adds = statement.starts_with("CREATE TABLE IF NOT EXISTS ") ||
                        statement.starts_with("CREATE USER IF NOT EXISTS ") ||
                        statement == "SET NAMES utf8mb4";
      additions += adds ? 1 : 0;
      EXPECT_TRUE(adds || statement.starts_with("CREATE OR REPLACE ") ||
                  statement.starts_with("GRANT "))
          << statement;
    }
    const InstallPlan plan = PlanInstall(file);
    EXPECT_EQ(plan.replace.size() + additions, SplitSql(file).size()) << name;
    EXPECT_THAT(plan.users, ElementsAre("'sqlmap'@'localhost'", "'sqlmap_auth'@'localhost'"));
  }
}

}  // namespace
}  // namespace sqlmap
