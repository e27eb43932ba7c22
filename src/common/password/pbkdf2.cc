// PBKDF2 as OpenLDAP, passlib, Dovecot and Django write it, and SCRAM, which is made of it.
#include <string>

#include "common/password/cost_limits.h"
#include "common/password/encoding.h"
#include "common/password/fields.h"
#include "common/password/makers.h"
#include "common/password/verifiers.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

// The key must have the whole length: PBKDF2 of a shorter one is its beginning.
PasswordOutcome VerifyKey(HashFunction function, std::string_view password, std::string_view salt,
                          std::uint32_t iterations, const std::optional<SecretText>& key,
                          Work& work) {
  if (!key || key->size() != DigestSize(function) || salt.empty() || iterations < 1) {
    return kUnknownScheme;
  }
  if (!work.Take(iterations, kCostLimits.pbkdf2_iterations)) return kTooCostly;
  return Compare(Pbkdf2(function, password, salt, iterations).view(), View(*key));
}

// passlib and OpenLDAP: iterations$salt$key.
PasswordOutcome VerifyLdapPbkdf2(HashFunction function, std::string_view password,
                                 std::string_view stored, Work& work) {
  Fields fields(stored);
  const auto iterations = fields.Number();
  if (!iterations || !fields.Skip("$")) return kUnknownScheme;
  const auto salt = DecodeBase64(fields.Until('$').value_or(""), Base64::kAdapted);
  if (!salt) return kUnknownScheme;
  return VerifyKey(function, password, View(*salt), *iterations,
                   DecodeBase64(fields.rest(), Base64::kAdapted), work);
}

SecretText MakeLdapPbkdf2(HashFunction function, std::string_view prefix, std::string_view password,
                          std::uint32_t cost, std::string_view salt) {
  SecretText text;
  Append(text, prefix);
  Append(text, std::to_string(cost) + "$");
  Append(text, View(EncodeBase64(salt, Base64::kAdapted)));
  Append(text, "$");
  Append(text, View(EncodeBase64(Pbkdf2(function, password, salt, cost).view(), Base64::kAdapted)));
  return text;
}

}  // namespace

PasswordOutcome VerifyPbkdf2Sha512(std::string_view password, std::string_view stored, Work& work) {
  return VerifyLdapPbkdf2(HashFunction::kSha512, password, stored, work);
}

PasswordOutcome VerifyPbkdf2Sha256(std::string_view password, std::string_view stored, Work& work) {
  return VerifyLdapPbkdf2(HashFunction::kSha256, password, stored, work);
}

PasswordOutcome VerifyPbkdf2Sha1(std::string_view password, std::string_view stored, Work& work) {
  Fields fields(stored);
  if (!fields.Skip("$1$")) return VerifyLdapPbkdf2(HashFunction::kSha1, password, stored, work);
  // Dovecot: $1$salt$iterations$hex.
  const auto salt = fields.Until('$');
  const auto iterations = fields.Number();
  if (!salt || !iterations || !fields.Skip("$")) return kUnknownScheme;
  return VerifyKey(HashFunction::kSha1, password, *salt, *iterations, DecodeHex(fields.rest()),
                   work);
}

PasswordOutcome VerifyDjango(std::string_view password, std::string_view stored, Work& work) {
  Fields fields(stored);
  fields.Skip("pbkdf2_sha256$");
  const auto iterations = fields.Number();
  if (!iterations || !fields.Skip("$")) return kUnknownScheme;
  const auto salt = fields.Until('$');
  if (!salt) return kUnknownScheme;
  return VerifyKey(HashFunction::kSha256, password, *salt, *iterations,
                   DecodeBase64(fields.rest(), Base64::kPadded), work);
}

SecretText MakePbkdf2Sha512(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakeLdapPbkdf2(HashFunction::kSha512, "{PBKDF2-SHA512}", password, cost, salt);
}

SecretText MakePbkdf2Sha256(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakeLdapPbkdf2(HashFunction::kSha256, "{PBKDF2-SHA256}", password, cost, salt);
}

// The salt is the text itself.
SecretText MakeDjango(std::string_view password, std::uint32_t cost, std::string_view salt) {
  const SecretText salt_text = EncodeItoa64(salt);
  SecretText text;
  Append(text, "pbkdf2_sha256$" + std::to_string(cost) + "$");
  Append(text, View(salt_text));
  Append(text, "$");
  Append(text,
         View(EncodeBase64(Pbkdf2(HashFunction::kSha256, password, View(salt_text), cost).view())));
  return text;
}

// Dovecot: iterations,salt,StoredKey,ServerKey (RFC 5802 section 3). The password is taken as
// typed, as Dovecot does, without SASLprep.
PasswordOutcome VerifyScramSha256(std::string_view password, std::string_view stored, Work& work) {
  constexpr HashFunction kSha256 = HashFunction::kSha256;
  Fields fields(stored);
  const auto iterations = fields.Number();
  if (!iterations || *iterations < 1 || !fields.Skip(",")) return kUnknownScheme;
  const auto salt = DecodeBase64(fields.Until(',').value_or(""), Base64::kPadded);
  const auto stored_key = DecodeBase64(fields.Until(',').value_or(""), Base64::kPadded);
  const auto server_key = DecodeBase64(fields.rest(), Base64::kPadded);
  if (!salt || salt->empty() || !stored_key || stored_key->size() != DigestSize(kSha256) ||
      !server_key || server_key->size() != DigestSize(kSha256)) {
    return kUnknownScheme;
  }
  if (!work.Take(*iterations, kCostLimits.pbkdf2_iterations)) return kTooCostly;
  const Digest salted = Pbkdf2(kSha256, password, View(*salt), *iterations);
  SecretText computed;
  Append(computed, Hash(kSha256, {Hmac(kSha256, salted.view(), "Client Key").view()}).view());
  Append(computed, Hmac(kSha256, salted.view(), "Server Key").view());
  SecretText both = *stored_key;
  Append(both, View(*server_key));
  return Compare(View(computed), View(both));
}

}  // namespace sqlmap
