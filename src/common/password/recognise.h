// Which scheme a stored string is of, by its prefix, its shape, or what the administrator said
// about it.
#ifndef SQLMAP_COMMON_PASSWORD_RECOGNISE_H_
#define SQLMAP_COMMON_PASSWORD_RECOGNISE_H_

#include <optional>
#include <string_view>

#include "common/account/password_scheme.h"
#include "common/password/secret.h"
#include "common/password/verifiers.h"

namespace sqlmap {

struct Recognised {
  PasswordScheme scheme;
  Verifier verify;
  std::string_view text;  // for `verify`: of `stored`, or of `decoded`
  SecretText decoded;     // what a binary form, or a .HEX or .B64 suffix, was decoded to

  PasswordOutcome Verify(std::string_view password, Work& work) const {
    return verify(password, text, work);
  }
};

// `expected`: the schemes that it may be. `bare`: what a string that does not show its scheme is
// of; nullopt: of none. nullopt: none of them. The result refers to `stored`.
std::optional<Recognised> Recognise(std::string_view stored, PasswordSchemeSet expected,
                                    std::optional<PasswordScheme> bare);

// '*' and 40 hexadecimal digits: of all that begins with '*', the only form that is not a locked
// account.
bool IsMysqlNative(std::string_view stored);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_RECOGNISE_H_
