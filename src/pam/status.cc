#include "pam/status.h"

#include <security/_pam_types.h>
#include <syslog.h>

namespace sqlmap {

VerdictMeaning MeaningOf(LoginVerdict verdict) {
  switch (verdict) {
    case LoginVerdict::kAccepted:
      return {PAM_SUCCESS, LOG_INFO, "accepted", true};
    case LoginVerdict::kUnknownUser:
      return {PAM_USER_UNKNOWN, LOG_NOTICE, "user unknown", false};
    case LoginVerdict::kWrongPassword:
      return {PAM_AUTH_ERR, LOG_NOTICE, "wrong password", true};
    case LoginVerdict::kBlocked:
      return {PAM_PERM_DENIED, LOG_NOTICE, "blocked", true};
    case LoginVerdict::kAccountExpired:
      return {PAM_ACCT_EXPIRED, LOG_NOTICE, "account expired", true};
    case LoginVerdict::kPasswordExpired:
      return {PAM_AUTHTOK_EXPIRED, LOG_NOTICE, "password expired", true};
    case LoginVerdict::kPasswordMustChange:
      return {PAM_NEW_AUTHTOK_REQD, LOG_NOTICE, "password must be changed", true};
    case LoginVerdict::kServiceNotAllowed:
      return {PAM_CRED_INSUFFICIENT, LOG_NOTICE, "service not allowed", true};
    case LoginVerdict::kAccessDenied:
      return {PAM_PERM_DENIED, LOG_NOTICE, "access denied", true};
    case LoginVerdict::kThrottled:
      return {PAM_MAXTRIES, LOG_NOTICE, "too many failures", false};
    case LoginVerdict::kTooSoon:
      return {PAM_AUTHTOK_ERR, LOG_NOTICE, "password changed too recently", true};
    case LoginVerdict::kNotChanged:
      return {PAM_AUTHTOK_ERR, LOG_ERR, "password not changed", true};
    case LoginVerdict::kUndecided:
      return {PAM_CRED_UNAVAIL, LOG_ERR, "undecided", true};
    case LoginVerdict::kUnavailable:
      break;
  }
  return {PAM_AUTHINFO_UNAVAIL, LOG_ERR, "unavailable", false};
}

int StatusOf(LoginVerdict verdict, const Options& options) {
  const int status = MeaningOf(verdict).status;
  if (status == PAM_USER_UNKNOWN && options.ignore_unknown_user) return PAM_IGNORE;
  if (status == PAM_AUTHINFO_UNAVAIL && options.ignore_authinfo_unavail) return PAM_IGNORE;
  return status;
}

}  // namespace sqlmap
