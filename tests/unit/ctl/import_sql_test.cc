#include <gtest/gtest.h>

#include <string>

#include "common/config/query_template.h"
#include "ctl/import/old_sql.h"

namespace sqlmap::importing {
namespace {

using enum Substitution;
using enum QueryId;

struct Row {
  Substitution style;
  QueryId id;
  const char* old;
  const char* sql;  // what it becomes, or a piece of why not
};

TEST(ConvertQuery, AValueThatWasComparedAsAWholeIsBound) {
  const Row rows[] = {
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n='%1$s' LIMIT 1",
       "SELECT a FROM t WHERE n=:name LIMIT 1"},
      {kPrintf, kGetpwnam, "select a from t where n = \"%s\"", "select a from t where n = :name"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = BINARY '%1$s' AND b LIKE 'x%%'",
       "SELECT a FROM t WHERE n = BINARY :name AND b LIKE 'x%'"},
      {kPrintf, kGetpwuid, "SELECT a \t\r\n FROM t   WHERE u = %1$u;",
       "SELECT a FROM t WHERE u = :uid"},
      {kPrintf, kGetgrgid, "SELECT a FROM t WHERE (g='%u')", "SELECT a FROM t WHERE (g=:gid)"},
      {kPrintf, kGetpwnam, "SELECT 'it''s', \"\\\"\", `a b` FROM t WHERE n='%1$s'",
       "SELECT 'it''s', \"\\\"\", `a b` FROM t WHERE n=:name"},
      {kPrintf, kGetpwent, "SELECT a FROM t", "SELECT a FROM t"},
      {kPrintf, kGidsbymem,
       "SELECT g FROM t WHERE u='%1$s' UNION SELECT g FROM v WHERE u='%1$s' COLLATE utf8_bin",
       "SELECT g FROM t WHERE u=:name UNION SELECT g FROM v WHERE u=:name COLLATE utf8_bin"},
      {kQuestionMark, kGetpwnam, "SELECT a FROM t WHERE n = '?'",
       "SELECT a FROM t WHERE n = :name"},
      {kQuestionMark, kMemsbygid, "SELECT a FROM t WHERE g = ?", "SELECT a FROM t WHERE g = :gid"},
      {kBackslash, kAuth, "SELECT p FROM t WHERE n=\"\\L\" AND ip='\\R' AND x='\\n'",
       "SELECT p FROM t WHERE n=:name AND ip=:rhost AND x='\\n'"},
  };
  for (const Row& row : rows) {
    const auto sql = ConvertQuery(row.old, row.style, row.id);
    ASSERT_TRUE(sql) << row.old << ": " << sql.error();
    EXPECT_EQ(*sql, row.sql);
    const auto parsed = ParseQueryTemplate(
        WithNames(row.id, *sql), QueryDescriptions()[static_cast<std::size_t>(row.id)].parameters);
    EXPECT_TRUE(parsed) << *sql << ": " << parsed.error();
  }
}

TEST(ConvertQuery, NothingIsGuessed) {
  const Row rows[] = {
      {kPrintf, kGetpwnam, "", "empty"},
      {kPrintf, kGetpwnam, "CALL user_of('%1$s')", "not a SELECT"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE LOWER(n) = LOWER('%1$s')", "as a whole"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n LIKE '%1$s'", "as a whole"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n LIKE '%%%1$s%%'", "part of a text"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = '%1$s@example.com'", "part of a text"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = '%1$s' '@example.com'", "as a whole"},
      {kPrintf, kGetpwuid, "SELECT a FROM t WHERE u = '%1$u' + 1", "as a whole"},
      {kPrintf, kGetpwuid, "SELECT a FROM t WHERE u <= '%1$u'", "as a whole"},
      {kPrintf, kGetpwuid, "SELECT a FROM t WHERE u <=> '%1$u'", "as a whole"},
      {kPrintf, kGetpwuid, "SELECT '%1$u'", "as a whole"},
      {kPrintf, kGetpwnam, "'%1$s'", "not a SELECT"},
      {kPrintf, kGetpwnam, "SELECT a FROM `%1$s`", "part of a text"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = %1$s", "without quotes"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = '%1$u'", "a number where"},
      {kPrintf, kGetpwuid, "SELECT a FROM t WHERE n = '%1$s'", "a number where"},
      {kPrintf, kGetpwent, "SELECT a FROM t WHERE n = '%1$s'", "lists all"},
      {kPrintf, kGetpwnam, "SELECT a FROM t", "asks for no name"},
      {kPrintf, kGetpwnam, "SELECT DATE_FORMAT(d, '%Y') FROM t WHERE n = '%1$s'", "a '%'"},
      {kPrintf, kGetpwnam, "SELECT a % 2 FROM t WHERE n = '%1$s'", "a '%'"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = '%1$s'; DELETE FROM t", "several"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = '%1$s' -- x", "comment"},
      {kPrintf, kGetpwnam, "SELECT a FROM t /*! x */ WHERE n = '%1$s'", "comment"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = '%1$s' AND b = 'x", "not closed"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE (n = '%1$s'", "brackets"},
      {kPrintf, kGetpwnam, "SELECT a FROM t) WHERE n = ('%1$s'", "brackets"},
      {kPrintf, kGetpwnam, "SELECT a INTO OUTFILE 'x' FROM t WHERE n = '%1$s'", "writes"},
      {kPrintf, kGetpwnam, "SELECT a FROM t WHERE n = :uid", "parameter"},
      {kPrintf, kGetpwnam, "SELECT ? FROM t WHERE n = '%1$s'", "parameter"},
      {kQuestionMark, kGetpwnam, "SELECT 'what?' FROM t WHERE n = '?'", "part of a text"},
      {kBackslash, kAuth, "SELECT p FROM t WHERE n='\\L' AND ip='\\I'", "\\I"},
      {kBackslash, kGetpwnam, "SELECT p FROM t WHERE n='\\L' AND ip='\\R'", "\\R"},
      {kBackslash, kAuth, "SELECT p FROM t WHERE CONCAT(n, '\\L') = 'x'", "as a whole"},
  };
  for (const Row& row : rows) {
    const auto sql = ConvertQuery(row.old, row.style, row.id);
    ASSERT_FALSE(sql) << row.old << ": " << *sql;
    EXPECT_NE(sql.error().find(row.sql), std::string::npos) << row.old << ": " << sql.error();
  }
}

TEST(FragmentFault, APieceOfSqlCannotLeaveItsPlace) {
  for (const char* const good :
       {"users", "a LEFT JOIN b ON (a.x = b.y)", "status=\"ok\"", "IF(gone, 1, 0)", "`odd name`",
        "name LIKE '%x'", "d > NOW() - INTERVAL 1 DAY"}) {
    EXPECT_EQ(FragmentFault(good), "") << good;
  }
  for (const char* const bad : {"", "  ", "a; DROP TABLE b", "a) OR (1=1", "(a", "'a", "a -- b",
                                "a # b", "a /* b */", "a = ?", "a = :name", "`a"}) {
    EXPECT_NE(FragmentFault(bad), "") << bad;
  }
}

}  // namespace
}  // namespace sqlmap::importing
