// What MySQL and MariaDB keep for their own users; caching_sha2_password is in sha_md5_crypt.cc.
#include <sodium.h>

#include <stdexcept>

#include "common/password/encoding.h"
#include "common/password/makers.h"
#include "common/password/verifiers.h"

namespace sqlmap {

using enum PasswordOutcome;

namespace {

Digest MysqlNative(std::string_view password) {
  return Hash(HashFunction::kSha1, {Hash(HashFunction::kSha1, {password}).view()});
}

// The public key of which the password, hashed, is the secret one; empty for the secret that has
// none.
SecretText Ed25519Key(std::string_view password) {
  Digest secret = Hash(HashFunction::kSha512, {password});
  SecretText key(crypto_scalarmult_ed25519_BYTES);
  if (crypto_scalarmult_ed25519_base(reinterpret_cast<unsigned char*>(key.data()), secret.data()) !=
      0) {
    return {};
  }
  return key;
}

}  // namespace

PasswordOutcome VerifyMysqlNative(std::string_view password, std::string_view stored, Work&) {
  const auto digest = DecodeHex(stored.substr(1));
  if (!digest || digest->size() != DigestSize(HashFunction::kSha1)) return kUnknownScheme;
  return Compare(MysqlNative(password).view(), View(*digest));
}

// In capitals, as PASSWORD() writes it.
SecretText MakeMysqlNative(std::string_view password, std::uint32_t, std::string_view) {
  SecretText text;
  Append(text, "*");
  for (const char c : EncodeHex(MysqlNative(password).view())) {
    text.push_back(c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return text;
}

// MySQL's hash_password() before 4.1: two words of 31 bits.
PasswordOutcome VerifyMysqlOld(std::string_view password, std::string_view stored, Work&) {
  const auto digest = DecodeHex(stored);
  if (!digest || digest->size() != 8) return kUnknownScheme;
  std::uint32_t first = 1345345333;
  std::uint32_t second = 0x12345671;
  std::uint32_t add = 7;
  for (const char c : password) {
    if (c == ' ' || c == '\t') continue;
    const std::uint32_t byte = static_cast<unsigned char>(c);
    first ^= ((first & 63) + add) * byte + (first << 8);
    second += (second << 8) ^ first;
    add += byte;
  }
  SecretText computed;
  for (const std::uint32_t word : {first & 0x7fffffff, second & 0x7fffffff}) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      computed.push_back(static_cast<char>(word >> shift & 0xff));
    }
  }
  return Compare(View(computed), View(*digest));
}

// MariaDB's plugin.
PasswordOutcome VerifyEd25519(std::string_view password, std::string_view stored, Work&) {
  const auto key = DecodeBase64(stored, Base64::kUnpadded);
  if (!key || key->size() != crypto_scalarmult_ed25519_BYTES) return kUnknownScheme;
  return Compare(View(Ed25519Key(password)), View(*key));
}

SecretText MakeEd25519(std::string_view password, std::uint32_t, std::string_view) {
  const SecretText key = Ed25519Key(password);
  if (key.empty()) throw std::runtime_error("the password has no ed25519 key");
  return EncodeBase64(View(key), Base64::kUnpadded);
}

}  // namespace sqlmap
