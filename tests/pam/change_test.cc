// The password stage through libpam, with the fake plugin as the gate.
#include <security/pam_modules.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include <functional>

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

  // As somebody who is not root, in a child: 0 if `body` finds all in order.
  static int AsSomebody(const std::function<bool()>& body) {
    const pid_t child = fork();
    if (child == 0) {
      if (setresuid(1000, 0, 0) != 0) _exit(9);
      _exit(body() ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    return status;
  }
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
  EXPECT_EQ(AsSomebody([this] {
              PamSession session(folder_, "sshd", "shop",
                                 {Typed(kShopPassword), Typed("new-secret"), Typed("new-secret")});
              const int status = session.ChangeAuthtok();
              return status == PAM_SUCCESS && !LastCall().by_root &&
                     LastCall().password == kShopPassword &&
                     session.messages() ==
                         std::vector<Message>{kOldPrompt, kNewPrompt, kAgainPrompt};
            }),
            0);
}

TEST_F(ChangeTest, WithAWrongOldPasswordNoNewOneIsAskedFor) {
  EXPECT_EQ(AsSomebody([this] {
              PamSession session(folder_, "sshd", "shop", {Typed("old-secret")});
              const int status = session.ChangeAuthtok();
              return status == PAM_AUTH_ERR && LastCall().question == "prepare change" &&
                     session.messages() == std::vector<Message>{kOldPrompt};
            }),
            0);
}

TEST_F(ChangeTest, NoOldPasswordChangesNothing) {
  const Reply replies[] = {Typed(""),
                           Typed(std::string(513, 'x')),
                           {std::nullopt, PAM_CONV_ERR, true},
                           {std::nullopt, PAM_SUCCESS, true}};
  for (const Reply& reply : replies) {
    EXPECT_EQ(AsSomebody([&] {
                PamSession session(folder_, "sshd", "careless",
                                   {reply, Typed("new-secret"), Typed("new-secret")});
                return session.ChangeAuthtok() != PAM_SUCCESS &&
                       LastCall().question != "change password";
              }),
              0);
  }
}

TEST_F(ChangeTest, NoNewPasswordChangesNothing) {
  struct {
    std::deque<Reply> replies;
    const char* why;
  } const cases[] = {
      {{Typed(""), Typed("")}, "empty"},
      {{Typed("new-secret"), Typed("new-secreu")}, "typed differently"},
      {{Typed(std::string(513, 'x')), Typed(std::string(513, 'x'))}, "too long"},
      {{{std::nullopt, PAM_CONV_ERR, true}}, "cancelled"},
      {{{std::nullopt, PAM_SUCCESS, true}}, "no text"},
      {{}, "nobody answers"},
  };
  for (const auto& c : cases) {
    PamSession session(folder_, "sshd", "careless", c.replies);
    EXPECT_EQ(session.ChangeAuthtok(), PAM_AUTHTOK_ERR) << c.why;
    EXPECT_EQ(LastCall().question, "prepare change") << c.why;
  }
}

TEST_F(ChangeTest, EachRefusalInTheFirstPhaseHasItsCodeAndStopsTheRest) {
  for (const VerdictCase& c : kVerdictCases) {
    if (c.verdict == LoginVerdict::kAccepted) continue;
    PamSession session(folder_, "sshd", NameFor(c.verdict));
    int expected = c.status;
    if (c.verdict == LoginVerdict::kUnavailable) expected = PAM_TRY_AGAIN;
    if (c.verdict == LoginVerdict::kUndecided) expected = PAM_AUTHTOK_ERR;
    EXPECT_EQ(session.ChangeAuthtok(), expected) << c.words;
    EXPECT_EQ(LastCall().question, "prepare change") << c.words;
    EXPECT_EQ(session.prompts(), 0U) << c.words;
  }
}

TEST_F(ChangeTest, RefusalThatComesOnlyWithTheNewPasswordIsNoSuccess) {
  for (const LoginVerdict verdict :
       {LoginVerdict::kUnavailable, LoginVerdict::kUndecided, LoginVerdict::kNotChanged}) {
    PamSession session(folder_, "sshd", "late" + std::to_string(static_cast<int>(verdict)),
                       {Typed("new-secret"), Typed("new-secret")});
    EXPECT_EQ(session.ChangeAuthtok(), PAM_AUTHTOK_ERR);
    EXPECT_EQ(LastCall().question, "change password");
    ASSERT_EQ(session.messages().size(), 3U);
    EXPECT_EQ(session.messages()[2].style, PAM_ERROR_MSG);
  }
}

TEST_F(ChangeTest, PersonIsToldWhyItIsNotPossibleNowUnlessTheServiceIsSilent) {
  struct {
    LoginVerdict verdict;
    const char* text;
  } const cases[] = {
      {LoginVerdict::kTooSoon, "You must wait 3 days before you may change your password."},
      {LoginVerdict::kNotChanged, "Your password has not been changed; the system's log says why."},
      {LoginVerdict::kUnavailable,
       "Your password cannot be changed at present: no database that can be written answers."},
  };
  for (const auto& c : cases) {
    PamSession session(folder_, "sshd", NameFor(c.verdict));
    session.ChangeAuthtok();
    EXPECT_EQ(session.messages(), (std::vector<Message>{{PAM_ERROR_MSG, c.text}}));
    PamSession silent(folder_, "sshd", NameFor(c.verdict));
    silent.ChangeAuthtok(static_cast<int>(PAM_SILENT));
    EXPECT_TRUE(silent.messages().empty());
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
