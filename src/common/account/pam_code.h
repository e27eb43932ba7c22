// What PAM returns for a verdict.
#ifndef SQLMAP_COMMON_ACCOUNT_PAM_CODE_H_
#define SQLMAP_COMMON_ACCOUNT_PAM_CODE_H_

#include <security/_pam_types.h>

#include <string_view>

#include "common/account/login_gate.h"

namespace sqlmap {

struct PamCode {
  int number;
  std::string_view name;  // "PAM_SUCCESS"
};

// The return code of the stages auth and account, unless an option of pam_sqlmap turns it into
// PAM_IGNORE. Nothing but kAccepted is PAM_SUCCESS; a value that is no verdict means the same as
// kUnavailable.
constexpr PamCode PamCodeOf(LoginVerdict verdict) {
  switch (verdict) {
    case LoginVerdict::kAccepted:
      return {PAM_SUCCESS, "PAM_SUCCESS"};
    case LoginVerdict::kUnknownUser:
      return {PAM_USER_UNKNOWN, "PAM_USER_UNKNOWN"};
    case LoginVerdict::kWrongPassword:
      return {PAM_AUTH_ERR, "PAM_AUTH_ERR"};
    case LoginVerdict::kBlocked:
    case LoginVerdict::kAccessDenied:
      return {PAM_PERM_DENIED, "PAM_PERM_DENIED"};
    case LoginVerdict::kAccountExpired:
      return {PAM_ACCT_EXPIRED, "PAM_ACCT_EXPIRED"};
    case LoginVerdict::kPasswordExpired:
      return {PAM_AUTHTOK_EXPIRED, "PAM_AUTHTOK_EXPIRED"};
    case LoginVerdict::kPasswordMustChange:
      return {PAM_NEW_AUTHTOK_REQD, "PAM_NEW_AUTHTOK_REQD"};
    case LoginVerdict::kServiceNotAllowed:
      return {PAM_CRED_INSUFFICIENT, "PAM_CRED_INSUFFICIENT"};
    case LoginVerdict::kThrottled:
      return {PAM_MAXTRIES, "PAM_MAXTRIES"};
    case LoginVerdict::kTooSoon:
    case LoginVerdict::kNotChanged:
      return {PAM_AUTHTOK_ERR, "PAM_AUTHTOK_ERR"};
    case LoginVerdict::kUndecided:
      return {PAM_CRED_UNAVAIL, "PAM_CRED_UNAVAIL"};
    case LoginVerdict::kUnavailable:
      break;
  }
  return {PAM_AUTHINFO_UNAVAIL, "PAM_AUTHINFO_UNAVAIL"};
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_PAM_CODE_H_
