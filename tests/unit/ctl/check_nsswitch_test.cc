#include <gtest/gtest.h>

#include <string>

#include "ctl/check/nsswitch.h"
#include "ctl/nsswitch_lines.h"

namespace sqlmap {
namespace {

using Services = std::vector<NssService>;

TEST(Nsswitch, ALineIsReadAsGlibcReadsIt) {
  struct Row {
    const char* text;
    std::optional<Services> services;
  };
  const Row rows[] = {
      {"passwd: files sqlmap\n", Services{{"files"}, {"sqlmap"}}},
      {"passwd:files\tsqlmap", Services{{"files"}, {"sqlmap"}}},
      {" passwd : files sqlmap # ldap\n", Services{{"files"}, {"sqlmap"}}},
      {"# passwd: files\n", std::nullopt},
      {"passwd_compat: nis\n", std::nullopt},
      {"passwd:\n", Services{}},
      {"passwd: files\npasswd: sqlmap\n", Services{{"sqlmap"}}},
      {"passwd: files [NOTFOUND=return] sqlmap\n", Services{{"files", true, false}, {"sqlmap"}}},
      {"passwd: files [notfound=RETURN]sqlmap\n", Services{{"files", true, false}, {"sqlmap"}}},
      {"passwd: ldap [ UNAVAIL=return TRYAGAIN=continue ] sqlmap\n",
       Services{{"ldap", false, true}, {"sqlmap"}}},
      {"passwd: files [ NOTFOUND = return ] sqlmap\n",
       Services{{"files", true, false}, {"sqlmap"}}},
      {"passwd: files [!SUCCESS=return] sqlmap\n", Services{{"files", true, true}, {"sqlmap"}}},
      {"passwd: files [!UNAVAIL=return] sqlmap\n", Services{{"files", true, true}, {"sqlmap"}}},
      {"group: files [SUCCESS=merge] sqlmap\n", std::nullopt},
      {"passwd: files [SUCCESS=merge] sqlmap\n",
       Services{{"files", false, false, NssSuccess::kMerge}, {"sqlmap"}}},
      {"passwd: files [ success = Continue SUCCESS=return ] sqlmap [!NOTFOUND=continue]\n",
       Services{{"files"}, {"sqlmap", false, false, NssSuccess::kContinue}}},
      {"passwd: [NOTFOUND=return] files\n", Services{{"files"}}},
      {"", std::nullopt},
  };
  for (const Row& row : rows)
    EXPECT_EQ(NssServicesOf(row.text, "passwd"), row.services) << row.text;
}

std::string LevelsOf(const std::string& text) {
  Findings findings("nsswitch");
  JudgeNsswitch(text, findings);
  std::string levels;
  for (const Finding& finding : findings.list()) {
    levels += finding.subject + (finding.level == Level::kOk        ? "+ "
                                 : finding.level == Level::kWarning ? "? "
                                                                    : "! ");
  }
  return levels;
}

TEST(Nsswitch, NobodyIsToldThatALineIsGoodBehindWhichSqlmapIsNeverAsked) {
  const std::string others = "group: files sqlmap\nshadow: files sqlmap\n";
  EXPECT_EQ(LevelsOf("passwd: files sqlmap\n" + others), "passwd+ group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: files systemd sqlmap\n" + others), "passwd+ group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: files sqlmap [NOTFOUND=return] nis\n" + others),
            "passwd+ group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: compat sqlmap\n" + others), "passwd+ group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: files [NOTFOUND=return] sqlmap\n" + others),
            "passwd! group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: files\n" + others), "passwd! group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: sqlmap\n" + others), "passwd! group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: sqlmap files\n" + others), "passwd? group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: files sss sqlmap\n" + others), "passwd? group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: files sqlmap sss\n" + others), "passwd+ group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: files nis [UNAVAIL=return] sqlmap\n" + others),
            "passwd? group+ shadow+ ");
  EXPECT_EQ(LevelsOf("passwd: files sqlmap\ninitgroups: files\n" + others),
            "passwd+ group+ shadow+ initgroups! ");
  EXPECT_EQ(LevelsOf("passwd: files sqlmap\ninitgroups: files sqlmap\ngshadow: sqlmap\n" + others),
            "passwd+ group+ shadow+ initgroups+ gshadow? ");
  EXPECT_EQ(LevelsOf(""), "passwd! group! shadow! ");
}

TEST(Nsswitch, NobodyIsToldThatALineIsGoodWhichThrowsAwayWhatWasFound) {
  struct Row {
    const char* passwd;
    const char* level;
  };
  const Row rows[] = {
      {"files [SUCCESS=continue] sqlmap", "passwd! "},
      {"files [success = CONTINUE] sqlmap", "passwd! "},
      {"files sqlmap [SUCCESS=continue] systemd", "passwd! "},
      {"files [!NOTFOUND=continue] sqlmap", "passwd! "},
      {"files [SUCCESS=merge] sqlmap", "passwd! "},
      {"files sqlmap [SUCCESS=continue]", "passwd+ "},
      {"files sqlmap [SUCCESS=merge]", "passwd! "},
      {"files sqlmap systemd [SUCCESS=continue] nis", "passwd+ "},
      {"files [SUCCESS=return] sqlmap", "passwd+ "},
  };
  const std::string others = "group: files [SUCCESS=merge] sqlmap\nshadow: files sqlmap\n";
  for (const Row& row : rows) {
    EXPECT_EQ(LevelsOf("passwd: " + std::string(row.passwd) + "\n" + others),
              row.level + std::string("group+ shadow+ "))
        << row.passwd;
  }
}

TEST(Nsswitch, ALineIsShownWithWhatItSaysBetweenTheServices) {
  Findings findings("nsswitch");
  JudgeNsswitch("group: nis\ngroup:  files [SUCCESS=merge] sqlmap [UNAVAIL=return] # ours\n",
                findings);
  EXPECT_EQ(findings.list()[1].what, "group: files [SUCCESS=merge] sqlmap [UNAVAIL=return]");
}

TEST(Nscd, OnlyACacheThatIsSwitchedOnIsInTheWay) {
  EXPECT_TRUE(NscdCaches("\tenable-cache\t\tpasswd\t\tyes\n", "passwd"));
  EXPECT_FALSE(NscdCaches("enable-cache passwd yes\nenable-cache passwd no\n", "passwd"));
  EXPECT_FALSE(NscdCaches("enable-cache passwd yes\n", "group"));
  EXPECT_FALSE(NscdCaches("#enable-cache passwd yes\n", "passwd"));
  EXPECT_FALSE(NscdCaches("", "passwd"));
}

}  // namespace
}  // namespace sqlmap
