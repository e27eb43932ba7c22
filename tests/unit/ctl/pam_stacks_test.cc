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

TEST(PamStacks, WhatIsIncludedIsSeenInEachOfTheWays) {
  EXPECT_THAT(
      IncludedBy("@include common-auth\n-auth include system-auth\n"
                 "account [default=bad] pam_a.so include\n#@include b\nsession substack s # c\n"
                 "auth Include /opt/pam\n"),
      testing::ElementsAre("/etc/pam.d/common-auth", "/etc/pam.d/system-auth", "/etc/pam.d/s",
                           "/opt/pam"));
}

}  // namespace
}  // namespace sqlmap
