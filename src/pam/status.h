// From a verdict to what libpam, and the log, are told.
#ifndef SQLMAP_PAM_STATUS_H_
#define SQLMAP_PAM_STATUS_H_

#include <string_view>

#include "common/account/login_gate.h"
#include "pam/journal.h"
#include "pam/options.h"

namespace sqlmap {

// What the world sees of a verdict. The stages `auth` and `account` use the same codes.
struct VerdictMeaning {
  int status;              // PAM return code, another one for nearly each verdict
  int priority;            // syslog(3)
  std::string_view words;  // for the log
  bool name_is_account;    // else it may be a password at the wrong prompt, and not for the log
};

// The status is PamCodeOf(verdict). A value that is no verdict means the same as kUnavailable.
VerdictMeaning MeaningOf(LoginVerdict verdict);

// The return code of a phase of the password stage, Stage::kOldPassword or kNewPassword: as above,
// but that the application is to try again later (PAM_TRY_AGAIN) if nobody can say, or store, in
// the first phase; and that whatever keeps a new password from being stored is PAM_AUTHTOK_ERR, and
// never PAM_IGNORE.
int StatusOfChange(LoginVerdict verdict, Stage stage, const Options& options);

// The return code of the stages auth and account: MeaningOf(verdict).status, or PAM_IGNORE if the
// options ask for it.
int StatusOf(LoginVerdict verdict, const Options& options);

}  // namespace sqlmap

#endif  // SQLMAP_PAM_STATUS_H_
