#include <gtest/gtest.h>

#include <string>

#include "ctl/check/pam.h"

namespace sqlmap {
namespace {

const PamTexts kDebian = {
    {"/etc/pam.d/common-auth",
     "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite "
     "pam_deny.so\nauth required pam_permit.so\n"},
    {"/etc/pam.d/common-account", "account required pam_unix.so\n"},
    {"/etc/pam.d/common-session", "session required pam_unix.so\n"},
    {"/etc/pam.d/common-sqlmap",
     "# accounts\nauth [perm_denied=ignore default=1] pam_localuser.so\nauth [success=done "
     "user_unknown=ignore \\\n  default=die] pam_sqlmap.so\naccount [success=ok default=bad] "
     "/usr/lib/security/pam_sqlmap.so\n-session optional pam_sqlmap.so\n"},
};

PamTexts With(const std::string& service, const std::string& text) {
  PamTexts files = kDebian;
  files["/etc/pam.d/" + service] = text;
  return files;
}

PamStack StackOf(const PamTexts& files, const std::string& service) {
  return WalkPam(files, PamPathOf(files, service));
}

TEST(Pam, AServiceRunsWhatItIncludesInItsOrder) {
  const PamStack stack = StackOf(
      With("sshd",
           "@Include common-sqlmap\nauth include common-auth\nAccount substack common-account # x\n"
           "broken\n"),
      "sshd");
  const std::vector<PamLine> lines = {
      {"auth", "perm_denied=ignore default=1", "pam_localuser.so"},
      {"auth", "success=done user_unknown=ignore default=die", "pam_sqlmap.so"},
      {"account", "success=ok default=bad", "pam_sqlmap.so"},
      {"session", "optional", "pam_sqlmap.so"},
      {"auth", "success=1 default=ignore", "pam_unix.so"},
      {"auth", "requisite", "pam_deny.so"},
      {"auth", "required", "pam_permit.so"},
      {"account", "substack", "common-account"},
      {"account", "required", "pam_unix.so", 1},
      {"auth", "", "\"broken\""},
  };
  EXPECT_EQ(PamLinesOf(stack), lines);
  EXPECT_TRUE(stack.missing.empty());
}

TEST(Pam, AnIncludeOfOneTypeTakesNoOthers) {
  const PamStack stack = StackOf(With("ftp", "account include common-sqlmap\n"), "ftp");
  EXPECT_EQ(PamLinesOf(stack),
            (std::vector<PamLine>{{"account", "success=ok default=bad", "pam_sqlmap.so"}}));
}

TEST(Pam, LinesAreToldApartAsLibpamDoes) {
  const char text[] =
      "# a comment does not go on \\\nauth requisite pam_a.so # nor does this \\\n"
      "auth\tINCLUDE common-auth\nauth [success=1\\ \n\n# nor is it over here\n"
      " default=ignore]pam_b.so x=[1]\naccount required pam_c.so\\ # but here it is\n"
      "account required pam_d.so\nsession optional pam_e.so \\";
  const std::vector<PamLine> lines = {
      {"auth", "requisite", "pam_a.so"},
      {"auth", "success=1 default=ignore", "pam_unix.so"},
      {"auth", "requisite", "pam_deny.so"},
      {"auth", "required", "pam_permit.so"},
      {"auth", "success=1 default=ignore", "pam_b.so"},
      {"account", "required", "pam_c.so\\"},
      {"account", "required", "pam_d.so"},
  };
  EXPECT_EQ(PamLinesOf(StackOf(With("ftp", text), "ftp")), lines);
}

TEST(Pam, WhatIsNotThereIsNamed) {
  EXPECT_EQ(StackOf(With("sshd", "@include common-ldap\n"), "sshd").missing,
            std::vector<std::string>{"common-ldap"});
}

// Of the service "sshd" with this text: level and subject of each finding.
std::vector<std::string> Judged(const PamTexts& files,
                                ShadowLines shadow = ShadowLines::kWithoutHashes) {
  Findings findings("pam");
  JudgePam(files, shadow, findings);
  std::vector<std::string> said;
  for (const Finding& finding : findings.list()) {
    const bool ok = finding.level == Level::kOk;
    said.push_back((ok                                 ? "ok "
                    : finding.level == Level::kWarning ? "warning "
                                                       : "error ") +
                   finding.subject + ": " + finding.what);
    EXPECT_EQ(finding.remedy.empty(), ok) << said.back();
  }
  return said;
}

TEST(Pam, AServiceThatAsksHalfOrInAnotherWayIsNotCalledGood) {
  struct Row {
    const char* text;
    const char* said;
  };
  const Row rows[] = {
      {"@include common-sqlmap\n@include common-auth\n@include common-account\n",
       "ok sshd: asks sqlmap in auth, account, session"},
      {"auth sufficient pam_unix.so\n@include common-sqlmap\n",
       "ok sshd: asks sqlmap in auth, account, session, behind pam_unix"},
      {"auth required pam_sqlmap.so\n",
       "warning sshd: asks sqlmap in auth and not in account: expired accounts and those that "
       "[access] keeps out get in"},
      {"account required pam_sqlmap.so\n",
       "warning sshd: asks sqlmap in account and not in auth: no password opens it"},
      {"session required pam_sqlmap.so\n", "warning sshd: asks sqlmap in neither auth nor account"},
      {"@include common-sqlmap\n@include common-ldap\n",
       "error sshd: includes common-ldap, which is not there"},
      {"@include common-auth\n",
       "warning services: none asks sqlmap: nobody of the database can log in with a password"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(Judged(With("sshd", row.text)), std::vector<std::string>{row.said}) << row.text;
}

TEST(Pam, NoServiceIsCalledGoodThatRefusesThePeopleOfTheDatabase) {
  struct Row {
    const char* text;
    const char* said;
  };
  const Row rows[] = {
      {"@include common-auth\n@include common-sqlmap\n",
       "error sshd: in auth, pam_deny.so in front of pam_sqlmap refuses"},
      {"auth required pam_unix.so\n@include common-sqlmap\n",
       "error sshd: in auth, pam_unix.so in front of pam_sqlmap refuses"},
      {"auth [success=ok default=die] pam_unix.so\n@include common-sqlmap\n",
       "error sshd: in auth, pam_unix.so in front of pam_sqlmap refuses"},
      {"auth requisite pam_deny.so\n@include common-sqlmap\n",
       "error sshd: in auth, pam_deny.so in front of pam_sqlmap refuses"},
      {"auth required pam_deny.so\n@include common-sqlmap\n",
       "error sshd: in auth, pam_deny.so in front of pam_sqlmap refuses"},
      {"account [auth_err=bad acct_expired=ignore default=ignore] pam_deny.so\n@include "
       "common-sqlmap\n",
       "error sshd: in account, pam_deny.so in front of pam_sqlmap refuses"},
      {"account required pam_deny.so\n@include common-sqlmap\n",
       "error sshd: in account, pam_deny.so in front of pam_sqlmap refuses"},
      {"auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n@include common-auth\n",
       "error sshd: in auth, pam_deny.so behind pam_sqlmap refuses"},
      {"auth substack common-sqlmap\nauth substack common-auth\naccount include common-sqlmap\n",
       "error sshd: in auth, pam_deny.so behind pam_sqlmap refuses"},
      {"auth [default=2] pam_permit.so\n@include common-sqlmap\n@include common-auth\n",
       "error sshd: in auth, pam_permit.so in front of pam_sqlmap refuses"},
      {"auth [default=9] pam_permit.so\n@include common-sqlmap\n",
       "error sshd: in auth, pam_permit.so in front of pam_sqlmap refuses"},
      {"auth sufficent pam_permit.so\n@include common-sqlmap\n",
       "error sshd: in auth, pam_permit.so in front of pam_sqlmap refuses"},
      {"auth [SUCCESS=ok] pam_permit.so\n@include common-sqlmap\n",
       "error sshd: in auth, pam_permit.so in front of pam_sqlmap refuses"},
      {"auth required\n@include common-sqlmap\n",
       "error sshd: in auth, \"auth required\" in front of pam_sqlmap refuses"},
      {"auth [default=ignore] pam_sqlmap.so\naccount required pam_sqlmap.so\n",
       "error sshd: in auth, no line lets in"},
      // Not known what it says.
      {"auth required pam_token.so\n@include common-sqlmap\n@include common-auth\n",
       "warning sshd: in auth, pam_token.so in front of pam_sqlmap may refuse"},
      {"@include common-sqlmap\naccount requisite pam_token.so\n",
       "warning sshd: in account, pam_token.so behind pam_sqlmap may refuse"},
      {"auth [user_unknown=ignore success=done default=die] pam_ldap.so\n@include common-sqlmap\n",
       "warning sshd: in auth, pam_ldap.so in front of pam_sqlmap may refuse"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Judged(With("sshd", row.text)),
              std::vector<std::string>{row.said + std::string(" whom pam_sqlmap accepts")})
        << row.text;
  }
}

TEST(Pam, NoServiceIsCalledGoodThatLetsInWhomTheDatabaseDoesNot) {
  const std::string account = "account required pam_sqlmap.so\n";
  const std::string auth = "auth required pam_sqlmap.so\n";
  const std::pair<std::string, const char*> rows[] = {
      {"auth optional pam_sqlmap.so\nauth required pam_permit.so\n" + account,
       "error sshd: in auth, pam_permit.so behind pam_sqlmap lets in"},
      {"auth required pam_nologin.so\nauth optional pam_sqlmap.so\nauth required "
       "pam_permit.so\n" +
           account,
       "error sshd: in auth, pam_permit.so behind pam_sqlmap lets in"},
      {"auth required pam_listfile.so\nauth optional pam_sqlmap.so\n" + account,
       "error sshd: in auth, pam_listfile.so in front of pam_sqlmap lets in"},
      {"auth sufficient pam_permit.so\n@include common-sqlmap\n",
       "error sshd: in auth, pam_permit.so in front of pam_sqlmap lets in"},
      {"account sufficient pam_permit.so\n@include common-sqlmap\n",
       "error sshd: in account, pam_permit.so in front of pam_sqlmap lets in"},
      {"auth [default=2] pam_permit.so\n@include common-sqlmap\nauth required pam_permit.so\n",
       "error sshd: in auth, pam_permit.so in front of pam_sqlmap lets in"},
      {"auth [default=1] pam_permit.so\nauth substack common-sqlmap\nauth required "
       "pam_permit.so\n" +
           account,
       "error sshd: in auth, pam_permit.so in front of pam_sqlmap lets in"},
      {auth + "account [success=ok perm_denied=ignore default=bad] pam_sqlmap.so\naccount required "
              "pam_permit.so\n",
       "warning sshd: in account, pam_permit.so behind pam_sqlmap may let in"},
      // While the database is away.
      {"auth [success=done authinfo_unavail=ignore default=die] pam_sqlmap.so\nauth required "
       "pam_permit.so\n" +
           account,
       "warning sshd: in auth, pam_permit.so behind pam_sqlmap may let in"},
      {"auth required pam_sqlmap.so ignore_unknown_user\nauth required pam_permit.so\n" + account,
       "warning sshd: in auth, pam_permit.so behind pam_sqlmap may let in"},
      // Not known what it says; or a rule of the host, and no password.
      {"auth sufficient pam_token.so\n@include common-sqlmap\n",
       "warning sshd: in auth, pam_token.so in front of pam_sqlmap may let in"},
      {"auth sufficient pam_succeed_if.so user ingroup guests\n@include common-sqlmap\n",
       "warning sshd: in auth, pam_succeed_if.so in front of pam_sqlmap may let in"},
      {"account sufficient pam_unix.so\n@include common-sqlmap\n",
       "warning sshd: in account, pam_unix.so in front of pam_sqlmap may let in"},
      {"auth required pam_listfile.so\n@include common-sqlmap\n",
       "warning sshd: in auth, pam_listfile.so in front of pam_sqlmap may let in"},
      {"auth substack lax\n@include common-sqlmap\n",
       "warning sshd: in auth, pam_permit.so in front of pam_sqlmap may let in"},
  };
  for (const auto& [text, said] : rows) {
    PamTexts files = With("sshd", text);
    files["/etc/pam.d/lax"] = "auth sufficient pam_permit.so\n";
    EXPECT_EQ(Judged(files),
              std::vector<std::string>{said + std::string(" whom pam_sqlmap refuses")})
        << text;
  }
}

TEST(Pam, TheStacksThatDebianAndTheExamplesHaveAreGood) {
  const std::string include = "@include common-sqlmap\n";
  const std::string common =
      "@include common-account\n@include common-session\n@include common-auth\n";
  const std::string listed =
      "auth required pam_listfile.so item=user sense=deny file=/etc/ftpusers onerr=succeed\n";
  const std::string services[] = {
      // sshd, su, login, gdm-password
      include + "@include common-auth\naccount required pam_nologin.so\n@include common-account\n",
      "auth sufficient pam_rootok.so\n" + include +
          "@include common-auth\n@include common-account\n",
      "auth optional pam_faildelay.so delay=3000000\nauth requisite pam_nologin.so\n" + include +
          "@include common-auth\nauth optional pam_group.so\n@include common-account\n",
      "auth requisite pam_nologin.so\nauth required pam_succeed_if.so user != root\n" + include +
          "@include common-auth\nauth optional pam_gnome_keyring.so\n@include common-account\n",
      // vsftpd, pure-ftpd, proftpd
      listed + include + common + "auth required pam_shells.so\n",
      listed + include + "@include common-auth\n@include common-account\n",
      // by hand
      "auth sufficient pam_sqlmap.so\naccount required pam_sqlmap.so\n" + common,
      "auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n",
      "auth [success=5 default=ignore] pam_sss.so\n@include common-sqlmap\n@include common-auth\n",
  };
  for (const std::string& text : services) {
    const auto said = Judged(With("sshd", text));
    ASSERT_EQ(said.size(), 1U) << text;
    EXPECT_TRUE(said[0].starts_with("ok sshd: ")) << text << said[0];
  }
}

TEST(Pam, WhatASubstackTakesBackIsNotKnown) {
  PamTexts files = With("sshd", "auth substack strange\n@include common-sqlmap\n");
  files["/etc/pam.d/strange"] = "auth [default=reset] pam_deny.so\n";
  EXPECT_EQ(Judged(files),
            (std::vector<std::string>{"warning sshd: in auth, pam_deny.so in front of pam_sqlmap "
                                      "may refuse whom pam_sqlmap accepts",
                                      "warning sshd: in auth, pam_deny.so in front of pam_sqlmap "
                                      "may let in whom pam_sqlmap refuses"}));
}

TEST(Pam, TheProfilesOfPamAuthUpdateAreGood) {
  PamTexts files = kDebian;
  files["/etc/pam.d/common-auth"] =
      "auth [perm_denied=ignore default=1] pam_localuser.so\nauth [success=3 user_unknown=ignore "
      "authinfo_unavail=ignore ignore=ignore module_unknown=ignore default=die] pam_sqlmap.so\n"
      "auth [success=2 default=ignore] pam_unix.so nullok try_first_pass\nauth [success=1 "
      "default=ignore] pam_sss.so use_first_pass\nauth requisite pam_deny.so\nauth required "
      "pam_permit.so\nauth optional pam_cap.so\n";
  files["/etc/pam.d/common-account"] =
      "account [success=1 default=ignore] pam_localuser.so\naccount [success=ok "
      "new_authtok_reqd=ok user_unknown=ignore authinfo_unavail=ignore ignore=ignore "
      "default=bad] pam_sqlmap.so\naccount [success=1 new_authtok_reqd=done default=ignore] "
      "pam_unix.so\naccount requisite pam_deny.so\naccount required pam_permit.so\n";
  files["/etc/pam.d/sshd"] =
      "@include common-auth\naccount required pam_nologin.so\n@include common-account\n";
  EXPECT_EQ(Judged(files), std::vector<std::string>{"ok sshd: asks sqlmap in auth, account"});
}

TEST(Pam, ASnippetOfTheDistributionIsNoService) {
  Findings findings("pam");
  JudgePam(With("common-auth", "auth required pam_sqlmap.so\n"), ShadowLines::kWithoutHashes,
           findings);
  ASSERT_EQ(findings.list().size(), 1U);
  EXPECT_EQ(findings.list()[0].subject, "services");
}

TEST(Pam, WhatStandsInBracketsIsNoOtherThanWhatDoesNot) {
  for (const char* const text :
       {"[auth] [SUFFICIENT] [pam_sqlmap.so]\naccount [required] pam_sqlmap.so\n",
        "auth [include] common-sqlmap\naccount [Substack] [common-sqlmap]\n",
        "auth success=done pam_sqlmap.so\naccount [required] pam_sqlmap.so\n"}) {
    EXPECT_EQ(Judged(With("sshd", text)),
              std::vector<std::string>{"ok sshd: asks sqlmap in auth, account"})
        << text;
  }
  EXPECT_EQ(
      Judged(With("sshd", "auth [ required ] pam_sqlmap.so\naccount required pam_sqlmap.so\n")),
      std::vector<std::string>{
          "error sshd: in auth, pam_sqlmap.so refuses whom pam_sqlmap accepts"});
}

TEST(Pam, WhatIsIncludedByItsPathIsWhatIsThere) {
  PamTexts files = With("sshd",
                        "@include /etc/site/common-account\n@include common-sqlmap\n@include "
                        "common-auth\n@include common-account\n");
  files["/etc/site/common-account"] = "auth sufficient pam_permit.so\n";
  EXPECT_EQ(Judged(files),
            std::vector<std::string>{"error sshd: in auth, pam_permit.so in front of "
                                     "pam_sqlmap lets in whom pam_sqlmap refuses"});
  files["/etc/site/common-account"] = "auth required pam_env.so\n";
  EXPECT_EQ(Judged(files),
            std::vector<std::string>{"ok sshd: asks sqlmap in auth, account, session"});
}

TEST(Pam, AServiceThatTheVendorBringsIsJudgedUnlessTheAdministratorsHidesIt) {
  const std::string good =
      "@include common-sqlmap\n@include common-auth\n@include common-account\n";
  PamTexts files = With("sshd", good);
  const std::vector<std::string> ok{"ok sshd: asks sqlmap in auth, account, session"};
  files["/usr/lib/pam.d/sshd"] = "auth sufficient pam_permit.so\n" + good;
  EXPECT_EQ(Judged(files), ok);
  files["/usr/lib/pam.d/polkit-1"] = "auth sufficient pam_permit.so\n" + good;
  EXPECT_EQ(Judged(files),
            (std::vector<std::string>{"error polkit-1: in auth, pam_permit.so in front of "
                                      "pam_sqlmap lets in whom pam_sqlmap refuses",
                                      ok[0]}));
}

TEST(Pam, WhatOnlyTheVendorBringsIsIncludedByItsPathAlone) {
  PamTexts files =
      With("sshd", "@include vendor-rules\n@include common-sqlmap\n@include common-auth\n");
  files["/usr/lib/pam.d/vendor-rules"] = "auth required pam_env.so\n";
  EXPECT_EQ(Judged(files),
            std::vector<std::string>{"error sshd: includes vendor-rules, which is not there, but "
                                     "/usr/lib/pam.d/vendor-rules"});
  files["/etc/pam.d/sshd"] =
      "@include /usr/lib/pam.d/vendor-rules\n@include common-sqlmap\n@include common-auth\n";
  EXPECT_EQ(Judged(files),
            std::vector<std::string>{"ok sshd: asks sqlmap in auth, account, session"});
}

TEST(Pam, AServiceThatIncludesItselfOrTooMuchIsNotCalledGood) {
  const std::string good = "auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n";
  EXPECT_EQ(Judged(With("sshd", good + "@include sshd\n")),
            std::vector<std::string>{"error sshd: has no end: /etc/pam.d/sshd: line 3 includes "
                                     "/etc/pam.d/sshd in itself"});
  // Whether it asks sqlmap is not known.
  PamTexts files = With("sshd", "@include common-many\n" + good);
  for (int i = 0; i <= 10000; ++i) files["/etc/pam.d/common-many"] += "auth required pam_env.so\n";
  EXPECT_EQ(Judged(files),
            std::vector<std::string>{"error sshd: has no end: /etc/pam.d/common-many with what it "
                                     "includes has more than 10000 lines"});
}

TEST(Pam, WhatAServiceHasNoLinesOfIsTheServiceOthers) {
  PamTexts files = With("systemd-user", "account required pam_sqlmap.so\n");
  files["/etc/pam.d/other"] = "auth required pam_sqlmap.so\naccount required pam_deny.so\n";
  EXPECT_EQ(Judged(files).back(), "ok systemd-user: asks sqlmap in auth, account");
  files = With("passwd", "password include common-sqlmap\n");
  files["/etc/pam.d/other"] = "@include common-auth\n@include common-account\n";
  files["/etc/pam.d/common-sqlmap"] += "password required pam_sqlmap.so\n";
  EXPECT_EQ(Judged(files), std::vector<std::string>{"ok passwd: asks sqlmap in password"});
}

TEST(Pam, AskingTwiceIsSaid) {
  EXPECT_EQ(Judged(With("sshd",
                        "auth sufficient pam_sqlmap.so\n@include common-sqlmap\n@include "
                        "common-auth\n")),
            std::vector<std::string>{"warning sshd: in auth, asks sqlmap twice"});
}

// pam_unix would let in who is switched off, or shut out for his many tries.
TEST(Pam, PamUnixIsNotTakenToRefuseWhoseHashesShadowHolds) {
  const std::string account = "account required pam_sqlmap.so\n";
  const std::pair<std::string, const char*> rows[] = {
      {"auth sufficient pam_sqlmap.so\nauth required pam_unix.so\n" + account,
       "warning sshd: in auth, pam_unix.so behind pam_sqlmap may let in whom pam_sqlmap refuses"},
      {"auth sufficient pam_unix.so\nauth required pam_sqlmap.so\n" + account,
       "warning sshd: in auth, pam_unix.so in front of pam_sqlmap may let in whom pam_sqlmap "
       "refuses"},
      // Only whom the database does not know, or cannot be asked about, goes on to it.
      {"@include common-sqlmap\n@include common-auth\n",
       "ok sshd: asks sqlmap in auth, account, session"},
  };
  for (const auto& [text, said] : rows) {
    EXPECT_EQ(Judged(With("sshd", text), ShadowLines::kWithHashes), std::vector<std::string>{said})
        << text;
    EXPECT_TRUE(Judged(With("sshd", text))[0].starts_with("ok ")) << text;
  }
}

// A login would be refused that sqlmapctl auth calls accepted.
TEST(Pam, PamUnixIsSaidToRefuseWhoHasNoShadowLine) {
  const std::string debians = "@include common-sqlmap\n@include common-auth\n";
  EXPECT_EQ(Judged(With("sshd", debians + "@include common-account\n"), ShadowLines::kNone),
            std::vector<std::string>{"warning sshd: in account, pam_unix.so behind pam_sqlmap may "
                                     "refuse whom pam_sqlmap accepts"});
  const std::string lenient = debians + "account required pam_unix.so broken_shadow\n";
  EXPECT_TRUE(Judged(With("sshd", lenient), ShadowLines::kNone)[0].starts_with("ok "));
  const std::string alone = "auth required pam_sqlmap.so\naccount required pam_sqlmap.so\n";
  EXPECT_EQ(Judged(With("sshd", alone), ShadowLines::kNone),
            std::vector<std::string>{"ok sshd: asks sqlmap in auth, account"});
}

// It lets them in, so that nobody is to be told that no password opens an account.
TEST(Pam, PamUnixIsSaidToLetInWhoseHashesShadowHoldsWhereSqlmapIsNotAsked) {
  const std::string local = "@include common-auth\n@include common-account\n";
  const std::string by_unix =
      ": pam_unix lets accounts of the database in by their hashes in shadow, and [access] does "
      "not hold for them";
  struct Row {
    std::string text;
    std::string with_hashes;
    std::string without;
  };
  const Row rows[] = {
      {local, "warning services: none asks sqlmap" + by_unix,
       "warning services: none asks sqlmap: nobody of the database can log in with a password"},
      {local + "session required pam_sqlmap.so\n",
       "warning sshd: asks sqlmap in neither auth nor account" + by_unix,
       "warning sshd: asks sqlmap in neither auth nor account"},
      {"account required pam_sqlmap.so\n" + local,
       "ok sshd: asks sqlmap in account; passwords are pam_unix's, by shadow",
       "warning sshd: asks sqlmap in account and not in auth: no password opens it"},
      {"auth required pam_deny.so\naccount required pam_sqlmap.so\n",
       "warning sshd: asks sqlmap in account and not in auth: no password opens it",
       "warning sshd: asks sqlmap in account and not in auth: no password opens it"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Judged(With("sshd", row.text), ShadowLines::kWithHashes),
              std::vector<std::string>{row.with_hashes})
        << row.text;
    EXPECT_EQ(Judged(With("sshd", row.text)), std::vector<std::string>{row.without}) << row.text;
  }
}

}  // namespace
}  // namespace sqlmap
