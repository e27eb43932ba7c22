#include "ctl/screen.h"

#include <gtest/gtest.h>

#include <string>

namespace sqlmap {
namespace {

TEST(Printable, TextOfADatabaseCannotCommandTheTerminalOfWhoLooksAtIt) {
  struct Row {
    std::string foreign;
    const char* shown;
  };
  const Row rows[] = {
      {"alice", "alice"},
      {"Zoë Ünal", "Zoë Ünal"},
      {"\033[31mred", "\\x1b[31mred"},
      {"a\nb\rc\td", "a\\x0ab\\x0dc\\x09d"},
      {std::string("nul\0byte", 8), "nul\\x00byte"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b"
       "31m",
       "\\xc2\\x9b31m"},
      {"\xff\xfe", "\\xff\\xfe"},
      {"\xc0\xaf", "\\xc0\\xaf"},
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
      {"\xe2\x80\xae"
       "exe.txt",
       "\\xe2\\x80\\xaeexe.txt"},
      {"cut \xe2\x82", "cut \\xe2\\x82"},
  };
  for (const Row& row : rows) EXPECT_EQ(Printable(row.foreign), row.shown);
  EXPECT_EQ(Printable("abcdef", 3), "abc...");
}

TEST(Table, ColumnsStandBelowEachOtherAlsoWithCharactersOfSeveralBytes) {
  Table table({"NAME", "UID", "GECOS"});
  table.Add({"zoë", "1000", "Zoë"});
  table.Add({"bob", "", "Bob"});
  table.Add({"eve", {"5", Tone::kBad}});
  EXPECT_EQ(table.Text(false),
            "NAME  UID   GECOS\n"
            "zoë   1000  Zoë\n"
            "bob         Bob\n"
            "eve   5\n");
  EXPECT_NE(table.Text(true).find("\033[31m5\033[0m"), std::string::npos);
}

}  // namespace
}  // namespace sqlmap
