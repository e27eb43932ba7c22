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
    EXPECT_EQ(scanned.deep_key_line, 0U) << c.text;
  }
}

TEST(PrescanToml, LeavesCommentsInPlaceThatTomlMayForbid) {
  for (const std::string_view text : {"# \x01\n", "# \xff\n", "# b\xc3\xb6lt\n", "# \x7f\n"}) {
    EXPECT_EQ(PrescanToml(text).text, text);
  }
}

TEST(PrescanToml, FindsKeysThatNestTooDeep) {
  std::string deep = "a";
  for (int i = 0; i < 15; ++i) deep += ".a";
  EXPECT_EQ(PrescanToml(deep + " = 1").deep_key_line, 0U);
  for (const std::string& text :
       {"\n" + deep + ".a = 1", "\n[" + deep + ".a]", "\n[[" + deep + ".a]]",
        "\nx = { " + deep + ".a = 1 }", "# c\n\"x\"." + deep + " = 1",
        "\nx = [1, { y = 1, " + deep + " . \"a\" = 1 }]"}) {
    EXPECT_EQ(PrescanToml(text).deep_key_line, 2U) << text;
  }
}

TEST(PrescanToml, DotsInTextAndNumbersAreNoKeys) {
  const std::string dots(100, '.');
  for (const std::string& text :
       {"x = \"" + dots + "\"", "x = '" + dots + "'", "x = \"\"\"\n" + dots + "\"\"\"", "# " + dots,
        "x = '''" + dots + "\n'''"}) {
    EXPECT_EQ(PrescanToml(text).deep_key_line, 0U) << text;
  }
  std::string numbers = "x = [";
  for (int i = 0; i < 100; ++i) numbers += "1.5, ";
  EXPECT_EQ(PrescanToml(numbers + "]").deep_key_line, 0U);
}

}  // namespace
}  // namespace sqlmap
