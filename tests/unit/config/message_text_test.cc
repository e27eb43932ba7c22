#include "common/config/message_text.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace sqlmap {
namespace {

TEST(Quoted, LetsNothingIntoALogLineThatATerminalWouldObey) {
  using namespace std::string_view_literals;
  EXPECT_EQ(Quoted("pool_size"), "\"pool_size\"");
  EXPECT_EQ(Quoted(""), "\"\"");
  EXPECT_EQ(Quoted("a\n\x1b[2J\0\x7f\xc3\xa4"sv), "\"a\\x0a\\x1b[2J\\x00\\x7f\\xc3\\xa4\"");
}

TEST(Quoted, CutsWhatIsLong) {
  EXPECT_EQ(Quoted(std::string(60, 'a')), "\"" + std::string(60, 'a') + "\"");
  EXPECT_EQ(Quoted(std::string(1 << 20, 'a')), "\"" + std::string(60, 'a') + "...\"");
}

TEST(Nearest, GuessesWhatWasMeantAndNothingElse) {
  constexpr std::array<std::string_view, 4> kWords{"pool_size", "password", "password_file",
                                                   "name"};
  EXPECT_EQ(Nearest("poolsize", kWords), "pool_size");
  EXPECT_EQ(Nearest("pool-size", kWords), "pool_size");
  EXPECT_EQ(Nearest("pasword", kWords), "password");
  EXPECT_EQ(Nearest("password_fil", kWords), "password_file");
  EXPECT_EQ(Nearest("nam", kWords), "name");
  EXPECT_EQ(Nearest("name", kWords), "name");
  EXPECT_EQ(Nearest("shell", kWords), "");
  EXPECT_EQ(Nearest("", kWords), "");
  EXPECT_EQ(Nearest(std::string(1 << 20, 'a'), kWords), "");
}

TEST(Suggestion, ListsWhatIsAllowed) {
  constexpr std::array<std::string_view, 2> kWords{"user", "name"};
  EXPECT_EQ(Suggestion("usr", kWords), "; did you mean user? Allowed: user, name");
  EXPECT_EQ(Suggestion("database", kWords), "; allowed: user, name");
}

}  // namespace
}  // namespace sqlmap
