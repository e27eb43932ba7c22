#include <gtest/gtest.h>

#include <string>

#include "ctl/check/subordinate_ids.h"

namespace sqlmap {
namespace {

using Ranges = std::vector<SubordinateRange>;
using List = std::vector<std::string>;

constexpr std::uint32_t kLast = 4294967295U;

const LocalIds& Users() {
  static const LocalIds users =
      LocalIds::Parse("root:x:0:0::/:\nolga:x:1000:1000::/:\notto:x:1001:1001::/:\n");
  return users;
}

// "what; remedy" of each, which are all warnings about the same.
List Lines(const NameTally& ids, std::string_view text) {
  Findings findings("data");
  ReportSubordinateIds(ids, text, Users(), findings);
  List lines;
  for (const Finding& finding : findings.list()) {
    EXPECT_EQ(finding.level, Level::kWarning);
    EXPECT_EQ(finding.subject, "subordinate " + std::string(ids.what()) + "s");
    lines.push_back(finding.what + "; " + finding.remedy);
  }
  return lines;
}

NameTally People(std::uint32_t first, std::uint32_t count) {
  NameTally users("uid");
  for (std::uint32_t i = 0; i < count; ++i) users.Add("user" + std::to_string(i), first + i);
  return users;
}

TEST(SubordinateRanges, AreThoseOfNamesAndOfUidsAndNumbersAreReadAsNewuidmapDoes) {
  EXPECT_EQ(SubordinateRangesIn("olga:100000:65536\n1001:0x30000:0200000\nroot: 7:1:more"),
            (Ranges{{100000, 165535, "olga", 1}, {196608, 262143, "1001", 2}, {7, 7, "root", 3}}));
}

TEST(SubordinateRanges, AMalformedLineHidesNoOther) {
  for (const char* const line :
       {"", "#olga:100000:65536", "olga", "olga:", "olga:100000", "olga:100000:", ":100000:65536",
        "olga::65536", "olga:x:65536", "olga:100000:x", "olga:100000:65536x", "olga:100000:0",
        "olga:-1:65536", "olga:100000:-1", "olga:4294967296:1", "olga:18446744073709551616:1",
        "olga:100000:18446744073709551616", "olga:09:1", ":::"}) {
    EXPECT_EQ(SubordinateRangesIn(std::string(line) + "\notto:165536:65536\n"),
              (Ranges{{165536, 231071, "otto", 2}}))
        << line;
  }
  EXPECT_EQ(SubordinateRangesIn(""), Ranges());
  EXPECT_EQ(SubordinateRangesIn(std::string_view("olga:1\0:1", 9)), Ranges());
}

TEST(SubordinateRanges, OneThatGoesOnBehindTheLastIdEndsThereAndDoesNotBeginAnew) {
  EXPECT_EQ(SubordinateRangesIn("a:4294967295:1\nb:4294967295:2\nc:100000:4294967295\n"
                                "d:1:18446744073709551615\ne:0:4294967296\n"),
            (Ranges{{kLast, kLast, "a", 1},
                    {kLast, kLast, "b", 2},
                    {100000, kLast, "c", 3},
                    {1, kLast, "d", 4},
                    {0, kLast, "e", 5}}));
}

TEST(SubordinateIds, AccountsInALocalUsersRangeAreCountedAndSomeAreNamed) {
  NameTally users("uid");
  for (const char* const name : {"dora", "anna", "clara", "bruno"})
    users.Add(name, 100000U + static_cast<std::uint32_t>(name[0]) - 'a' + 1U);
  users.Add("anna", 100001);
  users.Add("below", 99999);
  users.Add("above", 165536);
  EXPECT_EQ(Lines(users, "olga:100000:65536\n"),
            (List{"4 accounts have uids from 100000 to 165535, which line 1 of /etc/subuid gives "
                  "to olga: anna (100001), bruno (100002), clara (100003), ...; containers of "
                  "olga's read and write all that is theirs: delete that line if there are none, "
                  "or give them other uids: see [accounts] uid_offset"}));
}

TEST(SubordinateIds, OfGroupsAreThoseOfTheOtherFile) {
  NameTally groups("gid");
  groups.Add("inbox", 100000);
  EXPECT_EQ(Lines(groups, "olga:100000:1\n"),
            (List{"1 group has a gid from 100000 to 100000, which line 1 of /etc/subgid gives to "
                  "olga: inbox (100000); containers of olga's read and write all that is theirs: "
                  "delete that line if there are none, or give them other gids: see [accounts] "
                  "uid_offset"}));
}

TEST(SubordinateIds, AUidInPlaceOfANameIsThatUser) {
  const List lines = Lines(People(5000, 1), "# by uid\n1001:5000:1\n1999:5000:1\nldap:5000:1\n");
  ASSERT_EQ(lines.size(), 3U);
  const std::string begin = "1 account has a uid from 5000 to 5000, which line ";
  EXPECT_TRUE(lines[0].starts_with(begin + "2 of /etc/subuid gives to otto: user0 (5000); "));
  EXPECT_TRUE(lines[1].starts_with(begin + "3 of /etc/subuid gives to 1999: user0 (5000); "));
  EXPECT_TRUE(lines[2].starts_with(begin + "4 of /etc/subuid gives to ldap: user0 (5000); "));
}

TEST(SubordinateIds, AreNoWarningWhereNobodyOfTheDatabaseHasThem) {
  const std::string_view text = "olga:100000:65536\notto:165536:65536\nbad\n";
  EXPECT_EQ(Lines(People(20000, 1000), text), List());
  EXPECT_EQ(Lines(People(99999, 1), text), List());
  EXPECT_EQ(Lines(People(231072, 1), text), List());
  EXPECT_EQ(Lines(NameTally("uid"), text), List());
  EXPECT_EQ(Lines(People(100000, 1), ""), List());
}

// Each range against each account would take minutes, and ctest waits for none.
TEST(SubordinateIds, ManyRangesAreNoPageAndManyOfBothComeToAnEnd) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += "olga:0:4294967295\n";
  const List lines = Lines(People(1, 500'000), text);
  ASSERT_EQ(lines.size(), 21U);
  EXPECT_TRUE(lines.front().starts_with("500000 accounts have uids from 0 to 4294967294, "));
  EXPECT_EQ(lines.back(),
            "49980 more ranges of /etc/subuid have such uids; mend those above first");
}

}  // namespace
}  // namespace sqlmap
