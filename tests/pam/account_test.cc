#include <syslog.h>

#include <map>

#include "pam_test.h"

namespace sqlmap {
namespace {

using AccountTest = PamTest;

TEST_F(AccountTest, EachVerdictHasItsOwnCode) {
  Service("account required MODULE\n");
  for (const VerdictCase& c : kVerdictCases) {
    PamSession session(folder_, "sshd", NameFor(c.verdict));
    EXPECT_EQ(session.CheckAccount(), c.status) << c.words;
    EXPECT_EQ(LastCall().question, "check account");
    EXPECT_EQ(LastCall().password, "");
  }
}

TEST_F(AccountTest, OnlyARefusalOfAnAccountOfOursIsWorthALine) {
  Service("account required MODULE\n");
  for (const VerdictCase& c : kVerdictCases) {
    PamSession(folder_, "sshd", NameFor(c.verdict)).CheckAccount();
    const bool quiet =
        c.verdict == LoginVerdict::kAccepted || c.verdict == LoginVerdict::kUnknownUser;
    const std::vector<LogLine> lines = OurLines();
    ASSERT_EQ(lines.size(), quiet ? 0U : 1U) << c.words;
    for (const LogLine& line : lines) EXPECT_TRUE(line.text.starts_with(c.words)) << line.text;
  }
}

TEST_F(AccountTest, WhoMustChangeThePasswordSoonIsToldSoUnlessTheServiceIsSilent) {
  Service("account required MODULE\n");
  struct {
    const char* name;
    const char* text;
  } const cases[] = {
      {"days0", "Warning: your password will expire in 0 days."},
      {"days1", "Warning: your password will expire in 1 day."},
      {"days14", "Warning: your password will expire in 14 days."},
      {"days2147483647", "Warning: your password will expire in 2147483647 days."},
  };
  for (const auto& c : cases) {
    PamSession session(folder_, "sshd", c.name);
    EXPECT_EQ(session.CheckAccount(), PAM_SUCCESS);
    EXPECT_EQ(session.messages(), (std::vector<Message>{{PAM_TEXT_INFO, c.text}}));
    PamSession silent(folder_, "sshd", c.name);
    EXPECT_EQ(silent.CheckAccount(static_cast<int>(PAM_SILENT)), PAM_SUCCESS);
    EXPECT_TRUE(silent.messages().empty());
  }
}

TEST_F(AccountTest, WhoIsLockedOutIsToldWhatToDoAndStrangersNothing) {
  Service("account required MODULE\n");
  const std::map<LoginVerdict, const char*> texts = {
      {LoginVerdict::kAccountExpired,
       "Your account has expired; please contact your system administrator."},
      {LoginVerdict::kPasswordExpired,
       "Your password has expired; please contact your system administrator."},
      {LoginVerdict::kPasswordMustChange, "You are required to change your password immediately."},
      {LoginVerdict::kUndecided, "The account database does not answer; please try again later."},
  };
  for (const VerdictCase& c : kVerdictCases) {
    PamSession session(folder_, "sshd", NameFor(c.verdict));
    session.CheckAccount();
    const auto text = texts.find(c.verdict);
    if (text == texts.end()) {
      EXPECT_TRUE(session.messages().empty()) << c.words;
    } else {
      EXPECT_EQ(session.messages(), (std::vector<Message>{{PAM_ERROR_MSG, text->second}}));
    }
    PamSession silent(folder_, "sshd", NameFor(c.verdict));
    silent.CheckAccount(static_cast<int>(PAM_SILENT));
    EXPECT_TRUE(silent.messages().empty()) << c.words;
  }
}

TEST_F(AccountTest, WithoutAPluginTheDatabaseDidNotSay) {
  Service("account required MODULE\n", {{"MODULE", kModuleWithoutPlugin}});
  EXPECT_EQ(PamSession(folder_, "sshd", "shop").CheckAccount(), PAM_AUTHINFO_UNAVAIL);
}

TEST_F(AccountTest, WhoHasJustBeenLetInIsNotLeftToOthersBecauseNobodySaysMore) {
  Service(
      "auth required MODULE\naccount [success=ok authinfo_unavail=ignore default=bad] MODULE\n"
      "account required pam_permit.so\n");
  PamSession session(folder_, "sshd", "vanishing", {Typed("secret")});
  ASSERT_EQ(session.Authenticate(), PAM_SUCCESS);
  EXPECT_EQ(session.CheckAccount(), PAM_CRED_UNAVAIL);
  // Somebody whom we know nothing of goes on.
  EXPECT_EQ(PamSession(folder_, "sshd", "vanishing").CheckAccount(), PAM_SUCCESS);
}

TEST_F(AccountTest, WhomSqlmapStillKnowsIsNotLeftToOthersBecauseTheRulesCannotBeRead) {
  Service(
      "account [success=ok authinfo_unavail=ignore default=bad] MODULE\n"
      "account required pam_permit.so\n");
  const std::string name = NameFor(LoginVerdict::kUnavailable);
  EXPECT_EQ(PamSession(folder_, "sshd", name).CheckAccount(), PAM_SUCCESS);
  plugin().set_account({name, name, 5000, 5000, "/home/x", false});
  EXPECT_EQ(PamSession(folder_, "sshd", name).CheckAccount(), PAM_CRED_UNAVAIL);
}

TEST_F(AccountTest, WithoutANameThereIsNoAccountAndNoPrompt) {
  Service("account required MODULE\n");
  PamSession session(folder_, "sshd", "", {Typed("shop")});
  EXPECT_EQ(session.CheckAccount(), PAM_USER_UNKNOWN);
  EXPECT_TRUE(session.messages().empty());
}

TEST_F(AccountTest, ARowCalledRootExpiresNobody) {
  Service("account required MODULE\n");
  EXPECT_EQ(PamSession(folder_, "sshd", "root").CheckAccount(), PAM_USER_UNKNOWN);
  EXPECT_EQ(LastCall().count, 0) << "root's cron jobs waited for the database";
}

}  // namespace
}  // namespace sqlmap
