// One function per form of hash, all of one shape: does `password` belong to `stored`?
//
// Each checks the whole form first (kUnknownScheme), then takes what it costs from `work`
// (kTooCostly), then its own bound on the password (kPasswordTooLong), then computes the hash and
// compares all of it: kMatch or kMismatch. `password` is not longer than kMaxPasswordBytes and has
// no NUL; `stored` is not empty, and any bytes. They throw what digest.h throws, and
// std::bad_alloc.
#ifndef SQLMAP_COMMON_PASSWORD_VERIFIERS_H_
#define SQLMAP_COMMON_PASSWORD_VERIFIERS_H_

#include <cstddef>
#include <string_view>

#include "common/password/cost_limits.h"
#include "common/password/digest.h"
#include "common/password/secret.h"
#include "common/password/verify.h"

namespace sqlmap {

using Verifier = PasswordOutcome (*)(std::string_view password, std::string_view stored,
                                     Work& work);

// The longest password that each of these takes; a longer one is kPasswordTooLong. phpass has its
// bound so that nobody can make a web server hash megabytes.
inline constexpr std::size_t kMaxCryptPassword = 511;
inline constexpr std::size_t kMaxPhpassPassword = 512;
inline constexpr std::size_t kMaxCachingSha2Password = 256;

inline PasswordOutcome Compare(std::string_view computed, std::string_view stored) {
  return SameBytes(computed, stored) ? PasswordOutcome::kMatch : PasswordOutcome::kMismatch;
}

// crypt_family.cc: all that crypt(3) knows, `stored` as crypt(3) writes it.
PasswordOutcome VerifyYescrypt(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyGostYescrypt(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyScrypt(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyBcrypt(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifySha512Crypt(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifySha256Crypt(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifySha1Crypt(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifySunMd5(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyMd5Crypt(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyBsdiDes(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyDes(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyNt(std::string_view password, std::string_view stored,
                         Work& work);  // $3$$ and hex
PasswordOutcome VerifyNtBytes(std::string_view password, std::string_view stored,
                              Work& work);  // 16 bytes

// sha_md5_crypt.cc: the crypt algorithms in forms that crypt(3) does not know.
PasswordOutcome VerifyApr1(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyCachingSha2(std::string_view password, std::string_view stored, Work& work);

// argon2.cc: the PHC string, $argon2id$v=19$m=65536,t=3,p=4$salt$hash.
PasswordOutcome VerifyArgon2id(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyArgon2i(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyArgon2d(std::string_view password, std::string_view stored, Work& work);

// web_applications.cc
PasswordOutcome VerifyDrupal7(std::string_view password, std::string_view stored,
                              Work& work);  // $S$
PasswordOutcome VerifyDrupalUpgrade(std::string_view password, std::string_view stored,
                                    Work& work);  // U$...
PasswordOutcome VerifyPhpass(std::string_view password, std::string_view stored,
                             Work& work);  // $P$, $H$
PasswordOutcome VerifyWordPress(std::string_view password, std::string_view stored,
                                Work& work);  // $wp$2y$
PasswordOutcome VerifyJoomlaMd5(std::string_view password, std::string_view stored,
                                Work& work);  // md5:salt
// {SHA256}hash:salt
PasswordOutcome VerifyJoomlaSha256(std::string_view password, std::string_view stored, Work& work);

// pbkdf2.cc
PasswordOutcome VerifyPbkdf2Sha512(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyPbkdf2Sha256(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyPbkdf2Sha1(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyDjango(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyScramSha256(std::string_view password, std::string_view stored, Work& work);

// mysql.cc
PasswordOutcome VerifyMysqlNative(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyMysqlOld(std::string_view password, std::string_view stored, Work& work);
PasswordOutcome VerifyEd25519(std::string_view password, std::string_view stored, Work& work);

// `stored` is the digest itself, decoded.
template <HashFunction function>
PasswordOutcome VerifyDigest(std::string_view password, std::string_view stored, Work&) {
  if (stored.size() != DigestSize(function)) return PasswordOutcome::kUnknownScheme;
  return Compare(Hash(function, {password}).view(), stored);
}

// `stored` is the digest of password and salt, then the salt.
template <HashFunction function>
PasswordOutcome VerifySaltedDigest(std::string_view password, std::string_view stored, Work&) {
  if (stored.size() <= DigestSize(function)) return PasswordOutcome::kUnknownScheme;
  const std::string_view salt = stored.substr(DigestSize(function));
  return Compare(Hash(function, {password, salt}).view(), stored.substr(0, DigestSize(function)));
}

// Digests are compared, so that the time does not tell the length either.
inline PasswordOutcome VerifyPlain(std::string_view password, std::string_view stored, Work&) {
  return Compare(Hash(HashFunction::kSha256, {password}).view(),
                 Hash(HashFunction::kSha256, {stored}).view());
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_VERIFIERS_H_
