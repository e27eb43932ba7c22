// md5crypt and SHA-256-crypt (Drepper, "Unix crypt using SHA-256 and SHA-512") for the two forms
// that crypt(3) refuses: Apache's $apr1$, which is md5crypt with another magic string, and MySQL's
// caching_sha2_password, which is SHA-256-crypt with 20 bytes of raw salt.
#include <algorithm>
#include <array>

#include "common/password/cost_limits.h"
#include "common/password/encoding.h"
#include "common/password/fields.h"
#include "common/password/makers.h"
#include "common/password/verifiers.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

// The first `length` bytes of `block` written again and again.
SecretText Repeat(std::string_view block, std::size_t length) {
  SecretText text;
  text.reserve(length);
  while (text.size() < length) {
    Append(text, block.substr(0, std::min(block.size(), length - text.size())));
  }
  return text;
}

// The round that both share: which of its three ingredients go in depends on the number of the
// round.
Digest Round(Hasher& hasher, std::uint32_t round, const Digest& last, std::string_view salt,
             std::string_view key) {
  const bool odd = round % 2 != 0;
  hasher.Add(odd ? key : last.view());
  if (round % 3 != 0) hasher.Add(salt);
  if (round % 7 != 0) hasher.Add(key);
  return hasher.Add(odd ? last.view() : key).Finish();
}

// Three bytes of the digest a time, in the algorithm's own order.
void AppendTriple(SecretText& text, const Digest& digest, const std::array<std::size_t, 3>& at) {
  AppendItoa64(text, digest[at[0]] << 16 | digest[at[1]] << 8 | digest[at[2]], 4);
}

SecretText Md5Crypt(std::string_view magic, std::string_view password, std::string_view salt) {
  Hasher hasher(HashFunction::kMd5);
  const Digest alternate = hasher.Add(password).Add(salt).Add(password).Finish();
  hasher.Add(password).Add(magic).Add(salt).Add(View(Repeat(alternate.view(), password.size())));
  for (std::size_t bits = password.size(); bits > 0; bits >>= 1) {
    hasher.Add(bits % 2 != 0 ? std::string_view("\0", 1) : password.substr(0, 1));
  }
  Digest digest = hasher.Finish();
  for (std::uint32_t i = 0; i < 1000; ++i) digest = Round(hasher, i, digest, salt, password);

  SecretText text;
  for (std::size_t i = 0; i < 5; ++i) AppendTriple(text, digest, {i, i + 6, i == 4 ? 5 : i + 12});
  AppendItoa64(text, digest[11], 2);
  return text;
}

SecretText Sha256Crypt(std::string_view password, std::string_view salt, std::uint32_t rounds) {
  Hasher hasher(HashFunction::kSha256);
  const Digest alternate = hasher.Add(password).Add(salt).Add(password).Finish();
  hasher.Add(password).Add(salt).Add(View(Repeat(alternate.view(), password.size())));
  for (std::size_t bits = password.size(); bits > 0; bits >>= 1) {
    hasher.Add(bits % 2 != 0 ? alternate.view() : password);
  }
  Digest digest = hasher.Finish();

  for (std::size_t i = 0; i < password.size(); ++i) hasher.Add(password);
  const SecretText key = Repeat(hasher.Finish().view(), password.size());
  for (std::uint32_t i = 0; i < 16 + digest[0]; ++i) hasher.Add(salt);
  const SecretText spice = Repeat(hasher.Finish().view(), salt.size());
  for (std::uint32_t i = 0; i < rounds; ++i) {
    digest = Round(hasher, i, digest, View(spice), View(key));
  }

  SecretText text;
  std::array<std::size_t, 3> at{0, 10, 20};
  for (std::size_t i = 0; i < 10; ++i) {
    AppendTriple(text, digest, at);
    at = {at[2] + 1, at[0] + 1, at[1] + 1};
  }
  AppendItoa64(text, digest[31] << 8 | digest[30], 3);
  return text;
}

}  // namespace

PasswordOutcome VerifyApr1(std::string_view password, std::string_view stored, Work&) {
  constexpr std::string_view kMagic = "$apr1$";
  Fields fields(stored);
  fields.Skip(kMagic);
  const auto salt = fields.Until('$');
  if (!salt || salt->size() > 8 || fields.rest().size() != 22) return kUnknownScheme;
  return Compare(View(Md5Crypt(kMagic, password, *salt)), fields.rest());
}

// "$A$", three hexadecimal digits of rounds / 1000, "$", 20 bytes of salt and 43 characters of
// hash. MySQL's salts hold no NUL and no '$'.
PasswordOutcome VerifyCachingSha2(std::string_view password, std::string_view stored, Work& work) {
  Fields fields(stored);
  fields.Skip("$A$");
  const auto digits = fields.Take(3);
  if (!digits || !IsHex(*digits) || !fields.Skip("$")) return kUnknownScheme;
  const auto salt = fields.Take(20);
  if (!salt || salt->find_first_of(std::string_view("$\0", 2)) != std::string_view::npos ||
      fields.rest().size() != 43) {
    return kUnknownScheme;
  }
  std::uint32_t thousands = 0;
  for (const char digit : *digits) thousands = thousands << 4 | HexValue(digit);
  const std::uint32_t rounds = thousands * 1000;
  if (rounds == 0) return kUnknownScheme;
  if (!work.Take(rounds, kCostLimits.sha_crypt_rounds, ShaCryptTimes(password.size())))
    return kTooCostly;
  if (password.size() > kMaxCachingSha2Password) return kPasswordTooLong;
  return Compare(View(Sha256Crypt(password, *salt, rounds)), fields.rest());
}

// 5000 rounds: the least that MySQL has, and long its default; 9.7 has 10000. Its own salts have
// control characters too, but a text survives more tools.
SecretText MakeCachingSha2(std::string_view password, std::uint32_t, std::string_view salt) {
  const SecretText salt_text = EncodeItoa64(salt);
  SecretText text;
  Append(text, "$A$005$");
  Append(text, View(salt_text));
  Append(text, View(Sha256Crypt(password, View(salt_text), 5000)));
  return text;
}

}  // namespace sqlmap
