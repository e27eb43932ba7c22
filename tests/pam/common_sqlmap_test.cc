// conf/pam.d/common-sqlmap as it is shipped, in front of a stand-in for Debian's common-auth and
// common-account whose answer is known. Only the paths of the modules, and of the passwd file that
// pam_localuser reads, are the test's.
#include <fstream>
#include <sstream>

#include "pam_test.h"

namespace sqlmap {
namespace {

class CommonSqlmapTest : public PamTest {
 protected:
  // A service as Debian writes them, with the include where the file's own comment wants it.
  void Prepare(const std::string& module, bool common_accepts, std::string_view above = "") {
    std::ifstream shipped(SQLMAP_TEST_COMMON_SQLMAP);
    std::ostringstream text;
    for (std::string line; std::getline(shipped, line);) {
      if (!line.starts_with("#")) {
        Replace(line, " pam_sqlmap.so", " " + module);
        Replace(line, " pam_localuser.so",
                " pam_localuser.so file=" + (folder_.path() / "passwd").string());
      }
      text << line << '\n';
    }
    folder_.Write("common-sqlmap", text.str());
    folder_.Write("passwd",
                  "root:x:0:0:root:/root:/bin/bash\nlocal:x:1000:1000::/home/local:/bin/"
                  "bash\nverdict3:x:1001:1001::/:/bin/sh\n");
    // The shape of Debian's files, with pam_debug in the place of pam_unix.
    const std::string code = common_accepts ? "success" : "auth_err";
    folder_.Write("common-auth", "auth [success=1 default=ignore] pam_debug.so auth=" + code +
                                     "\nauth requisite pam_deny.so\nauth required pam_permit.so\n");
    folder_.Write("common-account",
                  "account [success=1 new_authtok_reqd=done default=ignore] pam_debug.so acct=" +
                      std::string(common_accepts ? "success" : "acct_expired") +
                      "\naccount requisite pam_deny.so\naccount required pam_permit.so\n");
    WriteService(std::string(above) +
                 "@include common-sqlmap\n@include common-auth\naccount required pam_permit.so\n" +
                 "@include common-account\nsession required pam_permit.so\n");
  }

  // Debian's libpam looks for what an include names in /etc/pam.d alone, unless the path is
  // absolute.
  void WriteService(const std::string& text) {
    std::istringstream lines(text);
    std::string service;
    for (std::string line; std::getline(lines, line);) {
      Replace(line, "include ", "include " + folder_.path().string() + "/");
      service += line + "\n";
    }
    folder_.Write("sshd", service);
  }

  static void Replace(std::string& line, std::string_view from, const std::string& to) {
    if (const std::size_t at = line.find(from); at != std::string::npos)
      line.replace(at, from.size(), to);
  }

  int Authenticate(const std::string& name) {
    return PamSession(folder_, "sshd", name, {Typed("secret")}).Authenticate();
  }
  int CheckAccount(const std::string& name) {
    return PamSession(folder_, "sshd", name).CheckAccount();
  }
};

// pam_deny's codes.
constexpr int kCommonAuthRefuses = PAM_AUTH_ERR;
constexpr int kCommonAccountRefuses = PAM_AUTH_ERR;

bool GoesOn(LoginVerdict verdict) {
  return verdict == LoginVerdict::kUnknownUser || verdict == LoginVerdict::kUnavailable;
}

TEST_F(CommonSqlmapTest, ADatabaseAccountGetsInWithoutAWordFromPamUnix) {
  Prepare(kModule, /*common_accepts=*/false);
  PamSession session(folder_, "sshd", "shop", {Typed(kShopPassword)});
  EXPECT_EQ(session.Authenticate(), PAM_SUCCESS);
  EXPECT_EQ(session.SetCredentials(), PAM_SUCCESS);
  EXPECT_EQ(session.prompts(), 1U);
}

TEST_F(CommonSqlmapTest, AWholeLoginOfADatabaseAccountSucceeds) {
  Prepare(kModule, /*common_accepts=*/true);
  PamSession session(folder_, "sshd", "shop", {Typed(kShopPassword)});
  EXPECT_EQ(session.Authenticate(), PAM_SUCCESS);
  EXPECT_EQ(session.CheckAccount(), PAM_SUCCESS);
  EXPECT_EQ(session.SetCredentials(), PAM_SUCCESS);
  EXPECT_EQ(pam_open_session(session.handle(), 0), PAM_SUCCESS);
  EXPECT_EQ(pam_close_session(session.handle(), 0), PAM_SUCCESS);
  EXPECT_EQ(session.SetCredentials(PAM_DELETE_CRED), PAM_SUCCESS);
}

TEST_F(CommonSqlmapTest, LocalAccountsLogInAsBeforeWhateverTheDatabaseSaysOrIfItIsAway) {
  for (const std::string module : {kModule, kModuleWithoutPlugin, "/nonexistent/pam_sqlmap.so"}) {
    for (const char* const name : {"root", "local", "verdict3"}) {
      Prepare(module, /*common_accepts=*/true);
      PamSession session(folder_, "sshd", name, {Typed("secret")});
      EXPECT_EQ(session.Authenticate(), PAM_SUCCESS) << name << " with " << module;
      EXPECT_EQ(session.CheckAccount(), PAM_SUCCESS) << name << " with " << module;
      EXPECT_EQ(session.SetCredentials(), PAM_SUCCESS) << name << " with " << module;
      EXPECT_EQ(pam_open_session(session.handle(), 0), PAM_SUCCESS) << name << " with " << module;
      EXPECT_EQ(session.delay(), 0U) << name;
      Prepare(module, /*common_accepts=*/false);
      EXPECT_EQ(Authenticate(name), kCommonAuthRefuses) << name << " with " << module;
      EXPECT_EQ(CheckAccount(name), kCommonAccountRefuses) << name << " with " << module;
    }
  }
  EXPECT_EQ(LastCall().count, 0) << "a local account waited for the database";
}

TEST_F(CommonSqlmapTest, NoRowSetsAPasswordForALocalAccount) {
  Prepare(kModule, /*common_accepts=*/false);
  folder_.Write("passwd", "careless:x:1000:1000::/home/careless:/bin/bash\n");
  EXPECT_EQ(Authenticate("careless"), kCommonAuthRefuses);
  folder_.Write("passwd", "other:x:1000:1000::/:/bin/bash\n");
  EXPECT_EQ(Authenticate("careless"), PAM_SUCCESS) << "the same name, not local";
}

TEST_F(CommonSqlmapTest, WithoutAReadablePasswdFileNobodyIsTakenForADatabaseAccount) {
  Prepare(kModule, /*common_accepts=*/false);
  std::filesystem::remove(folder_.path() / "passwd");
  EXPECT_EQ(Authenticate("careless"), kCommonAuthRefuses);
}

TEST_F(CommonSqlmapTest, WhatTheDatabaseRefusesNobodyBehindLetsIn) {
  for (const bool common_accepts : {false, true}) {
    Prepare(kModule, common_accepts);
    folder_.Write("passwd", "");
    for (const VerdictCase& c : kVerdictCases) {
      const std::string name = NameFor(c.verdict);
      int expected_auth = c.status;
      if (GoesOn(c.verdict)) expected_auth = common_accepts ? PAM_SUCCESS : kCommonAuthRefuses;
      EXPECT_EQ(Authenticate(name), expected_auth)
          << c.words << ", common-auth accepts: " << common_accepts;

      int expected_account = c.status;
      const bool ours_is_good = GoesOn(c.verdict) || c.verdict == LoginVerdict::kAccepted;
      const bool left_to_others = ours_is_good || c.verdict == LoginVerdict::kPasswordMustChange;
      if (ours_is_good && common_accepts) expected_account = PAM_SUCCESS;
      if (left_to_others && !common_accepts) expected_account = kCommonAccountRefuses;
      EXPECT_EQ(CheckAccount(name), expected_account)
          << c.words << ", common-account accepts: " << common_accepts;
    }
  }
}

TEST_F(CommonSqlmapTest, AMissingModuleLeavesLoginsToTheOthersAndChecksNoAccountBlindly) {
  Prepare("/nonexistent/pam_sqlmap.so", /*common_accepts=*/true);
  EXPECT_EQ(Authenticate("ldap-user"), PAM_SUCCESS);
  EXPECT_NE(CheckAccount("ldap-user"), PAM_SUCCESS);
  Prepare("/nonexistent/pam_sqlmap.so", /*common_accepts=*/false);
  EXPECT_EQ(Authenticate("ldap-user"), kCommonAuthRefuses);
}

TEST_F(CommonSqlmapTest, AConversationThatBreaksEndsTheLoginOfADatabaseAccount) {
  Prepare(kModule, /*common_accepts=*/true);
  PamSession session(folder_, "sshd", "shop", {{std::nullopt, PAM_CONV_ERR, true}});
  EXPECT_NE(session.Authenticate(), PAM_SUCCESS);
}

TEST_F(CommonSqlmapTest, TheConditionsAboveTheIncludeHoldForDatabaseAccounts) {
  for (const char* const above : {"auth required pam_deny.so\n", "auth requisite pam_deny.so\n"}) {
    Prepare(kModule, /*common_accepts=*/true, above);
    EXPECT_NE(PamSession(folder_, "sshd", "shop", {Typed(kShopPassword)}).Authenticate(),
              PAM_SUCCESS)
        << above;
  }
  Prepare(kModule, /*common_accepts=*/true, "account required pam_deny.so\n");
  EXPECT_NE(CheckAccount("shop"), PAM_SUCCESS);
}

TEST_F(CommonSqlmapTest, TheAccountLinesBelowTheIncludeHoldForDatabaseAccounts) {
  Prepare(kModule, /*common_accepts=*/true);
  WriteService(
      "@include common-sqlmap\n@include common-auth\naccount required pam_deny.so\n@include "
      "common-account\n");
  EXPECT_NE(CheckAccount("shop"), PAM_SUCCESS);
}

TEST_F(CommonSqlmapTest, OneLineOfAServiceFileCanIncludeAStageAlone) {
  Prepare(kModule, /*common_accepts=*/true);
  WriteService(
      "auth include common-sqlmap\nauth required pam_deny.so\naccount include "
      "common-sqlmap\naccount required pam_permit.so\n");
  EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed(kShopPassword)}).Authenticate(),
            PAM_SUCCESS);
  EXPECT_EQ(CheckAccount("shop"), PAM_SUCCESS);
  EXPECT_EQ(CheckAccount("verdict4"), PAM_ACCT_EXPIRED);
}

}  // namespace
}  // namespace sqlmap
