// One function per scheme that new hashes are made of, all of one shape, each beside the verifier
// that it shares its arithmetic with: the whole text that is stored for `password`.
//
// `password` is what make.cc lets through: not empty, without NUL, within the scheme's bound.
// `cost` is in the measure of NewHashes (password_scheme.h), and is not looked at where that has
// none. `salt`: random bytes, as many as make.cc says, and not looked at where that says none. The
// bytes of a known hash's salt give that hash. They throw what digest.h throws, std::bad_alloc, and
// std::runtime_error if a library refuses.
#ifndef SQLMAP_COMMON_PASSWORD_MAKERS_H_
#define SQLMAP_COMMON_PASSWORD_MAKERS_H_

#include <cstdint>
#include <string_view>

#include "common/password/digest.h"
#include "common/password/encoding.h"
#include "common/password/secret.h"

namespace sqlmap {

using Maker = SecretText (*)(std::string_view password, std::uint32_t cost, std::string_view salt);

// crypt_family.cc
SecretText MakeYescrypt(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakeGostYescrypt(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakeScrypt(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakeBcrypt(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakeSha512Crypt(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakeSha256Crypt(std::string_view password, std::uint32_t cost, std::string_view salt);

// sha_md5_crypt.cc
SecretText MakeCachingSha2(std::string_view password, std::uint32_t cost, std::string_view salt);

// argon2.cc
SecretText MakeArgon2id(std::string_view password, std::uint32_t cost, std::string_view salt);

// web_applications.cc
SecretText MakeDrupal7(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakePhpass(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakeWordPress(std::string_view password, std::uint32_t cost, std::string_view salt);

// pbkdf2.cc
SecretText MakePbkdf2Sha512(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakePbkdf2Sha256(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakeDjango(std::string_view password, std::uint32_t cost, std::string_view salt);

// mysql.cc
SecretText MakeMysqlNative(std::string_view password, std::uint32_t cost, std::string_view salt);
SecretText MakeEd25519(std::string_view password, std::uint32_t cost, std::string_view salt);

// Bare hexadecimal digits, as md5() and sha1() of PHP and SQL give them.
template <HashFunction function>
SecretText MakeDigest(std::string_view password, std::uint32_t, std::string_view) {
  return EncodeHex(Hash(function, {password}).view());
}

// {SSHA512} and {SSHA256}
template <HashFunction function>
SecretText MakeSaltedDigest(std::string_view password, std::uint32_t, std::string_view salt) {
  SecretText bytes;
  Append(bytes, Hash(function, {password, salt}).view());
  Append(bytes, salt);
  SecretText text;
  Append(text, function == HashFunction::kSha512 ? "{SSHA512}" : "{SSHA256}");
  Append(text, View(EncodeBase64(View(bytes))));
  return text;
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_MAKERS_H_
