#include <syslog.h>

#include "pam_test.h"

namespace sqlmap {
namespace {

using OptionsTest = PamTest;

TEST_F(OptionsTest, NoOptionChangesAVerdictThatIsNotItsOwn) {
  const char* const options[] = {
      "",      "use_first_pass",      "try_first_pass",         "nullok", "debug", "nodelay",
      "bogus", "ignore_unknown_user", "ignore_authinfo_unavail"};
  for (const std::string option : options) {
    // The line in front gets the password, so that use_first_pass has one.
    Service("auth optional MODULE\nauth required MODULE OPTION\naccount required MODULE OPTION\n",
            {{"OPTION", option}});
    for (const VerdictCase& c : kVerdictCases) {
      const bool ignored =
          (option == "ignore_unknown_user" && c.verdict == LoginVerdict::kUnknownUser) ||
          (option == "ignore_authinfo_unavail" && c.verdict == LoginVerdict::kUnavailable);
      PamSession session(folder_, "sshd", NameFor(c.verdict), {Typed("secret")});
      // What libpam makes of a stack that has nothing but PAM_IGNORE is a refusal.
      EXPECT_EQ(session.CheckAccount(), ignored ? PAM_PERM_DENIED : c.status)
          << option << ": " << c.words;
      const int status = session.Authenticate();
      EXPECT_EQ(status, ignored ? PAM_PERM_DENIED : c.status) << option << ": " << c.words;
      EXPECT_EQ(session.prompts(), 1U) << option;
    }
  }
}

TEST_F(OptionsTest, AnIgnoredVerdictLeavesTheDecisionToTheModulesBehind) {
  for (const auto& [option, verdict] :
       {std::pair<std::string, LoginVerdict>{"ignore_unknown_user", LoginVerdict::kUnknownUser},
        {"ignore_authinfo_unavail", LoginVerdict::kUnavailable}}) {
    for (const auto& [module, status] : {std::pair<std::string, int>{"pam_permit.so", PAM_SUCCESS},
                                         {"pam_deny.so", PAM_AUTH_ERR}}) {
      Service("auth required MODULE OPTION\nauth required BEHIND\n",
              {{"OPTION", option}, {"BEHIND", module}});
      EXPECT_EQ(PamSession(folder_, "sshd", NameFor(verdict), {Typed("secret")}).Authenticate(),
                status)
          << option << module;
      Service("auth required MODULE\nauth required BEHIND\n", {{"BEHIND", module}});
      EXPECT_NE(PamSession(folder_, "sshd", NameFor(verdict), {Typed("secret")}).Authenticate(),
                PAM_SUCCESS)
          << module;
    }
  }
}

TEST_F(OptionsTest, EveryOptionWorksInEveryPosition) {
  for (const char* const line :
       {"ignore_unknown_user nodelay debug", "nodelay ignore_unknown_user debug",
        "nodelay debug ignore_unknown_user", "bogus ignore_unknown_user nodelay"}) {
    Service("auth required MODULE OPTIONS\nauth required pam_permit.so\n", {{"OPTIONS", line}});
    PamSession session(folder_, "sshd", "stranger", {Typed("secret")});
    EXPECT_EQ(session.Authenticate(), PAM_SUCCESS) << line;
    EXPECT_EQ(session.delay(), 0U) << line;
  }
}

TEST_F(OptionsTest, AnUnknownOptionIsNamedOnceAndItsValueIsNot) {
  Service("auth required MODULE bogus passwd=secret NULLOK\n");
  PamSession session(folder_, "sshd", "careless", {Typed("")});
  EXPECT_EQ(session.Authenticate(), PAM_AUTH_ERR) << "options are spelled in lower case";
  const std::vector<LogLine> lines = OurLines();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].text, "unknown option bogus");
  EXPECT_EQ(lines[1].text, "unknown option passwd");
  EXPECT_EQ(lines[2].text, "unknown option NULLOK");
  EXPECT_EQ(lines[0].priority & LOG_PRIMASK, LOG_ERR);
}

TEST_F(OptionsTest, NodelayIsTheOnlyWayWithoutADelay) {
  for (const VerdictCase& c : kVerdictCases) {
    Service("auth required MODULE nodelay\n");
    PamSession without(folder_, "sshd", NameFor(c.verdict), {Typed("secret")});
    without.Authenticate();
    EXPECT_EQ(without.delay(), 0U) << c.words;
  }
}

TEST_F(OptionsTest, AnEmptyPasswordNeedsNullokAndAServiceThatDoesNotForbidIt) {
  for (const bool nullok : {false, true}) {
    for (const int flags : {0, static_cast<int>(PAM_DISALLOW_NULL_AUTHTOK)}) {
      Service(nullok ? "auth required MODULE nullok\n" : "auth required MODULE\n");
      const bool allowed = nullok && flags == 0;
      // Even a gate that lets everybody in does not let an empty password in.
      EXPECT_EQ(PamSession(folder_, "sshd", "careless", {Typed("")}).Authenticate(flags),
                allowed ? PAM_SUCCESS : PAM_AUTH_ERR);
      EXPECT_EQ(LastCall().allow_empty_password, allowed);
      EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed("")}).Authenticate(flags), PAM_AUTH_ERR);
      EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed(kShopPassword)}).Authenticate(flags),
                PAM_SUCCESS);
      EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed("x")}).Authenticate(flags),
                PAM_AUTH_ERR);
      // The empty password does not hide who is unknown, nor that the database is away.
      EXPECT_EQ(PamSession(folder_, "sshd", "stranger", {Typed("")}).Authenticate(flags),
                PAM_USER_UNKNOWN);
      EXPECT_EQ(PamSession(folder_, "sshd", NameFor(LoginVerdict::kUnavailable), {Typed("")})
                    .Authenticate(flags),
                PAM_AUTHINFO_UNAVAIL);
    }
  }
}

TEST_F(OptionsTest, DebugTellsNamesAndAccountsButNoSecret) {
  Service("auth required MODULE debug\naccount required MODULE debug\n");
  PamSession stranger(folder_, "sshd", "stranger", {Typed("secret")});
  stranger.Authenticate();
  stranger.CheckAccount();
  PamSession shop(folder_, "sshd", "shop", {Typed(kShopPassword)});
  shop.Authenticate();
  shop.CheckAccount();
  const std::vector<LogLine> lines = OurLines();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].text, "user unknown user=stranger: the fake gate's reason");
  EXPECT_EQ(lines[1].text, "user unknown user=stranger: the fake gate's reason");
  EXPECT_EQ(lines[2].text, "accepted user=shop: the fake gate's reason");
  EXPECT_EQ(lines[3].text, "accepted user=shop: the fake gate's reason");
}

// How each option treats the password of a module in front, and what it leaves for the modules
// behind.

TEST_F(OptionsTest, ThePasswordIsThereForTheModulesBehindWhateverTheVerdict) {
  for (const VerdictCase& c : kVerdictCases) {
    Service(
        "auth optional MODULE\nauth optional pam_unix.so use_first_pass nodelay\nauth required "
        "MODULE use_first_pass\n");
    PamSession session(folder_, "sshd", NameFor(c.verdict), {Typed("secret")});
    session.Authenticate();
    EXPECT_FALSE(session.surprised()) << c.words;
    EXPECT_EQ(session.prompts(), 1U) << c.words;
    EXPECT_EQ(LastCall().password, "secret") << c.words;
  }
}

TEST_F(OptionsTest, ASecondLoginOnOneHandleAsksAgain) {
  Service("auth required MODULE\n");
  PamSession session(folder_, "sshd", "shop", {Typed("secret"), Typed(kShopPassword)});
  EXPECT_EQ(session.Authenticate(), PAM_AUTH_ERR);
  EXPECT_EQ(session.Authenticate(), PAM_SUCCESS);
  EXPECT_EQ(session.prompts(), 2U);
}

}  // namespace
}  // namespace sqlmap
