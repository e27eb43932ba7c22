// What MySQL and MariaDB keep for their own users; caching_sha2_password is in sha_md5_crypt.cc.
#include <sodium.h>

#include "common/password/encoding.h"
#include "common/password/verifiers.h"

namespace sqlmap {

using enum PasswordOutcome;

PasswordOutcome VerifyMysqlNative(std::string_view password, std::string_view stored, Work&) {
  const auto digest = DecodeHex(stored.substr(1));
  if (!digest || digest->size() != DigestSize(HashFunction::kSha1)) return kUnknownScheme;
  const Digest once = Hash(HashFunction::kSha1, {password});
  return Compare(Hash(HashFunction::kSha1, {once.view()}).view(), View(*digest));
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

// MariaDB's plugin: the public key of which the password, hashed, is the secret one.
PasswordOutcome VerifyEd25519(std::string_view password, std::string_view stored, Work&) {
  const auto key = DecodeBase64(stored, Base64::kUnpadded);
  if (!key || key->size() != crypto_scalarmult_ed25519_BYTES) return kUnknownScheme;
  Digest secret = Hash(HashFunction::kSha512, {password});
  SecretText computed(crypto_scalarmult_ed25519_BYTES);
  if (crypto_scalarmult_ed25519_base(reinterpret_cast<unsigned char*>(computed.data()),
                                     secret.data()) != 0) {
    return kMismatch;
  }
  return Compare(View(computed), View(*key));
}

}  // namespace sqlmap
