#include <gtest/gtest.h>

#include <string>

#include "ctl/check/grants.h"

namespace sqlmap {
namespace {

const std::vector<std::string> kWrites = {
    "UPDATE users SET password = ?, lstchg = ? WHERE username = ? AND uid > 0",
    "INSERT INTO log (event) VALUES (?)", ""};

std::string Wide(std::string_view line, AccountRole role) {
  const auto grant = ParseGrant(line);
  return grant ? TooWide(*grant, role, "accounts", kWrites) : "none";
}

TEST(Grants, WhatAnAccountMayDoBeyondItsPartIsSaid) {
  struct Row {
    const char* line;
    const char* identity;
    const char* privileged;
  };
  const Row rows[] = {
      {"GRANT USAGE ON *.* TO `sqlmap`@`localhost` IDENTIFIED BY PASSWORD '*0D6E'", "", ""},
      {"GRANT SELECT ON `accounts`.`nss_getpwnam` TO `sqlmap`@`localhost`", "", ""},
      {"GRANT SELECT, SHOW VIEW ON `accounts`.`nss_getpwnam` TO `s`@`%`", "", ""},
      {"GRANT EXECUTE ON PROCEDURE `accounts`.`find` TO `s`@`%`", "", ""},
      {"GRANT SELECT (`username`), UPDATE (`password`, `lstchg`) ON `accounts`.`users` TO `s`@`%`",
       "UPDATE (password, lstchg) on accounts.users", ""},
      {"GRANT INSERT (`a`, `b`) ON `accounts`.`log` TO `s`@`%`", "INSERT (a, b) on accounts.log",
       ""},
      // Whoever may write to them may make accounts, or take other people's.
      {"GRANT INSERT ON `accounts`.`users` TO `s`@`%`", "INSERT on accounts.users",
       "INSERT on accounts.users"},
      {"GRANT INSERT ON `accounts`.`memberships` TO `s`@`%`", "INSERT on accounts.memberships",
       "INSERT on accounts.memberships"},
      {"GRANT UPDATE (`password`, `uid`) ON `accounts`.`users` TO `s`@`%`",
       "UPDATE (password, uid) on accounts.users", "UPDATE (uid) on accounts.users"},
      {"GRANT UPDATE (`password`) ON `accounts`.`log` TO `s`@`%`",
       "UPDATE (password) on accounts.log", "UPDATE (password) on accounts.log"},
      {"GRANT SELECT, UPDATE ON `accounts`.`users` TO `s`@`%`", "UPDATE on accounts.users",
       "UPDATE on accounts.users"},
      {"GRANT SELECT, DELETE ON `accounts`.`users` TO `s`@`%`", "DELETE on accounts.users",
       "DELETE on accounts.users"},
      {"GRANT SELECT ON `accounts`.* TO `s`@`%`", "SELECT on accounts.*", "SELECT on accounts.*"},
      {"GRANT SELECT ON *.* TO `s`@`%`", "SELECT on *.*", "SELECT on *.*"},
      {"GRANT FILE, SUPER ON *.* TO `s`@`%` IDENTIFIED BY PASSWORD '*1 ON `x`'",
       "FILE, SUPER on *.*", "FILE, SUPER on *.*"},
      {"GRANT ALL PRIVILEGES ON *.* TO `s`@`%` WITH GRANT OPTION",
       "ALL PRIVILEGES, GRANT OPTION on *.*", "ALL PRIVILEGES, GRANT OPTION on *.*"},
      {"GRANT SELECT ON `mysql`.`user` TO `s`@`%`", "SELECT on mysql.user", "SELECT on mysql.user"},
      {"GRANT SELECT ON `accounts`.`nss` TO `s`@`%` WITH GRANT OPTION",
       "GRANT OPTION on accounts.nss", "GRANT OPTION on accounts.nss"},
      {"GRANT PROXY ON ''@'%' TO 'root'@'localhost' WITH GRANT OPTION",
       "PROXY, GRANT OPTION on others", "PROXY, GRANT OPTION on others"},
      {"GRANT SELECT (`a ON b`) ON `accounts`.`nss` TO `s`@`%`", "", ""},
      {"GRANT SELECT ON `acc``ounts`.`nss` TO `s`@`%`", "SELECT on acc`ounts.nss",
       "SELECT on acc`ounts.nss"},
      {"GRANT `reader` TO `s`@`%`", "none", "none"},
      {"SET DEFAULT ROLE `reader` FOR `s`@`%`", "none", "none"},
      {"", "none", "none"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Wide(row.line, AccountRole::kIdentity), row.identity) << row.line;
    EXPECT_EQ(Wide(row.line, AccountRole::kPrivileged), row.privileged) << row.line;
  }
}

TEST(Grants, WhatAQueryWritesIsFoundInIt) {
  struct Row {
    const char* query;
    bool inserts;
    bool updates;  // the column `hash`
  };
  const Row rows[] = {
      {"UPDATE users SET hash = ?", false, true},
      {"update `Users` u JOIN people p ON p.id = u.id SET u.`hash` = ?, n = 1", false, true},
      {"UPDATE users SET n = ? WHERE hash = ?", false, false},
      {"UPDATE users SET n = (SELECT n FROM people WHERE hash = ?)", false, false},
      {"UPDATE people SET hash = ?", false, false},
      {"INSERT INTO users (hash) VALUES (?)", true, false},
      {"INSERT IGNORE accounts.users SET hash = ?", true, false},
      {"REPLACE INTO `users` VALUES (?)", true, false},
      {"INSERT INTO users (n) VALUES (?) ON DUPLICATE KEY UPDATE hash = ?", true, true},
      {"INSERT INTO people SELECT hash FROM users", false, false},
      {"INSERT INTO people (users) VALUES (?)", false, false},
      {"CALL change(?, 'users')", false, false},
      {"", false, false},
  };
  for (const Row& row : rows) {
    const std::string queries[] = {row.query};
    const auto fits = [&queries](std::string_view line) {
      return TooWide(*ParseGrant(line), AccountRole::kPrivileged, "a", queries).empty();
    };
    EXPECT_EQ(fits("GRANT INSERT ON `a`.`users` TO `s`@`%`"), row.inserts) << row.query;
    EXPECT_EQ(fits("GRANT UPDATE (`hash`) ON `a`.`users` TO `s`@`%`"), row.updates) << row.query;
  }
}

TEST(Grants, ARoleIsNamed) {
  struct Row {
    const char* line;
    const char* roles;
  };
  const Row rows[] = {
      {"GRANT `boss` TO `s`@`localhost`", "boss"},
      {"GRANT boss TO `s`@`localhost` WITH ADMIN OPTION", "boss"},
      {"GRANT `a`@`%`,`b ON c`@`%` TO `s`@`%`", "a@%,b ON c@%"},
      {"GRANT SELECT ON `d`.`t` TO `s`@`%`", ""},
      {"SET DEFAULT ROLE `boss` FOR `s`@`%`", ""},
      {"", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(RolesIn(row.line), row.roles) << row.line;
}

TEST(Grants, WhatAQueryReadsIsFoundInIt) {
  struct Row {
    const char* query;
    bool names;
  };
  const Row rows[] = {
      {"SELECT * FROM users WHERE n = ?", true},
      {"SELECT * FROM accounts.users u", true},
      {"SELECT * FROM `users`", true},
      {"SELECT * FROM Users", true},
      {"SELECT * FROM sqlmap_users", false},
      {"SELECT 'users' FROM people", false},
      {"SELECT 1 -- users\n", false},
      {"", false},
  };
  for (const Row& row : rows) EXPECT_EQ(Names(row.query, "users"), row.names) << row.query;
}

TEST(Grants, WhatMayBeSelectedIsKnownWithItsColumns) {
  struct Row {
    const char* line;
    bool all;
    bool columns;
  };
  const Row rows[] = {
      {"GRANT SELECT ON `accounts`.`users` TO `s`@`%`", true, false},
      {"GRANT INSERT, SELECT ON `accounts`.`users` TO `s`@`%`", true, false},
      {"GRANT ALL PRIVILEGES ON `accounts`.`users` TO `s`@`%`", true, false},
      {"GRANT SELECT (`a`), UPDATE (`b`) ON `accounts`.`users` TO `s`@`%`", false, true},
      {"GRANT INSERT, EXECUTE ON `accounts`.`users` TO `s`@`%`", false, false},
      {"GRANT SELECT ON `accounts`.* TO `s`@`%`", false, false},
      {"GRANT SELECT ON `other`.`users` TO `s`@`%`", false, false},
  };
  for (const Row& row : rows) {
    const auto grant = ParseGrant(row.line);
    ASSERT_TRUE(grant) << row.line;
    EXPECT_EQ(Selects(*grant, "accounts"), row.all) << row.line;
    EXPECT_EQ(SelectsColumns(*grant, "accounts"), row.columns) << row.line;
  }
}

TEST(Grants, AColumnOfPasswordsIsKnownByItsName) {
  for (const char* const name : {"password", "Passwd", "userpw", "pwhash", "crypt", "secret"})
    EXPECT_TRUE(IsLikeAPassword(name)) << name;
  for (const char* const name : {"username", "uid", "homedir", "shell", "lstchg", ""})
    EXPECT_FALSE(IsLikeAPassword(name)) << name;
}

TEST(Grants, ADatabaseWhoseNameIsAPatternIsStillTheDatabase) {
  const auto grant = ParseGrant("GRANT SELECT ON `site\\_1`.`nss` TO `s`@`%`");
  ASSERT_TRUE(grant);
  EXPECT_EQ(TooWide(*grant, AccountRole::kIdentity, "site_1", {}), "");
}

}  // namespace
}  // namespace sqlmap
