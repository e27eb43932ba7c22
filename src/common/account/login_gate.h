// LoginGate: whoever can say whether a person may log in, change the password, and be noted down.
// The password goes in, a verdict comes out; the hash stays inside.
//
// Crosses the same border as AccountSource, under the same rules.
#ifndef SQLMAP_COMMON_ACCOUNT_LOGIN_GATE_H_
#define SQLMAP_COMMON_ACCOUNT_LOGIN_GATE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/account/record.h"

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
  kAccessDenied,        // [access], or the query of that name, does not let the account in
  kThrottled,           // too many failures before this one: the password was not looked at
  kTooSoon,             // PrepareChange: shadow(5), min days have not passed since the last change
  kNotChanged,          // a change: refused, and all is as it was; the reason says why
  kUndecided,           // ours, but the database did not say whether it may be used now
  kUnavailable,         // the database did not say, or cannot be written
};

struct LoginRequest {
  std::string_view name = {};          // as typed
  std::string_view password = {};      // Authenticate; the old one of PrepareChange, ChangePassword
  std::string_view new_password = {};  // ChangePassword
  std::string_view service = {};       // PAM_SERVICE
  std::string_view rhost = {};         // PAM_RHOST, "" if local
  std::string_view tty = {};           // PAM_TTY
  bool allow_empty_password = false;   // nullok, and PAM_DISALLOW_NULL_AUTHTOK is not set
  bool by_root = false;  // a change: root does it, for whom neither old password nor min days count
  std::int32_t pid = 0;  // of who asks, for log rows; 0: not known
  // Of who asks sqlmapd. Anybody may, about himself, with a service, rhost and tty of his choice:
  // those of another than root are no facts.
  Uid uid = 0;
};

struct LoginAnswer {
  LoginVerdict verdict = LoginVerdict::kUnavailable;
  // CheckAccount, kAccepted: days until the password must be changed if that is within the warning
  // period, else -1. PrepareChange, kTooSoon: days until it may be.
  std::int32_t days_left = -1;
  // Authenticate, kAccepted: no server answered, and this host remembered the password.
  bool offline = false;
  // kUnavailable: while this was asked, no server said anything to anybody in this process. Stays
  // in the process, like the next one.
  bool no_server = false;
  // sqlmapd was asked, and what it said, if anything, has not arrived. Stays in the process, too.
  bool unanswered = false;
  // CheckAccount, kAccepted: the numbers of the account's shadow line, if it has one.
  std::optional<ShadowRecord> ageing = std::nullopt;
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
  // May the password be changed now: is the old one right (unless by_root), is it old enough, does
  // a writer answer, and is there a query for it? Changes nothing.
  virtual void PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept = 0;
  // All of that again, and the change. kAccepted: it is stored, and the old password is of no more
  // use at this gate. Anything else: nothing has been changed; or, where the reason says so, nobody
  // knows.
  virtual void ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept = 0;
  // Notes the begin and the end of a session: kAccepted unless the configuration requires the row
  // and it could not be written (kUndecided).
  virtual void OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept = 0;
  virtual void CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept = 0;

 protected:
  ~LoginGate() = default;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_LOGIN_GATE_H_
