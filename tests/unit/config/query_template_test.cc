#include "common/config/query_template.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "common/config/settings.h"

namespace sqlmap {
namespace {

using enum QueryParameter;
using namespace std::string_view_literals;

constexpr QueryParameterSet kAll{kName, kUid,  kGid,  kService, kRhost,  kTty,
                                 kHost, kHash, kDays, kPid,     kMessage};

// The names of the parameters in their order, or what is wrong.
std::string Parameters(const QueryTemplate& query) {
  std::string names;
  for (const QueryParameter parameter : query.parameters)
    names += ":" + std::string(NameOf(parameter));
  return names;
}

struct Good {
  std::string_view text;
  std::string_view sql;
  std::string_view parameters;
};

class ReadsAsMariaDbDoes : public testing::TestWithParam<Good> {};

TEST_P(ReadsAsMariaDbDoes, AndBindsEveryParameter) {
  const auto parsed = ParseQueryTemplate(GetParam().text, kAll);
  ASSERT_TRUE(parsed) << GetParam().text << ": " << parsed.error();
  EXPECT_EQ(parsed->sql, GetParam().sql);
  EXPECT_EQ(Parameters(*parsed), GetParam().parameters);
}

constexpr Good kGood[] = {
    {"SELECT 1", "SELECT 1", ""},
    {"SELECT :name", "SELECT ?", ":name"},
    {":name", "?", ":name"},
    {"SELECT :name, :uid, :gid, :service, :rhost, :tty, :host, :hash, :days, :pid, :message",
     "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?",
     ":name:uid:gid:service:rhost:tty:host:hash:days:pid:message"},
    {"SELECT :name WHERE a=:name OR b=:name", "SELECT ? WHERE a=? OR b=?", ":name:name:name"},
    {"f(:name,:uid)", "f(?,?)", ":name:uid"},
    {"a=:name;", "a=?", ":name"},
    {"a=:name ; \t\r\n", "a=? ", ":name"},
    {"SELECT\n  :name\n", "SELECT\n  ?\n", ":name"},
    {"CALL getpwnam(:name)", "CALL getpwnam(?)", ":name"},
    // assignment and what is no parameter
    {"SELECT @x:=1", "SELECT @x:=1", ""},
    {"SELECT @x:=:name", "SELECT @x:=?", ":name"},
    {"SELECT @x:=name", "SELECT @x:=name", ""},
    {"SELECT ::name", "SELECT ::name", ""},
    // single quotes
    {"SELECT '' , :name", "SELECT '' , ?", ":name"},
    {"SELECT 'it''s', :name", "SELECT 'it''s', ?", ":name"},
    {"SELECT '''', :name", "SELECT '''', ?", ":name"},
    {"SELECT '\\'', :name", "SELECT '\\'', ?", ":name"},
    {"SELECT '\\\\', :name", "SELECT '\\\\', ?", ":name"},
    {"SELECT 'a\\\\''b', :name", "SELECT 'a\\\\''b', ?", ":name"},
    {"SELECT 'who?', :name", "SELECT 'who?', ?", ":name"},
    {"SELECT 'a;b', :name", "SELECT 'a;b', ?", ":name"},
    {"SELECT '# -- /*', :name", "SELECT '# -- /*', ?", ":name"},
    {"SELECT '\"`', :name", "SELECT '\"`', ?", ":name"},
    {"SELECT '12:30:00', :name", "SELECT '12:30:00', ?", ":name"},
    {"SELECT ': :x :names :Name', :name", "SELECT ': :x :names :Name', ?", ":name"},
    {"SELECT 'key:name', :name", "SELECT 'key:name', ?", ":name"},
    {"SELECT _utf8mb4'x', N'x', X'4d', :name", "SELECT _utf8mb4'x', N'x', X'4d', ?", ":name"},
    {"SELECT 'a' 'b', :name", "SELECT 'a' 'b', ?", ":name"},
    {"SELECT 'two\nlines', :name", "SELECT 'two\nlines', ?", ":name"},
    // double quotes
    {"SELECT \"say \"\"hi\"\"\", :name", "SELECT \"say \"\"hi\"\"\", ?", ":name"},
    {"SELECT \"\\\"\", :name", "SELECT \"\\\"\", ?", ":name"},
    {"SELECT \"it's\", :name", "SELECT \"it's\", ?", ":name"},
    // back-quotes know doubling, and no backslash
    {"SELECT `a``b`, :name", "SELECT `a``b`, ?", ":name"},
    {"SELECT `a\\`, :name", "SELECT `a\\`, ?", ":name"},
    {"SELECT `what?`, :name", "SELECT `what?`, ?", ":name"},
    // comments
    {"SELECT 1 # :name ? '\n, :uid", "SELECT 1 # :name ? '\n, ?", ":uid"},
    {"SELECT 1 #", "SELECT 1 #", ""},
    {"SELECT 1 -- :name ? '\n, :uid", "SELECT 1 -- :name ? '\n, ?", ":uid"},
    {"SELECT 1 --\n, :uid", "SELECT 1 --\n, ?", ":uid"},
    {"SELECT 1 --\t:name", "SELECT 1 --\t:name", ""},
    {"SELECT 1 --", "SELECT 1 --", ""},
    {"SELECT 1 --\x01:name", "SELECT 1 --\x01:name", ""},
    {"SELECT 5--:uid", "SELECT 5--?", ":uid"},
    {"SELECT 5---:uid", "SELECT 5---?", ":uid"},
    {"SELECT 5- -:uid", "SELECT 5- -?", ":uid"},
    {"SELECT 5 - :uid", "SELECT 5 - ?", ":uid"},
    {"SELECT /* :name ? ' ; */ :uid", "SELECT /* :name ? ' ; */ ?", ":uid"},
    {"SELECT /**/ :uid", "SELECT /**/ ?", ":uid"},
    {"SELECT /***/ :uid", "SELECT /***/ ?", ":uid"},
    {"SELECT /* -- */ :uid", "SELECT /* -- */ ?", ":uid"},
    {"SELECT /* /* */ :uid", "SELECT /* /* */ ?", ":uid"},
    {"SELECT /*+ hint */ :uid", "SELECT /*+ hint */ ?", ":uid"},
    {"SELECT 6 / :uid * 2", "SELECT 6 / ? * 2", ":uid"},
    {"SELECT 1 -- it's\n, :uid", "SELECT 1 -- it's\n, ?", ":uid"},
    {"# the user\nSELECT :name", "# the user\nSELECT ?", ":name"},
    // no quotes, no comments
    {"SELECT \\N, :name", "SELECT \\N, ?", ":name"},
    {"SELECT 'b\xc3\xb6lt', :name", "SELECT 'b\xc3\xb6lt', ?", ":name"},
    {"SELECT doc->'$.a', :name", "SELECT doc->'$.a', ?", ":name"},
};
INSTANTIATE_TEST_SUITE_P(QueryTemplate, ReadsAsMariaDbDoes, testing::ValuesIn(kGood));

struct Bad {
  std::string_view text;
  std::string_view complaint;
};

class RefusesATemplate : public testing::TestWithParam<Bad> {};

TEST_P(RefusesATemplate, ThatDoesNotMeanWhatItsWriterThinks) {
  const auto parsed = ParseQueryTemplate(GetParam().text, {kName, kHost});
  ASSERT_FALSE(parsed) << GetParam().text << " became " << parsed->sql;
  EXPECT_NE(parsed.error().find(GetParam().complaint), std::string::npos)
      << GetParam().text << ": " << parsed.error();
}

constexpr Bad kBad[] = {
    {"SELECT ':name'", ":name inside quotes"},
    {"SELECT '%:name%'", ":name inside quotes"},
    {"SELECT \":name\"", ":name inside quotes"},
    {"SELECT `:name`", ":name inside quotes"},
    {"SELECT 'it''s :uid'", ":uid inside quotes"},
    {"SELECT '\\':name'", ":name inside quotes"},
    {"SELECT :nme", "\":nme\"; allowed: :name :host"},
    {"SELECT :NAME", "\":NAME\"; allowed: :name :host"},
    {"SELECT :names", "\":names\""},
    {"SELECT :name2", "\":name2\""},
    {"SELECT :name_", "\":name_\""},
    {"SELECT :name$", "\":name$\""},
    {"SELECT :name\xc3\xa9", "\":name\\xc3\\xa9\""},
    {"SELECT :uid", ":uid, which this query cannot have; allowed: :name :host"},
    {"SELECT :", "':' that begins no parameter"},
    {"SELECT : name", "':' that begins no parameter"},
    {"SELECT a ? 1", "bare '?'; write a named parameter; allowed: :name :host"},
    {"SELECT ?, :name", "bare '?'"},
    {"SELECT 'abc", "quote ' that is never closed"},
    {"SELECT 'abc''", "quote ' that is never closed"},
    {"SELECT 'abc\\'", "quote ' that is never closed"},
    {"SELECT 'abc\\", "quote ' that is never closed"},
    {"SELECT \"abc'", "quote \" that is never closed"},
    {"SELECT `abc\\``", "quote ` that is never closed"},
    {"SELECT '", "quote ' that is never closed"},
    {"SELECT 1 /* abc", "comment /* that is never closed"},
    {"SELECT 1 /*/", "comment /* that is never closed"},
    {"SELECT /*!40101 :name */ 1", "executable comment"},
    {"SELECT /*M!100100 1 */", "executable comment"},
    {"SELECT 1; SELECT 2", "behind the ';'"},
    {"SELECT 1;;", "behind the ';'"},
    {"SELECT 1; -- end", "behind the ';'"},
    {"SELECT :name; DROP TABLE users", "behind the ';'"},
    {" ", "no statement"},
    {";", "no statement"},
    {"-- SELECT :name", "no statement"},
    {"/* SELECT :name */", "no statement"},
    {"SELECT 'a\0b'"sv, "NUL byte"},
    {"\0"sv, "NUL byte"},
};
INSTANTIATE_TEST_SUITE_P(QueryTemplate, RefusesATemplate, testing::ValuesIn(kBad));

TEST(QueryTemplate, EmptyTextIsAQueryThatIsSwitchedOff) {
  const auto parsed = ParseQueryTemplate("", kAll);
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->configured());
  EXPECT_TRUE(parsed->parameters.empty());
}

TEST(QueryTemplate, SixteenKibibytesAreTheMost) {
  const std::string head = "SELECT :name";
  EXPECT_TRUE(ParseQueryTemplate(head + std::string(16384 - head.size(), ' '), kAll));
  const auto parsed = ParseQueryTemplate(head + std::string(16385 - head.size(), ' '), kAll);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error(), "has more than 16384 bytes");
}

TEST(QueryTemplate, SaysWhenAQueryTakesNoParameterAtAll) {
  const auto parsed = ParseQueryTemplate("SELECT :name", {});
  ASSERT_FALSE(parsed);
  EXPECT_NE(parsed.error().find("allowed: none"), std::string::npos) << parsed.error();
}

TEST(QueryDescriptions, StandInTheOrderOfTheirIdsAndParse) {
  std::size_t index = 0;
  for (const QueryDescription& query : QueryDescriptions()) {
    EXPECT_EQ(static_cast<std::size_t>(query.id), index++) << query.key;
    const auto parsed = ParseQueryTemplate(query.default_text, query.parameters);
    ASSERT_TRUE(parsed) << query.key << ": " << parsed.error();
    EXPECT_EQ(parsed->configured(), !query.default_text.empty());
    EXPECT_FALSE(query.meaning.empty()) << query.key;
    for (std::size_t i = 0; i < static_cast<std::size_t>(kCount); ++i) {
      const auto parameter = static_cast<QueryParameter>(i);
      if (query.required.Contains(parameter)) {
        EXPECT_TRUE(query.parameters.Contains(parameter))
            << query.key << " needs what it cannot have";
      }
    }
  }
}

TEST(QueryDescriptions, EverythingThatTouchesAHashOrWritesUsesThePrivilegedAccount) {
  for (const QueryDescription& query : QueryDescriptions()) {
    const bool reads_public_data = query.key.starts_with("getpw") ||
                                   query.key.starts_with("getgr") || query.key == "memsbygid" ||
                                   query.key == "gidsbymem" || query.key == "version";
    EXPECT_EQ(query.privileged, !reads_public_data) << query.key;
  }
}

}  // namespace
}  // namespace sqlmap
