#include <syslog.h>

#include "pam_test.h"

namespace sqlmap {
namespace {

using AuthenticateTest = PamTest;

TEST_F(AuthenticateTest, EachVerdictHasItsOwnCodeAndLogLine) {
  Service("auth required MODULE\n");
  for (const VerdictCase& c : kVerdictCases) {
    PamSession session(folder_, "sshd", NameFor(c.verdict), {Typed("secret")});
    ASSERT_EQ(pam_set_item(session.handle(), PAM_RHOST, "192.0.2.7"), PAM_SUCCESS);
    ASSERT_EQ(pam_set_item(session.handle(), PAM_TTY, "ssh"), PAM_SUCCESS);
    EXPECT_EQ(session.Authenticate(), c.status) << c.words;
    const std::vector<LogLine> lines = OurLines();
    ASSERT_EQ(lines.size(), 1U) << c.words;
    const std::string user = c.name_in_log ? " user=" + NameFor(c.verdict) : "";
    EXPECT_EQ(lines[0].text, c.words + user + " rhost=192.0.2.7 tty=ssh: the fake gate's reason");
    EXPECT_EQ(lines[0].priority & LOG_FACMASK, LOG_AUTHPRIV);
  }
}

TEST_F(AuthenticateTest, TheClientSeesTheSameWhateverTheVerdict) {
  Service("auth required MODULE\n");
  const std::vector<Message> expected = {{PAM_PROMPT_ECHO_OFF, "Password: "}};
  for (const VerdictCase& c : kVerdictCases) {
    PamSession session(folder_, "sshd", NameFor(c.verdict), {Typed("secret")});
    session.Authenticate();
    EXPECT_EQ(session.messages(), expected) << c.words;
    EXPECT_GE(session.delay(), 1'000'000U) << c.words;  // libpam randomises 2 s by half
    EXPECT_LE(session.delay(), 3'000'000U) << c.words;
  }
}

TEST_F(AuthenticateTest, ANumberThatIsNoVerdictIsUnavailable) {
  Service("auth required MODULE\n");
  for (const char* const name : {"verdict14", "verdict42", "verdict255"}) {
    EXPECT_EQ(PamSession(folder_, "sshd", name, {Typed("secret")}).Authenticate(),
              PAM_AUTHINFO_UNAVAIL)
        << name;
  }
}

TEST_F(AuthenticateTest, WhoGetsInByWhatTheHostRemembersIsToldSo) {
  Service("auth required MODULE\n");
  PamSession session(folder_, "sshd", "offline", {Typed("secret")});
  EXPECT_EQ(session.Authenticate(), PAM_SUCCESS);
  ASSERT_EQ(session.messages().size(), 2U);
  EXPECT_EQ(session.messages()[1].style, PAM_TEXT_INFO);
  EXPECT_TRUE(session.messages()[1].text.starts_with("Authenticated with cached credentials"));
}

TEST_F(AuthenticateTest, ThePasswordDecides) {
  Service("auth required MODULE\n");
  EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed(kShopPassword)}).Authenticate(),
            PAM_SUCCESS);
  EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed("shop-secreu")}).Authenticate(),
            PAM_AUTH_ERR);
  EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed("shop-secre")}).Authenticate(),
            PAM_AUTH_ERR);
  EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed("")}).Authenticate(), PAM_AUTH_ERR);
}

TEST_F(AuthenticateTest, TheGateIsToldWhatLibpamKnows) {
  Service("auth required MODULE\n");
  PamSession session(folder_, "sshd", "shop", {Typed("secret")});
  ASSERT_EQ(pam_set_item(session.handle(), PAM_RHOST, "2001:db8::1"), PAM_SUCCESS);
  ASSERT_EQ(pam_set_item(session.handle(), PAM_TTY, "pts/3"), PAM_SUCCESS);
  session.Authenticate();
  const FakeGateCall call = LastCall();
  EXPECT_EQ(call.count, 1);
  EXPECT_EQ(call.question, "authenticate");
  EXPECT_EQ(call.name, "shop");
  EXPECT_EQ(call.password, "secret");
  EXPECT_EQ(call.service, "sshd");
  EXPECT_EQ(call.rhost, "2001:db8::1");
  EXPECT_EQ(call.tty, "pts/3");
}

TEST_F(AuthenticateTest, WithoutAPluginNobodyIsRefusedAsUnknownOrLetIn) {
  Service("auth required MODULE\n", {{"MODULE", kModuleWithoutPlugin}});
  for (const char* const name : {"shop", "verdict0", "careless", "stranger"}) {
    PamSession session(folder_, "sshd", name, {Typed(kShopPassword)});
    EXPECT_EQ(session.Authenticate(), PAM_AUTHINFO_UNAVAIL);
    EXPECT_EQ(session.prompts(), 1U) << "the modules behind want the password";
    const std::vector<LogLine> lines = OurLines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].text,
              "unavailable: sqlmapd is not running, and direct mode is off, not configured, or its "
              "plugin is not root's");
    EXPECT_EQ(lines[0].priority & LOG_PRIMASK, LOG_ERR);
  }
}

TEST_F(AuthenticateTest, APluginThatIsSwitchedOffOrOfAnotherVersionIsUnavailableUntilItIsBack) {
  Service("auth required MODULE\n");
  for (const FakePluginMode mode : {FakePluginMode::kSwitchedOff, FakePluginMode::kOtherAbi}) {
    plugin().set_mode(mode);
    EXPECT_EQ(PamSession(folder_, "sshd", "careless", {Typed("secret")}).Authenticate(),
              PAM_AUTHINFO_UNAVAIL);
    EXPECT_EQ(LastCall().count, 0);
  }
  plugin().set_mode(FakePluginMode::kOn);
  EXPECT_EQ(PamSession(folder_, "sshd", "shop", {Typed(kShopPassword)}).Authenticate(),
            PAM_SUCCESS);
}

TEST_F(AuthenticateTest, ARowCalledRootIsNoLoginAsRoot) {
  Service("auth required MODULE\n");
  for (const char* const name : {"root", "nobody"}) {
    PamSession session(folder_, "sshd", name, {Typed("secret")});
    EXPECT_EQ(session.Authenticate(), PAM_USER_UNKNOWN) << name;
    EXPECT_EQ(LastCall().count, 0) << "root's login waited for the database";
  }
}

TEST_F(AuthenticateTest, ANameThatIsNotSetIsAskedFor) {
  Service("auth required MODULE\n");
  PamSession session(folder_, "sshd", "", {Typed("shop"), Typed(kShopPassword)});
  EXPECT_EQ(session.Authenticate(), PAM_SUCCESS);
  EXPECT_EQ(LastCall().name, "shop");
}

TEST_F(AuthenticateTest, WhoTheApplicationSaysItIsAfterThePromptIsWhoIsAskedAbout) {
  Service("auth required MODULE\n");
  PamSession session(folder_, "sshd", "stranger", {Typed(kShopPassword)});
  session.OnPrompt([&] {
    EXPECT_EQ(pam_set_item(session.handle(), PAM_USER, "shop"), PAM_SUCCESS);
    EXPECT_EQ(pam_set_item(session.handle(), PAM_RHOST, "192.0.2.9"), PAM_SUCCESS);
  });
  EXPECT_EQ(session.Authenticate(), PAM_SUCCESS);
  EXPECT_EQ(LastCall().name, "shop");
  EXPECT_EQ(LastCall().rhost, "192.0.2.9");
}

TEST_F(AuthenticateTest, ANameTakenBackWhileThePasswordIsTypedIsNoName) {
  Service("auth required MODULE\n");
  PamSession session(folder_, "sshd", "shop", {Typed(kShopPassword)});
  session.OnPrompt([&] { pam_set_item(session.handle(), PAM_USER, nullptr); });
  EXPECT_EQ(session.Authenticate(), PAM_USER_UNKNOWN);
  EXPECT_EQ(LastCall().count, 0);
}

TEST_F(AuthenticateTest, WithoutANameNobodyIsAskedAboutAnything) {
  Service("auth required MODULE\n");
  EXPECT_EQ(PamSession(folder_, "sshd", "", {Typed("")}).Authenticate(), PAM_USER_UNKNOWN);
  EXPECT_EQ(PamSession(folder_, "sshd", "", {{std::nullopt, PAM_CONV_ERR, true}}).Authenticate(),
            PAM_CONV_ERR);
  EXPECT_EQ(PamSession(folder_, "sshd", "", {{std::nullopt, PAM_CONV_AGAIN, true}}).Authenticate(),
            PAM_INCOMPLETE);
  EXPECT_EQ(LastCall().count, 0);
}

TEST_F(AuthenticateTest, APasswordTypedAtTheLoginPromptStaysOutOfTheLog) {
  Service("auth required MODULE\n");
  EXPECT_EQ(PamSession(folder_, "sshd", "my-secret", {Typed("")}).Authenticate(), PAM_USER_UNKNOWN);
  ASSERT_EQ(OurLines().size(), 1U);
  Service("auth required MODULE\n", {{"MODULE", kModuleWithoutPlugin}});
  EXPECT_EQ(PamSession(folder_, "sshd", "my-secret", {Typed("")}).Authenticate(),
            PAM_AUTHINFO_UNAVAIL);
  ASSERT_EQ(OurLines().size(), 1U);
}

TEST_F(AuthenticateTest, AHostileNameAndHostStayOneReadableLine) {
  Service("auth required MODULE debug\n");
  const std::string name = "verdict2\n\x1b[31m: accepted user=root " + std::string(5000, 'A');
  PamSession session(folder_, "sshd", name, {Typed("x")});
  ASSERT_EQ(pam_set_item(session.handle(), PAM_RHOST, "evil\nhost\r"), PAM_SUCCESS);
  EXPECT_EQ(session.Authenticate(), PAM_AUTH_ERR);
  const std::vector<LogLine> lines = OurLines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text, "wrong password user=\"verdict2??[31m: accepted user=root " +
                               std::string(29, 'A') +
                               "\"... rhost=\"evil?host?\": the fake gate's reason");
}

TEST_F(AuthenticateTest, CredentialsAreSetAndRefreshedForWhoeverGotIn) {
  Service("auth required MODULE\n");
  PamSession session(folder_, "sshd", "shop", {Typed(kShopPassword)});
  ASSERT_EQ(session.Authenticate(), PAM_SUCCESS);
  for (const unsigned flag :
       {PAM_ESTABLISH_CRED, PAM_REINITIALIZE_CRED, PAM_REFRESH_CRED, PAM_DELETE_CRED}) {
    EXPECT_EQ(session.SetCredentials(static_cast<int>(flag)), PAM_SUCCESS);
  }
}

}  // namespace
}  // namespace sqlmap
