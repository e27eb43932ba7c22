#include <gtest/gtest.h>

#include <string>

#include "ctl/check/pam.h"

namespace sqlmap {
namespace {

const PamFiles kDebian = {
    {"common-auth",
     "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite "
     "pam_deny.so\nauth required pam_permit.so\n"},
    {"common-account", "account required pam_unix.so\n"},
    {"common-sqlmap",
     "# accounts\nauth [perm_denied=ignore default=1] pam_localuser.so\nauth [success=done "
     "user_unknown=ignore \\\n  default=die] pam_sqlmap.so\naccount [success=ok default=bad] "
     "/usr/lib/security/pam_sqlmap.so\n-session optional pam_sqlmap.so\n"},
};

PamFiles With(const std::string& service, const std::string& text) {
  PamFiles files = kDebian;
  files[service] = text;
  return files;
}

TEST(Pam, AServiceRunsWhatItIncludesInItsOrder) {
  const PamStack stack = StackOf(
      With("sshd",
           "@include common-sqlmap\nauth include common-auth\nAccount substack common-account # x\n"
           "broken\n"),
      "sshd");
  const std::vector<PamLine> lines = {
      {"auth", "[perm_denied=ignore default=1]", "pam_localuser.so"},
      {"auth", "[success=done user_unknown=ignore default=die]", "pam_sqlmap.so"},
      {"account", "[success=ok default=bad]", "pam_sqlmap.so"},
      {"session", "optional", "pam_sqlmap.so"},
      {"auth", "[success=1 default=ignore]", "pam_unix.so"},
      {"auth", "requisite", "pam_deny.so"},
      {"auth", "required", "pam_permit.so"},
      {"account", "required", "pam_unix.so"},
  };
  EXPECT_EQ(stack.lines, lines);
  EXPECT_TRUE(stack.missing.empty());
}

TEST(Pam, AnIncludeOfOneTypeTakesNoOthers) {
  const PamStack stack = StackOf(With("ftp", "account include common-sqlmap\n"), "ftp");
  EXPECT_EQ(stack.lines,
            (std::vector<PamLine>{{"account", "[success=ok default=bad]", "pam_sqlmap.so"}}));
}

TEST(Pam, FilesThatIncludeEachOtherEnd) {
  EXPECT_TRUE(StackOf(With("loop", "@include loop\n"), "loop").lines.empty());
}

TEST(Pam, WhatIsNotThereIsNamed) {
  EXPECT_EQ(StackOf(kDebian, "sshd").missing, std::vector<std::string>{"sshd"});
  EXPECT_EQ(StackOf(With("sshd", "@include common-ldap\n"), "sshd").missing,
            std::vector<std::string>{"common-ldap"});
}

TEST(Pam, NoServiceIsCalledGoodThatRefusesThePeopleOfTheDatabaseOrChecksHalfOfThem) {
  struct Row {
    const char* text;
    Level level;
    const char* says;
  };
  const Row rows[] = {
      {"@include common-sqlmap\n@include common-auth\n@include common-account\n", Level::kOk,
       "asks sqlmap in auth, account, session"},
      {"auth sufficient pam_unix.so\n@include common-sqlmap\n", Level::kOk,
       "asks sqlmap in auth, account, session, behind pam_unix"},
      {"auth required pam_unix.so\n@include common-sqlmap\n", Level::kError, "pam_unix stands"},
      {"auth [success=ok default=die] pam_unix.so\n@include common-sqlmap\n", Level::kError,
       "pam_unix stands"},
      {"auth requisite pam_deny.so\n@include common-sqlmap\n", Level::kError, "pam_deny stands"},
      {"auth required pam_sqlmap.so\n", Level::kWarning, "in auth and not in account"},
      {"account required pam_sqlmap.so\n", Level::kWarning, "in account and not in auth"},
      {"session required pam_sqlmap.so\n", Level::kWarning, "in neither"},
      {"@include common-sqlmap\n@include common-ldap\n", Level::kError, "includes common-ldap"},
      {"@include common-auth\n", Level::kWarning, "none asks sqlmap"},
  };
  for (const Row& row : rows) {
    Findings findings("pam");
    JudgePam(With("sshd", row.text), findings);
    ASSERT_EQ(findings.list().size(), 1U) << row.text;
    EXPECT_EQ(findings.list()[0].level, row.level) << row.text;
    EXPECT_NE(findings.list()[0].what.find(row.says), std::string::npos) << findings.list()[0].what;
  }
}

TEST(Pam, ASnippetOfTheDistributionIsNoService) {
  Findings findings("pam");
  JudgePam(With("common-auth", "auth required pam_sqlmap.so\n"), findings);
  ASSERT_EQ(findings.list().size(), 1U);
  EXPECT_EQ(findings.list()[0].subject, "services");
}

}  // namespace
}  // namespace sqlmap
