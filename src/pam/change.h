// The password stage: pam_sm_chauthtok(3).
#ifndef SQLMAP_PAM_CHANGE_H_
#define SQLMAP_PAM_CHANGE_H_

#include <security/pam_modules.h>

#include "pam/options.h"

namespace sqlmap {

// libpam calls it twice. With PAM_PRELIM_CHECK, before any module has changed anything: the old
// password is asked for and verified, unless root asks (real uid 0, and not because the password
// has expired), and the gate says whether a change would be taken. With PAM_UPDATE_AUTHTOK: the new
// one is taken from a module in front (pam_pwquality), or asked for, and stored.
//
// How good the new one is, is not judged here. With PAM_CHANGE_EXPIRED_AUTHTOK a password that has
// not expired is left alone (PAM_IGNORE).
int ChangeAuthtok(pam_handle_t* handle, int flags, const Options& options);

}  // namespace sqlmap

#endif  // SQLMAP_PAM_CHANGE_H_
