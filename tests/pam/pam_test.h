// What the tests of the built module share.
#ifndef SQLMAP_TESTS_PAM_PAM_TEST_H_
#define SQLMAP_TESTS_PAM_PAM_TEST_H_

#include <gtest/gtest.h>
#include <security/pam_appl.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "captured_syslog.h"
#include "common/account/login_gate.h"
#include "fake_plugin.h"
#include "pam_session.h"

namespace sqlmap {

// Absolute paths, from CMake: the module that loads the fake plugin, and one whose plugin does not
// exist.
inline constexpr char kModule[] = SQLMAP_TEST_MODULE;
inline constexpr char kTokenModule[] = SQLMAP_TEST_TOKEN_MODULE;  // token_module.cc
inline constexpr char kModuleWithoutPlugin[] = SQLMAP_TEST_MODULE_WITHOUT_PLUGIN;

struct VerdictCase {
  LoginVerdict verdict;
  int status;
  const char* words;  // in the log
  bool name_in_log;
};
inline constexpr std::array<VerdictCase, 14> kVerdictCases{{
    {LoginVerdict::kAccepted, PAM_SUCCESS, "accepted", true},
    {LoginVerdict::kUnknownUser, PAM_USER_UNKNOWN, "user unknown", false},
    {LoginVerdict::kWrongPassword, PAM_AUTH_ERR, "wrong password", true},
    {LoginVerdict::kBlocked, PAM_PERM_DENIED, "blocked", true},
    {LoginVerdict::kAccountExpired, PAM_ACCT_EXPIRED, "account expired", true},
    {LoginVerdict::kPasswordExpired, PAM_AUTHTOK_EXPIRED, "password expired", true},
    {LoginVerdict::kPasswordMustChange, PAM_NEW_AUTHTOK_REQD, "password must be changed", true},
    {LoginVerdict::kServiceNotAllowed, PAM_CRED_INSUFFICIENT, "service not allowed", true},
    {LoginVerdict::kAccessDenied, PAM_PERM_DENIED, "access denied", true},
    {LoginVerdict::kThrottled, PAM_MAXTRIES, "too many failures", false},
    {LoginVerdict::kTooSoon, PAM_AUTHTOK_ERR, "password changed too recently", true},
    {LoginVerdict::kNotChanged, PAM_AUTHTOK_ERR, "password not changed", true},
    {LoginVerdict::kUndecided, PAM_CRED_UNAVAIL, "undecided", true},
    {LoginVerdict::kUnavailable, PAM_AUTHINFO_UNAVAIL, "unavailable", false},
}};
inline std::string NameFor(LoginVerdict verdict) {
  return "verdict" + std::to_string(static_cast<int>(verdict));
}

// While it lives, this process is a program of root's that somebody else has called.
class CalledBySomebody {
 public:
  CalledBySomebody();
  ~CalledBySomebody();
  CalledBySomebody(const CalledBySomebody&) = delete;
  CalledBySomebody& operator=(const CalledBySomebody&) = delete;
};

// A folder with a service file, a plugin that is on, and at the end a look at the log: no line may
// hold a password. Passwords in these tests have "secret" in them.
class PamTest : public testing::Test {
 protected:
  PamTest();
  ~PamTest() override;

  // Makes the service "sshd" of these lines, with `words` replaced; "MODULE", unless it is among
  // them, is the module's path.
  using Words = std::vector<std::pair<std::string_view, std::string>>;
  void Service(std::string lines, Words words = {});

  FakeGateCall LastCall() const { return control_->last(); }
  const FakePluginControl& plugin() const { return *control_; }
  // pam_sqlmap's own lines since the last call, without the prefix "pam_sqlmap(sshd:auth): ".
  std::vector<LogLine> OurLines();

  ServiceFolder folder_;

 private:
  void CheckForSecrets(const std::vector<LogLine>& lines);
  const FakePluginControl* control_ = nullptr;
};

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_PAM_TEST_H_
