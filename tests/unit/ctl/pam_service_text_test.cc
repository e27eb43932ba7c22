#include "ctl/setup/pam_service_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace sqlmap {
namespace {

struct Row {
  const char* before;
  const char* after;
};

TEST(PamService, TheIncludeStandsInFrontOfTheFirstOfDebiansAndNothingElseChanges) {
  const Row rows[] = {
      {"@include common-auth\n", "@include common-sqlmap\n@include common-auth\n"},
      {"# PAM for sshd\nauth required pam_nologin.so\n@include common-auth\n@include "
       "common-account\n",
       "# PAM for sshd\nauth required pam_nologin.so\n@include common-sqlmap\n@include "
       "common-auth\n@include common-account\n"},
      {"  @include\tcommon-account # accounts\n",
       "@include common-sqlmap\n  @include\tcommon-account # accounts\n"},
      {"@include common-auth", "@include common-sqlmap\n@include common-auth"},
      {"@include common-auth\r\n", "@include common-sqlmap\r\n@include common-auth\r\n"},
      {"#@include common-auth\n@include common-session\n",
       "#@include common-auth\n@include common-sqlmap\n@include common-session\n"},
      // The second line goes on with the first.
      {"auth required pam_exec.so \\\n@include common-auth\n@include common-account\n",
       "auth required pam_exec.so \\\n@include common-auth\n@include common-sqlmap\n@include "
       "common-account\n"},
      // There already, in each of the ways that there are.
      {"@include common-sqlmap\n@include common-auth\n",
       "@include common-sqlmap\n@include common-auth\n"},
      {"@include common-auth\nauth include common-sqlmap\n",
       "@include common-auth\nauth include common-sqlmap\n"},
      {"auth substack common-sqlmap\n@include common-auth\n",
       "auth substack common-sqlmap\n@include common-auth\n"},
  };
  for (const Row& row : rows) {
    const auto after = WithSqlmapInService(row.before);
    ASSERT_TRUE(after) << row.before;
    EXPECT_EQ(*after, row.after);
    EXPECT_EQ(WithSqlmapInService(*after).value(), *after) << "the second time";
  }
}

TEST(PamService, AFileOfAnotherShapeIsLeftToAPerson) {
  for (const char* const text : {"", "auth substack password-auth\n", "auth required pam_unix.so\n",
                                 "# @include common-auth\n"}) {
    const auto after = WithSqlmapInService(text);
    ASSERT_FALSE(after) << *after;
    EXPECT_EQ(after.error(), "there is no line \"@include common-...\" to stand in front of");
  }
}

TEST(PamService, AJumpThatWouldLandElsewhereKeepsTheLineOut) {
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
    const std::string text(row.before);
    EXPECT_EQ(JumpPast(text, text.rfind("@include")), row.after) << text;
    EXPECT_EQ(JumpPastInclude(text, {"common-auth", "common-account"}), row.after) << text;
    const auto after = WithSqlmapInService(text);
    EXPECT_EQ(after.has_value(), row.after[0] == '\0') << text;
    if (!after) {
      EXPECT_EQ(after.error().substr(0, std::string(row.after).size()), row.after);
    }
  }
  EXPECT_EQ(JumpPastInclude("auth [success=1] a.so\nauth substack common-auth\n", {"common-auth"}),
            "")
      << "a substack is one, however long it is";
}

TEST(PamService, TakenOutItLeavesWhatWasThere) {
  const Row rows[] = {
      {"@include common-sqlmap\n@include common-auth\n", "@include common-auth\n"},
      {"a\n @include  common-sqlmap \r\nb\n", "a\nb\n"},
      {"# @include common-sqlmap\n", "# @include common-sqlmap\n"},
      {"auth include common-sqlmap\n", "auth include common-sqlmap\n"},
      {"@include common-sqlmap-local\n", "@include common-sqlmap-local\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(WithoutSqlmapInService(row.before), row.after);
}

TEST(PamService, WhatIsIncludedIsSeenInEachOfTheWays) {
  EXPECT_THAT(
      IncludedBy("@include common-auth\n-auth include system-auth\n"
                 "account [default=bad] pam_a.so include\n#@include b\nsession substack s # c\n"),
      testing::ElementsAre("common-auth", "system-auth", "s"));
}

}  // namespace
}  // namespace sqlmap
