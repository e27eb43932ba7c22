// The words behind pam_sqlmap.so in a pam.d line.
#ifndef SQLMAP_PAM_OPTIONS_H_
#define SQLMAP_PAM_OPTIONS_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/account/function_ref.h"
#include "common/account/line_writer.h"

namespace sqlmap {

// Where a session shall be locked in.
enum class Chroot : std::uint8_t {
  kNone,
  kHome,     // the account's home
  kPath,     // Options::chroot_path
  kUnclear,  // somewhere, but the line does not say where: nobody may be let in
};

struct Options {
  // Take the password that a module in front asked for, and never ask. libpam reads this word too.
  bool use_first_pass = false;
  // Take that password if there is one, else ask. This is what happens anyway, as with pam_unix: a
  // second question after a wrong password would tell that the name is known.
  bool try_first_pass = false;
  // password: take the new password that a module in front asked for, and never ask. libpam reads
  // this word.
  bool use_authtok = false;
  // An empty password may be right, unless the service sets PAM_DISALLOW_NULL_AUTHTOK.
  bool nullok = false;
  // More lines in the log, with the names of unknown users; never a secret.
  bool debug = false;
  // Do not ask libpam to wait two seconds after a failure. The floor stays: refusal_floor.h.
  bool nodelay = false;
  // PAM_IGNORE instead of PAM_USER_UNKNOWN, and instead of PAM_AUTHINFO_UNAVAIL.
  bool ignore_unknown_user = false;
  bool ignore_authinfo_unavail = false;

  // session. Texts are the line's own. Paths are plain (plain_path.h).

  // Make a home that is missing, if it is below this directory; "": make none.
  std::string_view mkhome = {};
  // What a new home begins with; "": nothing. Neither of the two is below the other.
  std::string_view skel = {};
  // Of the home itself: 0700 at least, and not writable for all.
  mode_t home_mode = 0700;
  // umask(2) of the session; nullopt: it stays as it is.
  std::optional<mode_t> umask = {};
  Chroot chroot = Chroot::kNone;
  std::string_view chroot_path = {};
};

// Calls visit(word, whether it has a value) for each option that there is, for the documentation.
void ForEachOption(FunctionRef<void(std::string_view word, bool valued)> visit);

// A word that could not be taken as it is.
struct OptionFault {
  std::string_view word;     // the option, without its value: behind the '=' may stand a secret
                             // (pam_mysql's passwd=...)
  std::string_view allowed;  // what its value may be; "" if there is no such option
  std::string_view effect;   // what is done instead; "" if nothing is
};

// "option umask: the value must be octal, at most 0777: it is taken for 0077"
void DescribeFault(LineWriter& line, const OptionFault& fault);

// Reads the words, in any order; of two with the same name the last counts (of two authtok_type,
// which libpam alone reads, the first). Each one at fault is given to `report`. What becomes of it
// is what opens nothing:
//
//   no option, or not spelled exactly so   no effect: as with pam_unix, a slip of the pen must not
//                                          lock everybody out
//   as above, but it may have been meant   Chroot::kUnclear: it would open something if it had no
//   for chroot                             effect
//   authtok_type without a word            the prompts have none
//   a bad mkhome, skel or home_mode        no home is made
//   a bad umask                            0077
//   a bad chroot                           Chroot::kUnclear
Options ReadOptions(std::span<const char* const> words,
                    FunctionRef<void(const OptionFault&)> report);

}  // namespace sqlmap

#endif  // SQLMAP_PAM_OPTIONS_H_
