#include "common/config/toml_prescan.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sqlmap {
namespace {

TEST(PrescanToml, DropsCommentsAndKeepsLines) {
  struct Case {
    std::string_view text;
    std::string_view left;
  };
  for (const Case& c :
       {Case{"# a\n# b\nx = 1 # c\n", "\n\nx = 1 \n"},
        {"# a\r\nx = 1\r\n", "\r\nx = 1\r\n"},
        {"#", ""},
        {"x = \"a # b\" # c", "x = \"a # b\" "},
        {"x = 'a # b' # c", "x = 'a # b' "},
        {"x = \"a\\\" # b\" # c", "x = \"a\\\" # b\" "},
        {"x = 'a\\' # c", "x = 'a\\' "},
        {"x = \"\"\"a # b\n# c \"quoted\" \"\"\" # d", "x = \"\"\"a # b\n# c \"quoted\" \"\"\" "},
        {"x = \"\"\"a\\\"\"\" # b\"\"\" # c", "x = \"\"\"a\\\"\"\" # b\"\"\" "},
        {"x = \"\"\"a\"\"\"\"\" # c", "x = \"\"\"a\"\"\"\"\" "},
        {"x = \"\"\"\"\"\" # c", "x = \"\"\"\"\"\" "},
        {"x = '''a # b\n# c''''' # d", "x = '''a # b\n# c''''' "},
        {"\"a#b\" = 1 # c", "\"a#b\" = 1 "},
        {"x = [ # c\n1]", "x = [ \n1]"}}) {
    const PrescannedToml scanned = PrescanToml(c.text);
    EXPECT_EQ(scanned.text, c.left) << c.text;
    EXPECT_EQ(scanned.mistake, "") << c.text;
  }
}

TEST(PrescanToml, LeavesCommentsInPlaceThatTomlMayForbid) {
  for (const std::string_view text : {"# \x01\n", "# \xff\n", "# b\xc3\xb6lt\n", "# \x7f\n"}) {
    EXPECT_EQ(PrescanToml(text).text, text);
  }
}

// The line of the mistake, 0 if there is none.
unsigned MistakenLine(std::string_view text) {
  const PrescannedToml scanned = PrescanToml(text);
  EXPECT_EQ(scanned.mistake.empty(), scanned.line == 0) << text;
  return scanned.line;
}

TEST(PrescanToml, FindsKeysThatNestTooDeep) {
  std::string deep = "a";
  for (int i = 0; i < 15; ++i) deep += ".a";
  EXPECT_EQ(MistakenLine(deep + " = 1"), 0U);
  for (const std::string& text :
       {"\n" + deep + ".a = 1", "\n[" + deep + ".a]", "\n[[" + deep + ".a]]",
        "\nx = { " + deep + ".a = 1 }", "# c\n\"x\"." + deep + " = 1",
        "\nx = [1, { y = 1, " + deep + " . \"a\" = 1 }]"}) {
    EXPECT_EQ(MistakenLine(text), 2U) << text;
  }
}

TEST(PrescanToml, DotsInTextAndNumbersAreNoKeys) {
  const std::string dots(100, '.');
  for (const std::string& text :
       {"x = \"" + dots + "\"", "x = '" + dots + "'", "x = \"\"\"\n" + dots + "\"\"\"", "# " + dots,
        "x = '''" + dots + "\n'''"}) {
    EXPECT_EQ(MistakenLine(text), 0U) << text;
  }
  std::string numbers = "x = [";
  for (int i = 0; i < 100; ++i) numbers += "1.5, ";
  EXPECT_EQ(MistakenLine(numbers + "]"), 0U);
}

TEST(PrescanToml, OtherLettersMayStandInTextOnly) {
  for (const std::string_view text :
       {"\n\u00f6 = 1", "\nx = \u00f6", "\nx = 1\u00a0", "\n[\u3042]", "x = 1\n\ufeff",
        "\n'x' \u200b= 1", "\nx = \"\\\u00f6\"", "\nx = \"\"\"\\\u00f6\"\"\"",
        "x = \"\"\"\\\n \u00f6\"\"\"", "\nx = \"\"\"\\ \t\u00f6\"\"\""}) {
    EXPECT_EQ(MistakenLine(text), 2U) << text;
  }
  for (const std::string_view text :
       {"# \u00f6", "x = '\u00f6'", "x = \"\u00f6\"", "x = \"\"\"\n\u00f6\"\"\"",
        "x = '''\\\u00f6'''", "x = '\\\u00f6'", "\ufeffx = 1", "'\u00f6' = 1",
        "x = \"\"\"\\\n a \u00f6\"\"\"", "x = \"\\\\\u00f6\""}) {
    EXPECT_EQ(MistakenLine(text), 0U) << text;
  }
}

TEST(PrescanToml, FindsNulBytes) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"\n\0"sv, "\n# \0\n"sv, "\nx = '\0'\n"sv}) {
    EXPECT_EQ(MistakenLine(text), 2U);
  }
}

}  // namespace
}  // namespace sqlmap
