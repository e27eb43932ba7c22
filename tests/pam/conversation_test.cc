// What the person, or the application, does when it is asked, and what comes of it in each stage
// that asks.
#include "pam_test.h"

namespace sqlmap {
namespace {

enum class Asked : std::uint8_t { kLogin, kOldPassword, kNewPassword };

struct ConversationCase {
  const char* what;
  Asked asked;
  Reply reply;
  int status;
  // What the gate is given; nullopt: it is not asked, and nothing is changed.
  std::optional<std::string> password = std::nullopt;
};

const std::string kLongest = "secret\n\x01" + std::string(504, '\xff');
const std::string kUtf8 = "secret \xc3\xa4\xe2\x82\xac\xf0\x9f\x94\x91";

const ConversationCase kCases[] = {
    {"no text", Asked::kLogin, {std::nullopt, PAM_SUCCESS, true}, PAM_AUTHTOK_ERR},
    {"no response", Asked::kLogin, {std::nullopt, PAM_SUCCESS, false}, PAM_AUTHTOK_ERR},
    {"error", Asked::kLogin, {std::nullopt, PAM_CONV_ERR, true}, PAM_AUTHTOK_ERR},
    {"cancelled", Asked::kLogin, {std::nullopt, PAM_ABORT, true}, PAM_AUTHTOK_ERR},
    {"later", Asked::kLogin, {std::nullopt, PAM_CONV_AGAIN, true}, PAM_AUTHTOK_ERR},
    {"no memory", Asked::kLogin, {std::nullopt, PAM_BUF_ERR, true}, PAM_AUTHTOK_ERR},
    {"ignore me", Asked::kLogin, {std::nullopt, PAM_IGNORE, true}, PAM_AUTHTOK_ERR},
    {"no code", Asked::kLogin, {std::nullopt, 4711, true}, PAM_AUTHTOK_ERR},
    {"a negative code", Asked::kLogin, {std::nullopt, -1, true}, PAM_AUTHTOK_ERR},
    {"empty", Asked::kLogin, Typed(""), PAM_AUTH_ERR, ""},
    {"512 bytes of any kind", Asked::kLogin, Typed(kLongest), PAM_SUCCESS, kLongest},
    {"513 bytes", Asked::kLogin, Typed(kLongest + "x"), PAM_AUTH_ERR},
    {"a megabyte", Asked::kLogin, Typed(std::string(1 << 20, 'x')), PAM_AUTH_ERR},
    {"UTF-8", Asked::kLogin, Typed(kUtf8), PAM_SUCCESS, kUtf8},
    {"NUL inside", Asked::kLogin, Typed({"secret\0behind", 13}), PAM_SUCCESS, "secret"},
    {"NUL in front", Asked::kLogin, Typed({"\0secret", 7}), PAM_AUTH_ERR, ""},

    {"no text", Asked::kOldPassword, {std::nullopt, PAM_SUCCESS, true}, PAM_AUTHTOK_ERR},
    {"no response", Asked::kOldPassword, {std::nullopt, PAM_SUCCESS, false}, PAM_AUTHTOK_ERR},
    {"later", Asked::kOldPassword, {std::nullopt, PAM_CONV_AGAIN, true}, PAM_AUTHTOK_ERR},
    {"error", Asked::kOldPassword, {std::nullopt, PAM_CONV_ERR, true}, PAM_AUTHTOK_ERR},
    {"cancelled", Asked::kOldPassword, {std::nullopt, PAM_ABORT, true}, PAM_AUTHTOK_ERR},
    {"empty", Asked::kOldPassword, Typed(""), PAM_AUTH_ERR, ""},
    {"512 bytes of any kind", Asked::kOldPassword, Typed(kLongest), PAM_SUCCESS, kLongest},
    {"513 bytes", Asked::kOldPassword, Typed(kLongest + "x"), PAM_AUTHTOK_RECOVERY_ERR},
    {"UTF-8", Asked::kOldPassword, Typed(kUtf8), PAM_SUCCESS, kUtf8},
    {"NUL inside", Asked::kOldPassword, Typed({"secret\0behind", 13}), PAM_SUCCESS, "secret"},

    {"no text", Asked::kNewPassword, {std::nullopt, PAM_SUCCESS, true}, PAM_AUTHTOK_ERR},
    {"no response", Asked::kNewPassword, {std::nullopt, PAM_SUCCESS, false}, PAM_AUTHTOK_ERR},
    {"later", Asked::kNewPassword, {std::nullopt, PAM_CONV_AGAIN, true}, PAM_AUTHTOK_ERR},
    {"error", Asked::kNewPassword, {std::nullopt, PAM_CONV_ERR, true}, PAM_AUTHTOK_ERR},
    {"cancelled", Asked::kNewPassword, {std::nullopt, PAM_ABORT, true}, PAM_AUTHTOK_ERR},
    {"empty", Asked::kNewPassword, Typed(""), PAM_AUTHTOK_ERR},
    {"512 bytes of any kind", Asked::kNewPassword, Typed(kLongest), PAM_SUCCESS, kLongest},
    {"513 bytes", Asked::kNewPassword, Typed(kLongest + "x"), PAM_AUTHTOK_ERR},
    {"UTF-8", Asked::kNewPassword, Typed(kUtf8), PAM_SUCCESS, kUtf8},
    {"NUL inside", Asked::kNewPassword, Typed({"secret\0behind", 13}), PAM_SUCCESS, "secret"},
};

using ConversationTest = PamTest;

TEST_F(ConversationTest, WhatIsTypedIsTakenAsItIsOrOpensAndChangesNothing) {
  for (const ConversationCase& c : kCases) {
    const std::string what =
        std::string(c.what) + " in " + std::to_string(static_cast<int>(c.asked));
    // The gate lets in this name with any password, even the empty one.
    Service("auth required MODULE\npassword required MODULE\n");
    plugin().forget();
    if (c.asked == Asked::kLogin) {
      PamSession session(folder_, "sshd", "careless", {c.reply});
      EXPECT_EQ(session.Authenticate(), c.status) << what;
      EXPECT_EQ(session.prompts(), 1U) << what;
      EXPECT_GE(session.delay(), c.status == PAM_SUCCESS ? 0U : 1'000'000U) << what;
      EXPECT_EQ(LastCall().count, c.password.has_value() ? 1 : 0) << what;
      EXPECT_EQ(LastCall().password, c.password.value_or("")) << what;
    } else if (c.asked == Asked::kOldPassword) {
      const CalledBySomebody somebody;
      PamSession session(folder_, "sshd", "careless",
                         {c.reply, Typed("new-secret"), Typed("new-secret")});
      EXPECT_EQ(session.ChangeAuthtok(), c.status) << what;
      EXPECT_EQ(session.prompts(), c.status == PAM_SUCCESS ? 3U : 1U) << what;
      EXPECT_EQ(LastCall().count, (c.password.has_value() ? 1 : 0) + (c.status == PAM_SUCCESS))
          << what;
      EXPECT_EQ(LastCall().password, c.password.value_or("")) << what;
    } else {
      PamSession session(folder_, "sshd", "careless", {c.reply, c.reply});
      EXPECT_EQ(session.ChangeAuthtok(), c.status) << what;
      EXPECT_EQ(LastCall().question, c.password.has_value() ? "change password" : "prepare change")
          << what;
      EXPECT_EQ(LastCall().new_password, c.password.value_or("")) << what;
    }
    const std::vector<LogLine> lines = OurLines();
    ASSERT_FALSE(lines.empty()) << what;
    const bool says_so = lines.back().text.find("password: ") != std::string::npos;
    EXPECT_NE(says_so, c.password.has_value()) << lines.back().text;
  }
}

// Several lines, and what is typed at the first prompt: the second one is always right.
struct StackCase {
  const char* what;
  const char* lines;
  const char* typed;
  int status;
  std::size_t prompts;
  const char* user = "shop";
};

const StackCase kStacks[] = {
    {"no option with none", "auth required MODULE\n", kShopPassword, PAM_SUCCESS, 1},
    {"no option with the right one", "auth optional MODULE\nauth required MODULE\n", kShopPassword,
     PAM_SUCCESS, 1},
    {"no option with a wrong one", "auth optional MODULE\nauth required MODULE\n", "wrong-secret",
     PAM_AUTH_ERR, 1},
    {"use_first_pass with none", "auth required MODULE use_first_pass\n", kShopPassword,
     PAM_AUTH_ERR, 0},
    {"use_first_pass with the right one",
     "auth optional MODULE\nauth required MODULE use_first_pass\n", kShopPassword, PAM_SUCCESS, 1},
    {"use_first_pass with a wrong one",
     "auth optional MODULE\nauth required MODULE use_first_pass\n", "wrong-secret", PAM_AUTH_ERR,
     1},
    {"try_first_pass with none", "auth required MODULE try_first_pass\n", kShopPassword,
     PAM_SUCCESS, 1},
    {"try_first_pass with the right one",
     "auth optional MODULE\nauth required MODULE try_first_pass\n", kShopPassword, PAM_SUCCESS, 1},
    {"try_first_pass with a wrong one: a second question would tell that the name is known",
     "auth optional MODULE\nauth required MODULE try_first_pass\n", "wrong-secret", PAM_AUTH_ERR,
     1},
    {"a substack", "auth substack INNER\nauth required MODULE use_first_pass\n", kShopPassword,
     PAM_SUCCESS, 1},
    {"a substack, a wrong one", "auth substack INNER\nauth required MODULE use_first_pass\n",
     "wrong-secret", PAM_AUTH_ERR, 1},
    {"an include", "auth include INNER\nauth required MODULE use_first_pass\n", kShopPassword,
     PAM_SUCCESS, 1},
    {"an include, a wrong one", "auth include INNER\nauth required pam_permit.so\n", "wrong-secret",
     PAM_AUTH_ERR, 1},
    {"\"done\" in a substack ends that alone", "auth substack DONE\nauth required pam_deny.so\n",
     kShopPassword, PAM_AUTH_ERR, 1},
    {"\"done\" in an include ends all", "auth include DONE\nauth required pam_deny.so\n",
     kShopPassword, PAM_SUCCESS, 1},
    {"ignore_unknown_user",
     "auth required MODULE ignore_unknown_user\nauth required pam_permit.so\n", "secret",
     PAM_SUCCESS, 1, "stranger"},
    {"unknown", "auth required MODULE\nauth required pam_permit.so\n", "secret", PAM_USER_UNKNOWN,
     1, "stranger"},
    {"ignore_authinfo_unavail",
     "auth required MODULE ignore_authinfo_unavail\nauth required pam_permit.so\n", "secret",
     PAM_SUCCESS, 1, "verdict13"},
    {"unavailable", "auth required MODULE\nauth required pam_permit.so\n", "secret",
     PAM_AUTHINFO_UNAVAIL, 1, "verdict13"},
    {"both options, and another refusal",
     "auth required MODULE ignore_unknown_user ignore_authinfo_unavail\nauth required "
     "pam_permit.so\n",
     "wrong-secret", PAM_AUTH_ERR, 1},
};

TEST_F(ConversationTest, EachStackAsksOnceAndDecidesByWhatWasTypedFirst) {
  folder_.Write("inner", "auth required " + std::string(kModule) + "\n");
  folder_.Write("done", "auth [success=done default=die] " + std::string(kModule) + "\n");
  for (const StackCase& c : kStacks) {
    Service(c.lines, {{"INNER", folder_.path() / "inner"}, {"DONE", folder_.path() / "done"}});
    PamSession session(folder_, "sshd", c.user, {Typed(c.typed), Typed(kShopPassword)});
    EXPECT_EQ(session.Authenticate(), c.status) << c.what;
    EXPECT_EQ(session.prompts(), c.prompts) << c.what;
    EXPECT_EQ(LastCall().password, c.prompts == 0 ? "" : c.typed) << c.what;
    plugin().forget();
  }
}

}  // namespace
}  // namespace sqlmap
