#include "ctl/setup/pam_stacks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace sqlmap {
namespace {

// By their names in pam.d.
using Files = std::map<std::string, std::string>;

PamChanges ChangesOf(const Files& before, const Files& after) {
  PamChanges changes;
  for (const auto& [name, text] : before) changes.before["/etc/pam.d/" + name] = text;
  changes.after = changes.before;
  for (const auto& [name, text] : after) changes.Add("/etc/pam.d/" + name, text);
  return changes;
}

std::string WithLineInFront(const std::string& text, const std::string& of) {
  std::string changed = text;
  return changed.insert(changed.find(of), "@include common-sqlmap\n");
}

TEST(PamStacks, AJumpThatWouldLandElsewhereIsFoundInTheServicesOwnFile) {
  struct Row {
    const char* text;
    const char* jump;
  };
  const Row rows[] = {
      {"auth [success=3 default=ignore] pam_unix.so\n@include common-auth\n",
       "line 1, \"auth [success=3 default=ignore] pam_unix.so\""},
      // It lets in whom pam_deny in common-auth would keep out, or the other way round.
      {"# a\n-AUTH\t[ success = ignore default = 1 ] pam_succeed_if.so user ingroup ftp\n"
       "@include common-auth\n",
       "line 2, \"-AUTH [ success = ignore default = 1 ] pam_succeed_if.so user ingroup ftp\""},
      {"auth [success=ok \\\n default=2] pam_a.so\nauth required pam_b.so\n@include "
       "common-account\n",
       "line 1, \"auth [success=ok default=2] pam_a.so\""},
      {"session [success=1 default=ignore] pam_a.so\nauth required pam_b.so\n@include "
       "common-auth\n",
       "line 1, \"session [success=1 default=ignore] pam_a.so\""},
      // Those that land in front, or where sqlmap begins.
      {"auth [success=1 default=ignore] pam_a.so\nauth required pam_b.so\n@include common-auth\n",
       ""},
      {"auth [success=2 default=ignore] pam_a.so\nauth required pam_b.so\nauth required "
       "pam_c.so\n@include common-auth\n",
       ""},
      {"#auth [success=9] pam_a.so\nauth required pam_b.so x=9\n@include common-auth\n", ""},
      {"auth [success=ok default=die] pam_a.so\n@include common-auth\nauth [success=9] pam_b.so\n",
       ""},
  };
  for (const Row& row : rows) {
    const std::string jump = row.jump[0] == '\0' ? "" : std::string("/etc/pam.d/s: ") + row.jump;
    EXPECT_EQ(JumpElsewhere(ChangesOf({{"s", row.text}},
                                      {{"s", WithLineInFront(row.text, "@include common-")}})),
              jump)
        << row.text;
    // The same where the included file is the one that gets lines.
    const Files files{{"s", row.text}, {"common-auth", ""}, {"common-account", ""}};
    EXPECT_EQ(JumpElsewhere(ChangesOf(files, {{"common-auth", "auth required pam_sqlmap.so\n"},
                                              {"common-account", "account required pam_x.so\n"}})),
              jump)
        << row.text;
  }
}

TEST(PamStacks, AJumpThatWouldLandElsewhereIsFoundHoweverItReachesWhatChanges) {
  struct Row {
    Files files;
    const char* jump;
  };
  const std::string jump = "auth [success=2 default=ignore] pam_a.so\n";
  const Row rows[] = {
      // In the file itself, above what changes there.
      {{{"common-auth", "auth [success=ignore default=1] pam_a.so\nauth required pam_unix.so\n"}},
       "/etc/pam.d/common-auth: line 1, \"auth [success=ignore default=1] pam_a.so\""},
      // Over a file in between; with capitals; by its path; of one type.
      {{{"tool", jump + "@include company-auth\n"}, {"company-auth", "@include common-auth\n"}},
       "/etc/pam.d/tool: line 1, \"auth [success=2 default=ignore] pam_a.so\""},
      {{{"tool", jump + "auth Include common-auth\n"}},
       "/etc/pam.d/tool: line 1, \"auth [success=2 default=ignore] pam_a.so\""},
      {{{"tool", jump + "@Include /etc/pam.d/common-auth\n"}},
       "/etc/pam.d/tool: line 1, \"auth [success=2 default=ignore] pam_a.so\""},
      // From a file that is over by then.
      {{{"first", jump}, {"tool", "@include first\n@include common-auth\n"}},
       "/etc/pam.d/first: line 1, \"auth [success=2 default=ignore] pam_a.so\""},
      // What is included in between counts, by its type.
      {{{"tool", jump + "@include two\n@include common-auth\n"},
        {"two", "auth required pam_b.so\nauth required pam_c.so\n"}},
       ""},
      {{{"tool", jump + "account include two\n@include common-auth\n"},
        {"two", "auth required pam_b.so\nauth required pam_c.so\n"}},
       "/etc/pam.d/tool: line 1, \"auth [success=2 default=ignore] pam_a.so\""},
      // A substack is one, however long it is, and none leaves it.
      {{{"tool", jump + "auth substack common-auth\nauth required pam_b.so\n"}}, ""},
      {{{"first", jump}, {"tool", "auth substack first\n@include common-auth\n"}}, ""},
      // A file that includes itself.
      {{{"tool", "@include tool\n@include common-auth\n"}}, ""},
  };
  for (const Row& row : rows) {
    Files files = row.files;
    std::string grown =
        files.try_emplace("common-auth", "auth required pam_unix.so\n").first->second;
    grown.insert(grown.find("auth required pam_unix.so"), "auth required pam_sqlmap.so\n");
    EXPECT_EQ(JumpElsewhere(ChangesOf(files, {{"common-auth", grown}})), row.jump)
        << row.files.rbegin()->second;
  }
}

constexpr char kGrown[] = "auth required pam_sqlmap.so\nauth required pam_unix.so\n";

TEST(PamStacks, WhoeverIncludesWhatChangesHoweverDeepIsTried) {
  const PamChanges changes = ChangesOf({{"common-auth", "auth required pam_unix.so\n"},
                                        {"company-auth", "auth substack common-auth\n"},
                                        {"deep", "@include company-auth\n"},
                                        {"elsewhere", "account required common-auth\n"},
                                        {"path", "auth INCLUDE /etc/pam.d/common-auth\n"},
                                        {"plain", "@include common-auth\n"}},
                                       {{"common-auth", kGrown}});
  EXPECT_THAT(ChangedStacks(changes),
              testing::ElementsAre("/etc/pam.d/common-auth", "/etc/pam.d/company-auth",
                                   "/etc/pam.d/deep", "/etc/pam.d/path", "/etc/pam.d/plain"));
}

TEST(PamStacks, SqlmapIsNotAskedTwiceInOneStack) {
  const std::string alone = "@include common-auth\n";
  const std::string chosen = "@include common-sqlmap\n" + alone;
  const Files common{{"common-auth", "auth required pam_unix.so\n"},
                     {"common-sqlmap", "auth sufficient pam_sqlmap.so\n"}};
  const auto twice = [&](Files before, const Files& after) {
    before.insert(common.begin(), common.end());
    return AskedTwice(ChangesOf(before, after));
  };
  // One way, and then the other.
  EXPECT_EQ(twice({{"s", chosen}}, {{"common-auth", kGrown}}), "/etc/pam.d/s: auth");
  EXPECT_EQ(twice({{"s", alone}, {"common-auth", kGrown}}, {{"s", chosen}}), "/etc/pam.d/s: auth");
  EXPECT_EQ(twice({{"s", "auth optional /lib/security/pam_sqlmap.so\n" + alone}},
                  {{"common-auth", kGrown}}),
            "/etc/pam.d/s: auth");
  // Once; another type; twice by somebody's own will.
  EXPECT_EQ(twice({{"s", alone}}, {{"common-auth", kGrown}}), "");
  EXPECT_EQ(twice({{"s", "account required pam_sqlmap.so\n" + alone}},
                  {{"s", "account required pam_sqlmap.so\n" + chosen}}),
            "");
  EXPECT_EQ(twice({{"t", chosen + chosen}, {"s", alone}}, {{"s", chosen}}), "");
}

TEST(PamStacks, WhoAsksInOneWayAndIsToAskInAnotherTwiceIsSeenThoughHeNeverAskedBefore) {
  const Files files{{"inner", "@include common-auth\n"},
                    {"outer", "@include common-auth\n@include inner\n"},
                    {"common-sqlmap", "auth sufficient pam_sqlmap.so\n"},
                    {"common-auth", "auth required pam_unix.so\n"}};
  const auto with = [](const std::string& text) { return "@include common-sqlmap\n" + text; };
  EXPECT_EQ(AskedTwice(ChangesOf(
                files, {{"inner", with(files.at("inner"))}, {"outer", with(files.at("outer"))}})),
            "/etc/pam.d/outer: auth");
}

PamTexts TextsOf(const Files& files) { return ChangesOf(files, {}).before; }

TEST(PamStacks, AStackThatDoesNotEndIsNamedAndNotWalkedForEver) {
  const std::pair<Files, const char*> rows[] = {
      {{{"a", "auth required pam_unix.so\n@include b\n"}, {"b", "@include c\n"}}, ""},
      {{{"loop", "# x\nauth required pam_unix.so\n@include loop\n"}},
       "/etc/pam.d/loop: line 3 includes /etc/pam.d/loop in itself"},
      {{{"a", "@include b\n"}, {"b", "auth include /etc/pam.d/a\n"}},
       "/etc/pam.d/b: line 1 includes /etc/pam.d/a in itself"},
      // Of another type than the one that is read there.
      {{{"a", "auth include b\n"}, {"b", "account include a\n@include c\n"}}, ""},
      {{{"a", "auth include b\nauth include b\n"}, {"b", "auth required pam_unix.so\n"}}, ""},
  };
  for (const auto& [files, why] : rows) {
    EXPECT_EQ(Endless(TextsOf(files)), why) << files.begin()->second;
  }
  Files deep;
  for (char c = 'a'; c < 'q'; ++c)
    deep[std::string(1, c)] = "@include " + std::string(1, static_cast<char>(c + 1)) + "\n";
  deep["p"] = "auth required pam_unix.so\n";
  EXPECT_EQ(Endless(TextsOf(deep)), "");
  deep["p"] = "@include q\n";
  deep["q"] = "auth required pam_unix.so\n";
  EXPECT_EQ(Endless(TextsOf(deep)),
            "/etc/pam.d/p: line 1 includes one more than 16 files in each other");
  // 4 to the power of 15 lines, of 15 files that none includes in itself.
  Files bomb;
  for (char c = 'a'; c < 'o'; ++c) {
    for (int i = 0; i < 4; ++i)
      bomb[std::string(1, c)] += "@include " + std::string(1, static_cast<char>(c + 1)) + "\n";
  }
  bomb["o"] = "auth required pam_unix.so\n";
  EXPECT_THAT(Endless(TextsOf(bomb)), testing::EndsWith("has more than 10000 lines"));
}

TEST(PamStacks, AFileThatTheVendorBringsCountsUnlessTheAdministratorsHidesIt) {
  const std::string jump = "auth [success=1 default=ignore] pam_a.so\n@include common-auth\n";
  const auto found = [&](const std::string& path, const Files& others) {
    PamChanges changes = ChangesOf({{"common-auth", "auth required pam_unix.so\n"}}, {});
    for (const auto& [name, text] : others) changes.before["/etc/pam.d/" + name] = text;
    changes.before[path] = jump;
    changes.after = changes.before;
    changes.Add("/etc/pam.d/common-auth", kGrown);
    return JumpElsewhere(changes);
  };
  const std::string line = ": line 1, \"auth [success=1 default=ignore] pam_a.so\"";
  EXPECT_EQ(found("/usr/lib/pam.d/vendor", {}), "/usr/lib/pam.d/vendor" + line);
  EXPECT_EQ(found("/usr/lib/pam.d/rules", {{"tool", "auth include rules\n"}}),
            "/usr/lib/pam.d/rules" + line);
  EXPECT_EQ(found("/usr/lib/pam.d/vendor", {{"vendor", "@include common-auth\n"}}), "");
  EXPECT_EQ(found("/usr/lib/pam.d/vendor",
                  {{"vendor", ""}, {"tool", "@include /usr/lib/pam.d/vendor\n"}}),
            "/usr/lib/pam.d/vendor" + line);
}

TEST(PamStacks, AServiceIsNotTakenToAskSqlmapThatAsksHalf) {
  const std::pair<const char*, bool> rows[] = {
      {"auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n", true},
      {"auth required pam_sqlmap.so\naccount required pam_unix.so\n", false},
      {"auth required pam_unix.so\naccount required pam_sqlmap.so\n", false},
      {"password required pam_sqlmap.so\n", true},
      {"password required pam_unix.so\n", false},
      {"session required pam_sqlmap.so\nauth required pam_unix.so\n", false},
  };
  for (const auto& [text, asks] : rows)
    EXPECT_EQ(AsksSqlmap(WalkPam(TextsOf({{"s", text}}), "/etc/pam.d/s")), asks) << text;
}

}  // namespace
}  // namespace sqlmap
