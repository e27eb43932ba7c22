#include "common/account/rules.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace sqlmap {
namespace {

using namespace std::string_view_literals;

std::string BytesOf(const ByteSet& set) {
  std::string bytes;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (set.Contains(static_cast<unsigned char>(byte))) bytes += static_cast<char>(byte);
  }
  return bytes;
}

TEST(ByteSet, HoldsEachOfThe256BytesByItself) {
  for (unsigned added = 0; added < 256; ++added) {
    ByteSet set;
    set.Add(static_cast<unsigned char>(added));
    EXPECT_EQ(BytesOf(set), std::string(1, static_cast<char>(added)));
  }
}

TEST(ParseByteSet, ReadsCharactersAndRanges) {
  struct Case {
    std::string_view text;
    std::string_view bytes;  // ascending
  };
  for (const Case& c : {Case{"a", "a"},
                        {"cab", "abc"},
                        {"a-d", "abcd"},
                        {"a-a", "a"},
                        {"0-2x-z", "012xyz"},
                        {"-a", "-a"},
                        {"a-", "-a"},
                        {"-", "-"},
                        {"a-c-", "-abc"},
                        {"-a-c", "-abc"},
                        {"a-c-e", "-abce"},
                        {"--/", ""},
                        {"+-.", ""},
                        {"._@-", "-.@_"},
                        {"!-)", "!\"#$%&'()"},
                        {"aa-bb", "ab"}}) {
    ByteSet set;
    const bool good = ParseByteSet(c.text, set);
    EXPECT_EQ(good, !c.bytes.empty()) << c.text;
    EXPECT_EQ(BytesOf(set), c.bytes) << c.text;
  }
}

TEST(ParseByteSet, RefusesWhatNoNameMayContainAndLeavesTheSetAlone) {
  for (const std::string_view text :
       {""sv,     "z-a"sv, "a:"sv,  ","sv,    "/"sv,      "*"sv,    " "sv,
        "\t"sv,   "\n"sv,  "\0"sv,  "\x1f"sv, "\x7f"sv,   "\x80"sv, "\xc3\xa4"sv,
        "\xff"sv, " -~"sv, ")-+"sv, "9-;"sv,  "~-\x7f"sv, "a-z/"sv}) {
    ByteSet set;
    set.Add('q');
    EXPECT_FALSE(ParseByteSet(text, set)) << text;
    EXPECT_EQ(BytesOf(set), "q") << text;
  }
}

TEST(NameRules, DefaultTakesTheNamesOfSitesMailboxesAndPeople) {
  const NameRules rules = NameRules::Default();
  for (const std::string_view name :
       {"alice"sv, "a"sv, "_site"sv, "0day"sv, "1and1.example"sv, "shop.acme.example"sv,
        "bob@acme.example"sv, "www-site"sv, "a_b-c.d"sv,
        "queued-site-with-a-very-long-name.dora.example"sv, "1_"sv}) {
    EXPECT_TRUE(rules.Allows(name)) << name;
  }
}

TEST(NameRules, DefaultRefusesWhatCouldBeTakenForSomethingElse) {
  const NameRules rules = NameRules::Default();
  for (const std::string_view name : {""sv,
                                      "*"sv,
                                      "."sv,
                                      ".."sv,
                                      ".hidden"sv,
                                      "-rf"sv,
                                      "-"sv,
                                      "0"sv,
                                      "1000"sv,
                                      "root:"sv,
                                      "a:b"sv,
                                      "a b"sv,
                                      "alice "sv,
                                      " alice"sv,
                                      "a/b"sv,
                                      "../x"sv,
                                      "a\nb"sv,
                                      "a\0b"sv,
                                      "alice\0"sv,
                                      "Alice"sv,
                                      "BOLT.EXAMPLE"sv,
                                      "b\xc3\xb6lt.example"sv,
                                      "a,b"sv,
                                      "a*"sv,
                                      "+"sv,
                                      "+@group"sv,
                                      "%n"sv,
                                      "a'b"sv,
                                      "a\\b"sv,
                                      "@x"sv,
                                      "\x7f"sv}) {
    EXPECT_FALSE(rules.Allows(name)) << name;
  }
}

TEST(NameRules, CountsBytesUpToAndIncludingTheMaximum) {
  NameRules rules = NameRules::Default();
  EXPECT_TRUE(rules.Allows(std::string(255, 'a')));
  EXPECT_FALSE(rules.Allows(std::string(256, 'a')));
  EXPECT_FALSE(rules.Allows(std::string(1 << 20, 'a')));
  rules.max = 3;
  EXPECT_TRUE(rules.Allows("abc"));
  EXPECT_FALSE(rules.Allows("abcd"));
}

TEST(NameRules, NoConfigurationAdmitsDotsDigitsOrOptions) {
  NameRules rules;
  ASSERT_TRUE(ParseByteSet("!-)+.0-9;-~-", rules.first));
  rules.rest = rules.first;
  EXPECT_TRUE(rules.Allows("A!"));
  EXPECT_TRUE(rules.Allows("..."));
  EXPECT_TRUE(rules.Allows("+1"));
  for (const std::string_view name :
       {""sv, "."sv, ".."sv, "-"sv, "-a"sv, "7"sv, "007"sv, "4294967296"sv, "a:b"sv, "a/b"sv}) {
    EXPECT_FALSE(rules.Allows(name)) << name;
  }
}

TEST(NameRules, EmptySetsAdmitNothing) {
  const NameRules rules;
  EXPECT_FALSE(rules.Allows("a"));
}

TEST(NameRules, TheSecondSetDoesNotDecideTheFirstByte) {
  NameRules rules;
  ASSERT_TRUE(ParseByteSet("a", rules.first));
  ASSERT_TRUE(ParseByteSet("b", rules.rest));
  EXPECT_TRUE(rules.Allows("abb"));
  EXPECT_FALSE(rules.Allows("ba"));
  EXPECT_FALSE(rules.Allows("aa"));
}

TEST(IdRules, NeverAdmitsAReservedId) {
  constexpr std::array<std::uint32_t, 5> kReserved{0, 65534, 65535, 4294967294U, 4294967295U};
  const IdRules wide{.min = 0, .max = 4294967295U, .also = kReserved};
  for (const std::uint32_t id : kReserved) {
    EXPECT_TRUE(IsReservedId(id)) << id;
    EXPECT_FALSE(wide.Allows(id)) << id;
    EXPECT_FALSE(IdRules{}.Allows(id)) << id;
  }
  for (const std::uint32_t id : {1U, 65533U, 65536U, 4294967293U}) {
    EXPECT_FALSE(IsReservedId(id)) << id;
    EXPECT_TRUE(wide.Allows(id)) << id;
  }
}

TEST(IdRules, AdmitsTheRangeAndTheSingleIdsAndNothingElse) {
  constexpr std::array<std::uint32_t, 2> kAlso{998, 5000};
  const IdRules rules{.min = 1000, .max = 2000, .also = kAlso};
  for (const std::uint32_t id : {998U, 1000U, 1500U, 2000U, 5000U})
    EXPECT_TRUE(rules.Allows(id)) << id;
  for (const std::uint32_t id : {1U, 997U, 999U, 2001U, 4999U, 5001U})
    EXPECT_FALSE(rules.Allows(id)) << id;
}

TEST(IdRules, DefaultKeepsRowsOutOfTheSystemsIds) {
  const IdRules rules;
  EXPECT_FALSE(rules.Allows(999));
  EXPECT_TRUE(rules.Allows(1000));
  EXPECT_TRUE(rules.Allows(4294967293U));
}

TEST(IsCleanField, RefusesWhatWouldBreakALineOfPasswd) {
  for (const std::string_view text :
       {""sv, "Acme Widgets,,,"sv, "Bolt & S\xc3\xb6hne"sv, "%n"sv, "/a b"sv}) {
    EXPECT_TRUE(IsCleanField(text)) << text;
  }
  for (const std::string_view text :
       {":"sv, "a:b"sv, "a\nroot::0:0"sv, "a\0b"sv, "\r"sv, "\x1b[2J"sv, "\x7f"sv}) {
    EXPECT_FALSE(IsCleanField(text)) << text;
  }
}

TEST(IsCleanPath, AsksForAnAbsolutePathAsWell) {
  EXPECT_TRUE(IsCleanPath("/"));
  EXPECT_TRUE(IsCleanPath("/var/aegir/platforms/drupal-7.98/sites/www.acme.example"));
  for (const std::string_view text : {""sv, "home"sv, "./x"sv, "~"sv, "/a:b"sv, "/a\n"sv, "/\0"sv})
    EXPECT_FALSE(IsCleanPath(text)) << text;
}

TEST(LowerCase, ChangesAsciiLettersOnly) {
  char buffer[64];
  EXPECT_EQ(LowerCase("Shop.Acme.Example", buffer), "shop.acme.example");
  EXPECT_EQ(LowerCase("@[`{AZaz09", buffer), "@[`{azaz09");
  EXPECT_EQ(LowerCase("B\xc3\x96LT", buffer), "b\xc3\x96lt");
  EXPECT_EQ(LowerCase("", buffer), "");
}

TEST(NameRules, NoRowIsCalledLikeAnAccountOrGroupOfTheSystem) {
  for (const char* const name :
       {"root", "daemon", "sudo", "docker", "shadow", "www-data", "systemd-network"}) {
    EXPECT_TRUE(IsSystemName(name)) << name;
    EXPECT_FALSE(NameRules::Default().Allows(name)) << name;
  }
  for (const char* const name : {"aegir", "sudo.example", "roots", "systemd"}) {
    EXPECT_FALSE(IsSystemName(name)) << name;
    EXPECT_TRUE(NameRules::Default().Allows(name)) << name;
  }
}

TEST(NameRules, GroupThatSudoersTrustsIsRefusedAsAGroupOnly) {
  const NameRules rules = NameRules::Default();
  EXPECT_TRUE(rules.Allows("admin"));
  EXPECT_FALSE(rules.AllowsGroup("admin"));
  EXPECT_FALSE(rules.AllowsGroup("sudo"));
  EXPECT_FALSE(rules.AllowsGroup("-x"));
  for (const char* const name : {"admins", "staff", "alice"})
    EXPECT_TRUE(rules.AllowsGroup(name)) << name;
}

TEST(IsSystemName, EachSystemNameIsOneAndNothingNearIt) {
  for (const std::string name : {"_apt",       "adm",         "audio",
                                 "avahi",      "backup",      "bin",
                                 "crontab",    "daemon",      "google-sudoers",
                                 "incus",      "incus-admin", "dialout",
                                 "disk",       "docker",      "games",
                                 "gnats",      "input",       "irc",
                                 "kmem",       "kvm",         "libvirt",
                                 "list",       "lp",          "lpadmin",
                                 "lxd",        "mail",        "man",
                                 "messagebus", "mysql",       "netdev",
                                 "news",       "nobody",      "nogroup",
                                 "operator",   "plugdev",     "polkitd",
                                 "postgres",   "proxy",       "render",
                                 "root",       "sambashare",  "sgx",
                                 "shadow",     "sshd",        "sudo",
                                 "sync",       "sys",         "tape",
                                 "tty",        "utmp",        "uucp",
                                 "video",      "wheel",       "www-data"}) {
    EXPECT_TRUE(IsSystemName(name)) << name;
    EXPECT_FALSE(CanBeName(name)) << name;
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string other = name;
      other[i] = '0';
      EXPECT_FALSE(IsSystemName(other)) << other;
    }
    EXPECT_FALSE(IsSystemName(name + "0")) << name;
  }
  EXPECT_FALSE(IsSystemName(""));
  EXPECT_FALSE(IsSystemName(std::string(4096, 'a')));
}

}  // namespace
}  // namespace sqlmap
