// The words behind pam_sqlmap.so in a pam.d line.
#ifndef SQLMAP_PAM_OPTIONS_H_
#define SQLMAP_PAM_OPTIONS_H_

#include <span>
#include <string_view>

#include "common/account/function_ref.h"

namespace sqlmap {

struct Options {
  // Take the password that a module in front asked for, and never ask. libpam reads this word too.
  bool use_first_pass = false;
  // Take that password if there is one, else ask. This is what happens anyway, as with pam_unix: a
  // second question after a wrong password would tell that the name is known.
  bool try_first_pass = false;
  // An empty password may be right, unless the service sets PAM_DISALLOW_NULL_AUTHTOK.
  bool nullok = false;
  // More lines in the log, with the names of unknown users; never a secret.
  bool debug = false;
  // Do not ask libpam to wait two seconds after a failure. The floor stays: refusal_floor.h.
  bool nodelay = false;
  // PAM_IGNORE instead of PAM_USER_UNKNOWN, and instead of PAM_AUTHINFO_UNAVAIL.
  bool ignore_unknown_user = false;
  bool ignore_authinfo_unavail = false;
};

// Reads the words, in any order. One that is not known, or not spelled exactly so, is given to
// `unknown` and has no effect: as with pam_unix, a slip of the pen must not lock everybody out, and
// no option opens anything when it is missing. What `unknown` gets ends before a '=', for behind it
// may stand a secret (pam_mysql's passwd=...).
Options ReadOptions(std::span<const char* const> words,
                    FunctionRef<void(std::string_view)> unknown);

}  // namespace sqlmap

#endif  // SQLMAP_PAM_OPTIONS_H_
