// The options of the session stage: what is wrong with one opens nothing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pam/options.h"

namespace sqlmap {
namespace {

struct Parsed {
  Options options;
  std::vector<std::string> lines;  // for the log
};

Parsed Read(const std::vector<const char*>& words) {
  Parsed parsed;
  const auto note = [&](const OptionFault& fault) {
    char text[512];
    LineWriter line(text);
    DescribeFault(line, fault);
    parsed.lines.emplace_back(line.text());
  };
  parsed.options = ReadOptions(words, note);
  return parsed;
}

TEST(SessionOptionsTest, NothingIsOnByItself) {
  const Options options = Read({}).options;
  EXPECT_EQ(options.mkhome, "");
  EXPECT_EQ(options.skel, "");
  EXPECT_EQ(options.home_mode, 0700U);
  EXPECT_FALSE(options.umask.has_value());
  EXPECT_EQ(options.chroot, Chroot::kNone);
}

TEST(SessionOptionsTest, EachWordCountsInEveryPosition) {
  std::vector<const char*> words = {"mkhome=/srv/sites", "skel=/etc/skel",   "home_mode=0750",
                                    "umask=027",         "chroot=/srv/jail", "debug"};
  for (std::size_t turn = 0; turn < words.size(); ++turn) {
    const Parsed parsed = Read(words);
    EXPECT_TRUE(parsed.lines.empty());
    EXPECT_EQ(parsed.options.mkhome, "/srv/sites");
    EXPECT_EQ(parsed.options.skel, "/etc/skel");
    EXPECT_EQ(parsed.options.home_mode, 0750U);
    EXPECT_EQ(parsed.options.umask, 027U);
    EXPECT_EQ(parsed.options.chroot, Chroot::kPath);
    EXPECT_EQ(parsed.options.chroot_path, "/srv/jail");
    EXPECT_TRUE(parsed.options.debug);
    words.push_back(words.front());
    words.erase(words.begin());
  }
}

TEST(SessionOptionsTest, OfTwoTheLastCounts) {
  const Options options =
      Read({"umask=022", "mkhome=/a", "chroot=/b", "umask=077", "mkhome=/c", "chroot=home"})
          .options;
  EXPECT_EQ(options.umask, 077U);
  EXPECT_EQ(options.mkhome, "/c");
  EXPECT_EQ(options.chroot, Chroot::kHome);
}

TEST(SessionOptionsTest, AModeIsOctalAndSane) {
  struct {
    const char* text;
    int umask;  // -1: refused
    int mode;
  } const cases[] = {
      {"0", 0, -1},
      {"7", 7, -1},
      {"22", 022, -1},
      {"027", 027, -1},
      {"0077", 077, -1},
      {"777", 0777, -1},
      {"700", 0700, 0700},
      {"0750", 0750, 0750},
      {"0775", 0775, 0775},
      {"0711", 0711, 0711},
      {"0702", 0702, -1},
      {"0600", 0600, -1},
      {"00000700", 0700, 0700},
      {"1777", -1, -1},
      {"2750", -1, -1},
      {"", -1, -1},
      {"8", -1, -1},
      {"0x1f", -1, -1},
      {"-22", -1, -1},
      {"+22", -1, -1},
      {" 22", -1, -1},
      {"22 ", -1, -1},
      {"u=rwx", -1, -1},
      {"99999999999999", -1, -1},
      {"77777777777777777777777", -1, -1},
  };
  for (const auto& c : cases) {
    const std::string umask = std::string("umask=") + c.text;
    const Parsed as_umask = Read({umask.c_str()});
    EXPECT_EQ(as_umask.options.umask, static_cast<mode_t>(c.umask < 0 ? 077 : c.umask)) << c.text;
    EXPECT_EQ(as_umask.lines.size(), c.umask < 0 ? 1U : 0U) << c.text;
    const std::string mode = std::string("home_mode=") + c.text;
    const Parsed as_mode = Read({"mkhome=/a", mode.c_str()});
    EXPECT_EQ(as_mode.options.mkhome, c.mode < 0 ? "" : "/a") << c.text;
    const mode_t mode_read = as_mode.options.home_mode;
    EXPECT_EQ(mode_read, c.mode < 0 ? 0700U : static_cast<mode_t>(c.mode)) << c.text;
    EXPECT_EQ(as_mode.lines.size(), c.mode < 0 ? 1U : 0U) << c.text;
  }
}

TEST(SessionOptionsTest, ABadPathMakesNoHomeAndOpensNoSessionThatShallBeLockedIn) {
  for (const std::string path : {"", "/", "srv", "./srv", "/srv/", "/srv//a", "/srv/../a",
                                 "/srv/./a", "~/srv", "Home", "home/", "/a:b"}) {
    const std::string mkhome = "mkhome=" + path;
    EXPECT_EQ(Read({mkhome.c_str()}).options.mkhome, "") << path;
    EXPECT_EQ(Read({mkhome.c_str()}).lines.size(), 1U) << path;
    const std::string skel = "skel=" + path;
    EXPECT_EQ(Read({"mkhome=/a", skel.c_str()}).options.mkhome, "") << path;
    const std::string chroot = "chroot=" + path;
    EXPECT_EQ(Read({chroot.c_str()}).options.chroot, Chroot::kUnclear) << path;
    EXPECT_EQ(Read({chroot.c_str()}).lines.size(), 1U) << path;
  }
}

TEST(SessionOptionsTest, AGoodWordDoesNotMendABadOne) {
  EXPECT_EQ(Read({"mkhome=a", "mkhome=/a"}).options.mkhome, "");
  EXPECT_EQ(Read({"home_mode=rwx", "home_mode=0700", "mkhome=/a"}).options.mkhome, "");
  EXPECT_EQ(Read({"umask=rwx", "umask=022"}).options.umask, 077U);
  EXPECT_EQ(Read({"chroot=a", "chroot=/a"}).options.chroot, Chroot::kUnclear);
  EXPECT_EQ(Read({"chrot=/a", "chroot=home"}).options.chroot, Chroot::kUnclear);
}

TEST(SessionOptionsTest, AnOptionWithoutItsValueIsAFault) {
  EXPECT_EQ(Read({"mkhome"}).lines.size(), 1U);
  EXPECT_EQ(Read({"umask"}).options.umask, 077U);
  EXPECT_EQ(Read({"chroot"}).options.chroot, Chroot::kUnclear);
}

TEST(SessionOptionsTest, TheWordForThePromptsIsLibpamsAndMayBeAny) {
  EXPECT_TRUE(Read({"authtok_type=web", "authtok_type="}).lines.empty());
  EXPECT_EQ(Read({"authtok_type"}).lines,
            (std::vector<std::string>{
                "option authtok_type: the value must be a word: the prompts have no such word"}));
}

TEST(SessionOptionsTest, EveryWordThatIsOneSlipAwayFromChrootLocksTheDoor) {
  const std::string word = "chroot";
  std::vector<std::string> slips;
  for (std::size_t at = 0; at <= word.size(); ++at) {
    for (char c = '!'; c <= '~'; ++c) {
      if (c == '=') continue;  // that is a bad value
      std::string inserted = word;
      slips.push_back(inserted.insert(at, 1, c));
      std::string replaced = word;
      if (at < word.size()) slips.push_back(replaced.replace(at, 1, 1, c));
    }
    std::string removed = word;
    if (at < word.size()) slips.push_back(removed.erase(at, 1));
    std::string swapped = word;
    if (at + 1 < word.size()) {
      std::swap(swapped[at], swapped[at + 1]);
      slips.push_back(swapped);
    }
  }
  slips.insert(slips.end(), {"Chroot", "CHROOT", "chroot_dir", "chrootdir", "rootdir", "ch-root"});
  for (const std::string& slip : slips) {
    if (slip == word) continue;
    const std::string option = slip + "=/srv/jail";
    EXPECT_EQ(Read({option.c_str()}).options.chroot, Chroot::kUnclear) << slip;
    EXPECT_EQ(Read({option.c_str()}).lines.size(), 1U) << slip;
  }
  for (const char* const other :
       {"no_warn", "echo_pass", "passwd=chroot", "revoke=oot", "silent"}) {
    EXPECT_EQ(Read({other}).options.chroot, Chroot::kNone) << other;
  }
}

TEST(SessionOptionsTest, SkeletonAndHomesAreApart) {
  EXPECT_EQ(Read({"mkhome=/srv", "skel=/srv"}).options.mkhome, "");
  EXPECT_EQ(Read({"mkhome=/srv", "skel=/srv/skel"}).options.mkhome, "");
  EXPECT_EQ(Read({"mkhome=/srv/sites", "skel=/srv"}).options.mkhome, "");
  EXPECT_EQ(Read({"mkhome=/srv/sites", "skel=/srv/skel"}).options.mkhome, "/srv/sites");
  EXPECT_EQ(Read({"mkhome=/srv", "skel=/srv2"}).options.mkhome, "/srv");
}

TEST(SessionOptionsTest, TheLogSaysWhatIsAllowedAndWhatHappensButNoValue) {
  EXPECT_EQ(Read({"umask=secret"}).lines,
            (std::vector<std::string>{
                "option umask: the value must be octal, at most 0777: it is taken for 0077"}));
  EXPECT_EQ(
      Read({"mkhome=srv"}).lines,
      (std::vector<std::string>{"option mkhome: the value must be an absolute path without \".\", "
                                "\"..\", \"//\" and a \"/\" at the end, and not \"/\": no home is "
                                "made"}));
  EXPECT_EQ(Read({"chrot=/srv"}).lines,
            (std::vector<std::string>{"unknown option chrot: a session line with it opens none for "
                                      "accounts of the database"}));
  EXPECT_EQ(Read({"bogus=secret"}).lines, (std::vector<std::string>{"unknown option bogus"}));
}

}  // namespace
}  // namespace sqlmap
