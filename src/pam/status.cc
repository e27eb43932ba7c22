#include "pam/status.h"

#include <security/_pam_types.h>
#include <syslog.h>

#include "common/account/pam_code.h"
#include "common/account/verdict_words.h"

namespace sqlmap {

VerdictMeaning MeaningOf(LoginVerdict verdict) {
  const int status = PamCodeOf(verdict).number;
  const std::string_view words = WordsFor(verdict);
  switch (verdict) {
    case LoginVerdict::kAccepted:
      return {status, LOG_INFO, words, true};
    case LoginVerdict::kWrongPassword:
    case LoginVerdict::kBlocked:
    case LoginVerdict::kAccountExpired:
    case LoginVerdict::kPasswordExpired:
    case LoginVerdict::kPasswordMustChange:
    case LoginVerdict::kServiceNotAllowed:
    case LoginVerdict::kAccessDenied:
    case LoginVerdict::kTooSoon:
      return {status, LOG_NOTICE, words, true};
    case LoginVerdict::kUnknownUser:
    case LoginVerdict::kThrottled:
      return {status, LOG_NOTICE, words, false};
    case LoginVerdict::kNotChanged:
    case LoginVerdict::kUndecided:
      return {status, LOG_ERR, words, true};
    case LoginVerdict::kUnavailable:
      break;
  }
  return {status, LOG_ERR, words, false};
}

int StatusOfChange(LoginVerdict verdict, Stage stage, const Options& options) {
  // A password that was typed and not stored is not for the modules behind to call a success.
  const int status = StatusOf(verdict, stage == Stage::kNewPassword ? Options() : options);
  if (status == PAM_AUTHINFO_UNAVAIL && stage == Stage::kOldPassword) return PAM_TRY_AGAIN;
  if (status == PAM_AUTHINFO_UNAVAIL || status == PAM_CRED_UNAVAIL) return PAM_AUTHTOK_ERR;
  return status;
}

int StatusOf(LoginVerdict verdict, const Options& options) {
  const int status = MeaningOf(verdict).status;
  if (status == PAM_USER_UNKNOWN && options.ignore_unknown_user) return PAM_IGNORE;
  if (status == PAM_AUTHINFO_UNAVAIL && options.ignore_authinfo_unavail) return PAM_IGNORE;
  return status;
}

}  // namespace sqlmap
