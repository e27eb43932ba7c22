#include "ctl/setup/pam_service_text.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

namespace sqlmap {
namespace {

struct Row {
  const char* before;
  const char* after;
};

const std::set<std::string, std::less<>> kLogin = {"account", "auth", "session"};

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
      {"@Include /etc/pam.d/common-sqlmap\n@include common-auth\n",
       "@Include /etc/pam.d/common-sqlmap\n@include common-auth\n"},
      {"@Include /etc/pam.d/common-auth\n",
       "@include common-sqlmap\n@Include /etc/pam.d/common-auth\n"},
  };
  for (const Row& row : rows) {
    const auto after = WithSqlmapInService(row.before, kLogin);
    ASSERT_TRUE(after) << row.before;
    EXPECT_EQ(*after, row.after);
    EXPECT_EQ(WithSqlmapInService(*after, kLogin).value(), *after) << "the second time";
  }
}

TEST(PamService, WhatAServiceHasNoLinesOfStaysTheServiceOthers) {
  const auto passwd = WithSqlmapInService("# x\n@include common-password\n", {"password"});
  EXPECT_EQ(passwd.value(), "# x\npassword include common-sqlmap\n@include common-password\n");
  const auto user = WithSqlmapInService("@include common-account\r\n", {"session", "account"});
  EXPECT_EQ(user.value(),
            "account include common-sqlmap\r\nsession include common-sqlmap\r\n"
            "@include common-account\r\n");
  EXPECT_EQ(WithoutSqlmapInService(*user), "@include common-account\r\n");
}

TEST(PamService, AFileOfAnotherShapeIsLeftToAPerson) {
  for (const char* const text : {"", "auth substack password-auth\n", "auth required pam_unix.so\n",
                                 "# @include common-auth\n"}) {
    const auto after = WithSqlmapInService(text, kLogin);
    ASSERT_FALSE(after) << *after;
    EXPECT_EQ(after.error(), "there is no line \"@include common-...\" to stand in front of");
  }
}

TEST(PamService, TakenOutItLeavesWhatWasThere) {
  const Row rows[] = {
      {"@include common-sqlmap\n@include common-auth\n", "@include common-auth\n"},
      {"a\n @include  common-sqlmap \r\nb\n", "a\nb\n"},
      {"# @include common-sqlmap\n", "# @include common-sqlmap\n"},
      {"auth include common-sqlmap\n", ""},
      {"auth substack common-sqlmap\n", "auth substack common-sqlmap\n"},
      {"@include common-sqlmap-local\n", "@include common-sqlmap-local\n"},
  };
  for (const Row& row : rows) EXPECT_EQ(WithoutSqlmapInService(row.before), row.after);
}

}  // namespace
}  // namespace sqlmap
