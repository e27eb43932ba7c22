// Foreign text that people read.
#include "common/account/shown_text.h"

#include <gtest/gtest.h>

#include <cstring>

namespace sqlmap {
namespace {

TEST(ShownText, NamesOfAllScriptsAreReadable) {
  EXPECT_EQ(ShownText("Bruno Weiß", 64), "Bruno Weiß");
  EXPECT_EQ(ShownText("it's \"fine\" \xc3\xb6\xe2\x82\xac", 64),
            "it's \"fine\" \xc3\xb6\xe2\x82\xac");
}

TEST(ShownText, ALineOfTheLogIsOneLineAndCommandsNoTerminal) {
  EXPECT_EQ(ShownText("a\nb\x1b[2J\x7f", 64), "a?b?[2J?");
  EXPECT_EQ(ShownText(std::string_view("a\0b", 3), 64), "a?b");
  EXPECT_EQ(ShownText("\xc2\x9b"
                      "2J",
                      64),
            "??2J")
      << "a control character in UTF-8";
}

TEST(ShownText, NobodyWritesALineOfTheLogBackwardsOrUnseen) {
  for (const std::string mark : {"\u200b", "\u202e", "\u2028", "\u2066", "\ufeff"})
    EXPECT_EQ(ShownText("a" + mark + "b", 64), "a???b");
  EXPECT_EQ(ShownText("a\u061cb", 64), "a??b");
}

TEST(ShownText, BytesThatAreNoCharacterAreReplacedEach) {
  for (const char* bad : {"\xff", "\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\xf0\x80\x80\xaf", "\xe2\x82"}) {
    EXPECT_EQ(ShownText(bad, 64), std::string(std::strlen(bad), '?'));
  }
}

TEST(ShownText, TheLastCharacterIsWhole) {
  EXPECT_EQ(ShownText("abc", 2), "ab");
  EXPECT_EQ(ShownText("ab\xc3\xb6", 4), "ab\xc3\xb6");
  EXPECT_EQ(ShownText("ab\xc3\xb6", 3), "ab");
  EXPECT_EQ(ShownText("ab\xf0\x9f\x98\x80", 5), "ab");
  EXPECT_EQ(ShownText("", 0), "");
}

}  // namespace
}  // namespace sqlmap
