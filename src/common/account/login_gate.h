// LoginGate: whoever can say whether a person may log in. The password goes in, a verdict comes
// out; the hash stays inside.
//
// Crosses the same border as AccountSource, under the same rules.
#ifndef SQLMAP_COMMON_ACCOUNT_LOGIN_GATE_H_
#define SQLMAP_COMMON_ACCOUNT_LOGIN_GATE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sqlmap {

// One for each thing that an administrator would mend differently. src/pam/status.h maps each to a
// PAM return code.
enum class LoginVerdict : std::uint8_t {
  kAccepted,
  kUnknownUser,    // the database has no such account
  kWrongPassword,  // known, but no row's hash matches
  kBlocked,        // the right password (or none asked), but every row that it fits is switched off
  kAccountExpired,      // shadow(5): past the expiration date
  kPasswordExpired,     // shadow(5): too old for longer than the inactivity period
  kPasswordMustChange,  // shadow(5): too old, or lstchg is 0; the account is good once the password
                        // is changed
  kServiceNotAllowed,   // no row of this account is for this service
  kUndecided,           // ours, but the database did not say whether it may be used now
  kUnavailable,         // the database did not say
};

struct LoginRequest {
  std::string_view name = {};         // as typed
  std::string_view password = {};     // Authenticate only
  std::string_view service = {};      // PAM_SERVICE
  std::string_view rhost = {};        // PAM_RHOST, "" if local
  std::string_view tty = {};          // PAM_TTY
  bool allow_empty_password = false;  // nullok, and PAM_DISALLOW_NULL_AUTHTOK is not set
};

struct LoginAnswer {
  LoginVerdict verdict = LoginVerdict::kUnavailable;
  // CheckAccount, kAccepted: days until the password must be changed if that is within the warning
  // period, else -1.
  std::int32_t days_left = -1;
  // For the log, NUL-terminated, printable: what was decided and why, such as "row of alice:
  // mismatch". Never a password, a hash or text that the client chose.
  char reason[256] = {};
};

// Thread safe; every call ends within the gate's deadline plus the time of the hashes.
class LoginGate {
 public:
  // Is the password right, and may it be used? An unknown name costs the
  // time of one usual hash.
  virtual void Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept = 0;
  // Whether the account may be used now, whoever verified the person (a public key, for example):
  // shadow(5) ageing and status.
  virtual void CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept = 0;

 protected:
  ~LoginGate() = default;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_LOGIN_GATE_H_
