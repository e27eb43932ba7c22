// The password stage through libpam, with the fake plugin as the gate.
#include <security/pam_modules.h>
#include <syslog.h>

#include "captured_sleep.h"
#include "pam_test.h"

namespace sqlmap {
namespace {

constexpr char kStack[] = "account required MODULE\npassword required MODULE\n";
constexpr int kExpired = static_cast<int>(PAM_CHANGE_EXPIRED_AUTHTOK);
const Message kOldPrompt = {PAM_PROMPT_ECHO_OFF, "Current password: "};
const Message kNewPrompt = {PAM_PROMPT_ECHO_OFF, "New password: "};
const Message kAgainPrompt = {PAM_PROMPT_ECHO_OFF, "Retype new password: "};

// These tests run as root, for whom no old password is asked. With kExpired root is asked as well,
// but only of whom the password has expired: "expired" is somebody whose password must be changed.
class ChangeTest : public PamTest {
 protected:
  ChangeTest() { Service(kStack); }
};

TEST_F(ChangeTest, RootIsNotAskedForTheOldPassword) {
  PamSession session(folder_, "sshd", "shop", {Typed("new-secret"), Typed("new-secret")});
  EXPECT_EQ(session.ChangeAuthtok(), PAM_SUCCESS);
  EXPECT_EQ(session.messages(), (std::vector<Message>{kNewPrompt, kAgainPrompt}));
  const FakeGateCall call = LastCall();
  EXPECT_EQ(call.count, 2);
  EXPECT_EQ(call.question, "change password");
  EXPECT_EQ(call.name, "shop");
  EXPECT_EQ(call.new_password, "new-secret");
  EXPECT_EQ(call.password, "");
  EXPECT_TRUE(call.by_root);
}

TEST_F(ChangeTest, SomebodyIsAskedForTheOldPasswordEvenIfAProgramOfRootsAsks) {
  const CalledBySomebody somebody;
  PamSession session(folder_, "sshd", "shop",
                     {Typed(kShopPassword), Typed("new-secret"), Typed("new-secret")});
  EXPECT_EQ(session.ChangeAuthtok(), PAM_SUCCESS);
  EXPECT_FALSE(LastCall().by_root);
  EXPECT_EQ(LastCall().password, kShopPassword);
  EXPECT_EQ(session.messages(), (std::vector<Message>{kOldPrompt, kNewPrompt, kAgainPrompt}));
}

TEST_F(ChangeTest, WithAWrongOldPasswordNoNewOneIsAskedFor) {
  const CalledBySomebody somebody;
  PamSession session(folder_, "sshd", "shop", {Typed("old-secret")});
  EXPECT_EQ(session.ChangeAuthtok(), PAM_AUTH_ERR);
  EXPECT_EQ(LastCall().question, "prepare change");
  EXPECT_EQ(session.messages(), std::vector<Message>{kOldPrompt});
}

TEST_F(ChangeTest, WrongOldPasswordCannotBeGuessedFasterThanOneOfALogin) {
  const CalledBySomebody somebody;
  for (const char* const option : {"", " nodelay"}) {
    Service("password required MODULE" + std::string(option) + "\n");
    TakeSleeps();
    PamSession wrong(folder_, "sshd", "shop", {Typed("old-secret")});
    EXPECT_EQ(wrong.ChangeAuthtok(), PAM_AUTH_ERR);
    EXPECT_EQ(wrong.delay() > 0, option[0] == '\0');
    EXPECT_EQ(TakeSleeps().size(), 1U) << "the quarter of a second";
  }
}

TEST_F(ChangeTest, TwoDifferentNewPasswordsChangeNothing) {
  PamSession session(folder_, "sshd", "careless", {Typed("new-secret"), Typed("new-secreu")});
  EXPECT_EQ(session.ChangeAuthtok(), PAM_AUTHTOK_ERR);
  EXPECT_EQ(LastCall().question, "prepare change");
}

TEST_F(ChangeTest, WithoutANameNobodyIsAskedAboutAnything) {
  EXPECT_EQ(PamSession(folder_, "sshd", "", {Typed("")}).ChangeAuthtok(), PAM_USER_UNKNOWN);
  EXPECT_EQ(PamSession(folder_, "sshd", "", {{std::nullopt, PAM_CONV_ERR, true}}).ChangeAuthtok(),
            PAM_CONV_ERR);
  EXPECT_EQ(PamSession(folder_, "sshd", "", {{std::nullopt, PAM_CONV_AGAIN, true}}).ChangeAuthtok(),
            PAM_INCOMPLETE);
  EXPECT_EQ(LastCall().count, 0);
}

TEST_F(ChangeTest, RefusalInTheFirstPhaseStopsTheRest) {
  for (const VerdictCase& c : kVerdictCases) {
    if (c.verdict == LoginVerdict::kAccepted) continue;
    PamSession session(folder_, "sshd", NameFor(c.verdict));
    EXPECT_NE(session.ChangeAuthtok(), PAM_SUCCESS) << c.words;
    EXPECT_EQ(LastCall().question, "prepare change") << c.words;
    EXPECT_EQ(session.prompts(), 0U) << c.words;
  }
}

TEST_F(ChangeTest, ExpiredPasswordIsChangedAtLoginAndTheOldOneIsAskedThereToo) {
  PamSession session(folder_, "sshd", "expired",
                     {Typed(kShopPassword), Typed("new-secret"), Typed("new-secret")});
  ASSERT_EQ(session.CheckAccount(), PAM_NEW_AUTHTOK_REQD);
  EXPECT_EQ(session.ChangeAuthtok(kExpired), PAM_SUCCESS);
  EXPECT_FALSE(LastCall().by_root);
  EXPECT_EQ(LastCall().password, kShopPassword);
  EXPECT_EQ(LastCall().new_password, "new-secret");
}

TEST_F(ChangeTest, PasswordThatHasNotExpiredIsLeftAlone) {
  Service("password required MODULE\npassword required pam_permit.so\n");
  PamSession session(folder_, "sshd", "shop");
  EXPECT_EQ(session.ChangeAuthtok(kExpired), PAM_SUCCESS) << "pam_permit alone decides";
  EXPECT_EQ(LastCall().question, "check account");
  EXPECT_EQ(session.prompts(), 0U);
}

TEST_F(ChangeTest, PasswordOfAModuleInFrontIsTakenAndNotAskedAgain) {
  for (const char* const option : {"", " use_authtok"}) {
    Service("password required FRONT\npassword required MODULE" + std::string(option) + "\n",
            {{"FRONT", kTokenModule}});
    PamSession session(folder_, "sshd", "shop");
    EXPECT_EQ(session.ChangeAuthtok(), PAM_SUCCESS) << option;
    EXPECT_EQ(LastCall().new_password, "secret-of-the-front") << option;
    EXPECT_EQ(session.prompts(), 0U) << option;
  }
}

TEST_F(ChangeTest, WithUseAuthtokNobodyIsAskedForANewPassword) {
  Service("password required MODULE use_authtok\n");
  PamSession session(folder_, "sshd", "shop", {Typed("new-secret"), Typed("new-secret")});
  EXPECT_EQ(session.ChangeAuthtok(), PAM_AUTHTOK_ERR);
  EXPECT_EQ(session.prompts(), 0U);
  EXPECT_EQ(LastCall().question, "prepare change");
}

TEST_F(ChangeTest, PromptsHaveTheWordThatTheLineGivesThem) {
  const CalledBySomebody somebody;
  Service("password required MODULE authtok_type=web\n");
  PamSession session(folder_, "sshd", "shop",
                     {Typed(kShopPassword), Typed("new-secret"), Typed("new-secret")});
  EXPECT_EQ(session.ChangeAuthtok(), PAM_SUCCESS);
  EXPECT_EQ(session.messages(),
            (std::vector<Message>{{PAM_PROMPT_ECHO_OFF, "Current web password: "},
                                  {PAM_PROMPT_ECHO_OFF, "New web password: "},
                                  {PAM_PROMPT_ECHO_OFF, "Retype new web password: "}}));
  for (const LogLine& line : OurLines()) EXPECT_EQ(line.text.find("option"), std::string::npos);
}

TEST_F(ChangeTest, NamesThatAreNotOursGoOnToTheModulesBehindUnharmed) {
  Service(
      "password [success=done user_unknown=ignore default=die] MODULE\n"
      "password required pam_permit.so\n");
  for (const char* const name : {"stranger", "root"}) {
    PamSession session(folder_, "sshd", name);
    EXPECT_EQ(session.ChangeAuthtok(), PAM_SUCCESS) << name;
    EXPECT_EQ(session.prompts(), 0U) << name << ": asked for a password that nobody would store";
    EXPECT_NE(LastCall().question, "change password");
  }
}

TEST_F(ChangeTest, IgnoreOptionsHoldInThePasswordStageToo) {
  Service(
      "password required MODULE ignore_unknown_user ignore_authinfo_unavail\n"
      "password required pam_permit.so\n");
  for (const std::string& name : {std::string("stranger"), NameFor(LoginVerdict::kUnavailable)})
    EXPECT_EQ(PamSession(folder_, "sshd", name).ChangeAuthtok(), PAM_SUCCESS) << name;
  EXPECT_EQ(PamSession(folder_, "sshd", NameFor(LoginVerdict::kBlocked)).ChangeAuthtok(),
            PAM_PERM_DENIED);
  // What was typed and not stored is no success, whatever stands behind.
  for (const LoginVerdict late : {LoginVerdict::kUnknownUser, LoginVerdict::kUnavailable}) {
    PamSession session(folder_, "sshd", "late" + std::to_string(static_cast<int>(late)),
                       {Typed("new-secret"), Typed("new-secret")});
    EXPECT_NE(session.ChangeAuthtok(), PAM_SUCCESS);
    EXPECT_EQ(LastCall().question, "change password");
  }
}

TEST_F(ChangeTest, ChangeAndRefusalsAreEachWorthOneLine) {
  PamSession session(folder_, "sshd", "shop", {Typed("new-secret"), Typed("new-secret")});
  ASSERT_EQ(session.ChangeAuthtok(), PAM_SUCCESS);
  std::vector<LogLine> lines = OurLines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].text, "password changed user=shop: the fake gate's reason");
  EXPECT_EQ(lines[0].priority & LOG_PRIMASK, LOG_INFO);
  PamSession(folder_, "sshd", NameFor(LoginVerdict::kNotChanged)).ChangeAuthtok();
  lines = OurLines();
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].text.starts_with("password not changed user=")) << lines[0].text;
  PamSession(folder_, "sshd", "stranger").ChangeAuthtok();
  EXPECT_TRUE(OurLines().empty()) << "passwd(1) of each local user";
}

}  // namespace
}  // namespace sqlmap
