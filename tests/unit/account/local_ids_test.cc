#include "common/account/local_ids.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "common/account/rules.h"

namespace sqlmap {
namespace {

TEST(LocalIds, IdIsTheThirdFieldOfPasswdAndOfGroup) {
  const LocalIds users = LocalIds::Parse(
      "root:x:0:0:root:/root:/bin/bash\ndeploy:x:1000:1001:,,,:/home/deploy:/bin/sh\n");
  EXPECT_EQ(users.size(), 2U);
  EXPECT_EQ(users.OwnerOf(1000), "deploy");
  EXPECT_EQ(users.OwnerOf(0), "root");
  EXPECT_EQ(users.OwnerOf(1001), "");
  const LocalIds groups = LocalIds::Parse("sudo:x:27:deploy\nweb:x:5000:");
  EXPECT_EQ(groups.OwnerOf(27), "sudo");
  EXPECT_EQ(groups.OwnerOf(5000), "web") << "the last line has no newline";
}

TEST(LocalIds, OrderOfTheFileDoesNotMatterAndTheFirstNameStandsForAnId) {
  const LocalIds ids = LocalIds::Parse("c:x:3000:\nb:x:2000:\ntoor:x:3000:\na:x:1000:\n");
  EXPECT_EQ(ids.size(), 3U);
  EXPECT_EQ(ids.OwnerOf(1000), "a");
  EXPECT_EQ(ids.OwnerOf(2000), "b");
  EXPECT_EQ(ids.OwnerOf(3000), "c");
}

TEST(LocalIds, LineThatIsNoAccountHidesNoOtherLine) {
  const LocalIds ids = LocalIds::Parse(
      "\n:\n::\n:x:1:\n#old:x:2:\n+::3:\n-bob:x:4:\n+@net:x:5:\nshort:x\nnone:x:\nodd:x::6:\n"
      "word:x:7a:\nbig:x:4294967296:\nminus:x:-8:\nhalf:x:9\nlast:x:10:\n");
  EXPECT_EQ(ids.size(), 1U);
  EXPECT_EQ(ids.OwnerOf(10), "last");
}

TEST(LocalIds, WhatGlibcTakesForAnIdIsOne) {
  const LocalIds ids = LocalIds::Parse(" a:x: 1000:\nb:x:+1001:\nc:x:01002:\n\td:x:\t1003:\n");
  EXPECT_EQ(ids.OwnerOf(1000), "a");
  EXPECT_EQ(ids.OwnerOf(1001), "b");
  EXPECT_EQ(ids.OwnerOf(1002), "c");
  EXPECT_EQ(ids.OwnerOf(1003), "d");
}

TEST(LocalIds, EmptyTextHasNone) {
  EXPECT_EQ(LocalIds::Parse("").size(), 0U);
  EXPECT_EQ(LocalIds().OwnerOf(0), "");
}

TEST(LocalIds, NameIsFitForALogLine) {
  const LocalIds ids = LocalIds::Parse("a\x1b[2Jb\xff c:x:1000:\n" + std::string(300, 'n') +
                                       ":x:1001:\n" + std::string("z\0y", 3) + ":x:1002:\n");
  EXPECT_TRUE(ids.Refusal(1000, "uid").contains(" account a?[2Jb??c's;"));
  EXPECT_TRUE(ids.Refusal(1001, "uid").contains(" account " + std::string(32, 'n') + "'s;"));
  EXPECT_EQ(ids.OwnerOf(1002), "z?y");
}

TEST(LocalIds, NameIsFoundWhateverItsIdAndLength) {
  const std::string endless(300, 'n');
  const LocalIds ids =
      LocalIds::Parse("root:x:0:\ntoor:x:0:\nzoe:x:1000:\nann:x:1001:\nzoe:x:7:\n" + endless +
                      ":x:1002:\n+nis:x:5:\n");
  EXPECT_EQ(ids.IdOf("toor"), 0U);
  EXPECT_EQ(ids.IdOf("zoe"), 1000U) << "the first line counts";
  EXPECT_EQ(ids.IdOf("ann"), 1001U);
  EXPECT_EQ(ids.IdOf(endless), 1002U);
  for (const char* const other : {"", "an", "annn", "zoeb", "nis", "+nis"})
    EXPECT_FALSE(ids.IdOf(other)) << other;
  EXPECT_FALSE(LocalIds().IdOf("root"));
}

TEST(LocalIds, RowHasALocalNameOnlyIfItIsThatAccountAndListed) {
  const LocalIds local = LocalIds::Parse("aegir:x:998:\nubuntu:x:1000:\ndeploy:x:1001:\n");
  constexpr std::array<std::uint32_t, 2> kAlso{998, 2000};
  const IdRules rules{.also = kAlso, .local = &local};
  EXPECT_TRUE(rules.AllowsName("aegir", 998));
  EXPECT_FALSE(rules.AllowsName("aegir", 2000)) << "listed, but another id than its own";
  EXPECT_FALSE(rules.AllowsName("aegir", 5000));
  EXPECT_FALSE(rules.AllowsName("ubuntu", 5000)) << "sudoers(5) would take it for the local one";
  EXPECT_FALSE(rules.AllowsName("ubuntu", 1000));
  EXPECT_TRUE(rules.AllowsName("alice", 5000));
  EXPECT_TRUE(IdRules{}.AllowsName("ubuntu", 5000));
  EXPECT_EQ(local.NameRefusal("ubuntu", "uid"),
            "username is a local account's; if the row is to be that one, give it the uid 1000 and "
            "add that to accounts.allow_uids in /etc/sqlmapd/sqlmapd.toml");
  EXPECT_EQ(local.NameRefusal("ubuntu", "gid"),
            "groupname is a local group's; if the row is to be that one, give it the gid 1000 and "
            "add that to accounts.allow_gids in /etc/sqlmapd/sqlmapd.toml");
}

TEST(LocalIds, RefusalNamesTheAccountAndTheRemedy) {
  const LocalIds ids = LocalIds::Parse("root:x:0:\ndeploy:x:1000:\n");
  EXPECT_EQ(ids.Refusal(1000, "uid"),
            "uid 1000 is the local account deploy's; if that is meant, add 1000 to "
            "accounts.allow_uids in /etc/sqlmapd/sqlmapd.toml");
  EXPECT_EQ(ids.Refusal(1000, "gid"),
            "gid 1000 is the local group deploy's; if that is meant, add 1000 to "
            "accounts.allow_gids in /etc/sqlmapd/sqlmapd.toml");
  EXPECT_EQ(ids.Refusal(1001, "uid"), "");
  EXPECT_EQ(ids.Refusal(0, "uid"), "") << "there is no remedy for root's id";
  EXPECT_EQ(ids.Refusal(4294967296U + 1000, "uid"), "");
}

TEST(LocalIds, RulesRefuseALocalIdThatIsNotListed) {
  const LocalIds local = LocalIds::Parse("root:x:0:\naegir:x:998:\ndeploy:x:1000:\nweb:x:1001:\n");
  constexpr std::array<std::uint32_t, 3> kAlso{0, 998, 1001};
  const IdRules rules{.min = 1000, .max = 2000, .also = kAlso, .local = &local};
  EXPECT_FALSE(rules.Allows(0));
  EXPECT_TRUE(rules.Allows(998));
  EXPECT_FALSE(rules.Allows(1000));
  EXPECT_TRUE(rules.Allows(1001));
  EXPECT_TRUE(rules.Allows(1002));
}

TEST(LocalIds, HundredThousandAccountsInAnyOrder) {
  std::string text;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const std::uint32_t id = 1000 + (i * 7919U) % 100'000;
    text += "user" + std::to_string(id) + ":x:" + std::to_string(id) + ":1000::/home:/bin/sh\n";
  }
  const LocalIds ids = LocalIds::Parse(text);
  ASSERT_EQ(ids.size(), 100'000U);
  for (const std::uint32_t id : {1000U, 54321U, 100'999U})
    EXPECT_EQ(ids.OwnerOf(id), "user" + std::to_string(id));
  EXPECT_EQ(ids.OwnerOf(999), "");
  EXPECT_EQ(ids.OwnerOf(101'000), "");
}

}  // namespace
}  // namespace sqlmap
