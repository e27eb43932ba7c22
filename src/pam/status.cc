#include "pam/status.h"

#include <security/_pam_types.h>
#include <syslog.h>

#include "common/account/verdict_words.h"

namespace sqlmap {

VerdictMeaning MeaningOf(LoginVerdict verdict) {
  const std::string_view words = WordsFor(verdict);
  switch (verdict) {
    case LoginVerdict::kAccepted:
      return {PAM_SUCCESS, LOG_INFO, words, true};
    case LoginVerdict::kUnknownUser:
      return {PAM_USER_UNKNOWN, LOG_NOTICE, words, false};
    case LoginVerdict::kWrongPassword:
      return {PAM_AUTH_ERR, LOG_NOTICE, words, true};
    case LoginVerdict::kBlocked:
      return {PAM_PERM_DENIED, LOG_NOTICE, words, true};
    case LoginVerdict::kAccountExpired:
      return {PAM_ACCT_EXPIRED, LOG_NOTICE, words, true};
    case LoginVerdict::kPasswordExpired:
      return {PAM_AUTHTOK_EXPIRED, LOG_NOTICE, words, true};
    case LoginVerdict::kPasswordMustChange:
      return {PAM_NEW_AUTHTOK_REQD, LOG_NOTICE, words, true};
    case LoginVerdict::kServiceNotAllowed:
      return {PAM_CRED_INSUFFICIENT, LOG_NOTICE, words, true};
    case LoginVerdict::kAccessDenied:
      return {PAM_PERM_DENIED, LOG_NOTICE, words, true};
    case LoginVerdict::kThrottled:
      return {PAM_MAXTRIES, LOG_NOTICE, words, false};
    case LoginVerdict::kTooSoon:
      return {PAM_AUTHTOK_ERR, LOG_NOTICE, words, true};
    case LoginVerdict::kNotChanged:
      return {PAM_AUTHTOK_ERR, LOG_ERR, words, true};
    case LoginVerdict::kUndecided:
      return {PAM_CRED_UNAVAIL, LOG_ERR, words, true};
    case LoginVerdict::kUnavailable:
      break;
  }
  return {PAM_AUTHINFO_UNAVAIL, LOG_ERR, words, false};
}

int StatusOfChange(LoginVerdict verdict, Stage stage, const Options& options) {
  const int status = StatusOf(verdict, options);
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
