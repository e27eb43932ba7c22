// Is this the password that belongs to that stored hash? Default deny: what is not recognised
// exactly is no login.
#ifndef SQLMAP_COMMON_PASSWORD_VERIFY_H_
#define SQLMAP_COMMON_PASSWORD_VERIFY_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/account/password_scheme.h"
#include "common/password/cost_limits.h"

namespace sqlmap {

// What may be accepted, from [auth] and PAM's nullok.
struct PasswordPolicy {
  PasswordSchemeSet schemes = PasswordSchemeSet::Strong();
  std::optional<PasswordScheme>
      plain_hash_scheme;  // what bare hex (and 13 characters, for des) means; none: refused
  bool allow_empty_password = false;
};

enum class PasswordOutcome : std::uint8_t {
  kMatch,
  kMismatch,
  kNoPassword,        // NULL, "", "*", "!", "!hash", "*LK*", "x": no password opens this row
  kUnknownScheme,     // not recognised, or malformed for the scheme that it claims to be
  kSchemeNotAllowed,  // recognised, but auth.schemes leaves it out
  kTooCostly,         // recognised, but more work than is left (see Work)
  kEmptyNotAllowed,   // the password typed is empty
  kPasswordTooLong,
};

struct PasswordCheck {
  PasswordOutcome outcome = PasswordOutcome::kUnknownScheme;
  std::optional<PasswordScheme> scheme;  // as far as it was recognised
};

// `stored` is the column as it came, any bytes; nullopt is SQL NULL. `scheme_column` is the row's
// `scheme` column, "" if there is none: a name of kPasswordSchemes, or an authentication plugin's
// name (mysql_native_password, ed25519, caching_sha2_password, mysql_old_password),
// case-insensitive; it then decides, and the hash must be of that scheme. Constant time in the
// comparison; lengths are bounded, and the work is taken from `work`, before any hashing; all
// intermediate values are wiped. Thread safe. noexcept: a lack of memory is kUnknownScheme.
// A password with a NUL byte matches nothing. kMatch and kMismatch have cost a hash, all other
// outcomes nothing: a caller who saw only those calls SpendVerification.
PasswordCheck VerifyPassword(std::string_view password, std::optional<std::string_view> stored,
                             const PasswordPolicy& policy, std::string_view scheme_column,
                             Work& work) noexcept;

// The same for a hash that is the only one of its login.
inline PasswordCheck VerifyPassword(std::string_view password,
                                    std::optional<std::string_view> stored,
                                    const PasswordPolicy& policy,
                                    std::string_view scheme_column = {}) noexcept {
  Work work;
  return VerifyPassword(password, stored, policy, scheme_column, work);
}

// Spends the time of one usual verification, sha512crypt with its default of 5000 rounds, for a
// name that has no hash: an unknown user must not answer faster than a known one.
void SpendVerification(std::string_view password) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_VERIFY_H_
