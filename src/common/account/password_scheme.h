// The names of the password schemes and their strength: one table, which the configuration checks
// its lists against and src/common/password implements row by row.
#ifndef SQLMAP_COMMON_ACCOUNT_PASSWORD_SCHEME_H_
#define SQLMAP_COMMON_ACCOUNT_PASSWORD_SCHEME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sqlmap {

enum class PasswordScheme : std::uint8_t {
  kYescrypt,
  kGostYescrypt,
  kScrypt,
  kBcrypt,
  kSha512Crypt,
  kSha256Crypt,
  kSha1Crypt,
  kSunMd5,
  kMd5Crypt,
  kApr1,
  kBsdiDes,
  kDes,
  kNt,
  kArgon2id,
  kArgon2i,
  kArgon2d,
  kDrupal7,
  kPhpass,
  kWordPress,
  kPbkdf2Sha512,
  kPbkdf2Sha256,
  kPbkdf2Sha1,
  kDjangoPbkdf2Sha256,
  kJoomlaMd5,
  kSsha512,
  kSsha256,
  kSsha,
  kSmd5,
  kSha512,
  kSha256,
  kSha1,
  kMd5,
  kMysqlNative,
  kMysqlOld,
  kCachingSha2,
  kEd25519,
  kScramSha256,
  kPlain,
  kCount,
};

// Strong: salted and slow on purpose, or what a supported application stores today and cannot
// change here. Weak: unsalted, fast, or plain; needs to be named in auth.schemes.
enum class SchemeStrength : std::uint8_t { kStrong, kWeak };

struct PasswordSchemeName {
  PasswordScheme scheme;
  std::string_view
      name;  // in auth.schemes, auth.plain_hash_scheme, the `scheme` column and the log
  SchemeStrength strength;
};

inline constexpr std::array<PasswordSchemeName, static_cast<std::size_t>(PasswordScheme::kCount)>
    kPasswordSchemes{{
        {PasswordScheme::kYescrypt, "yescrypt", SchemeStrength::kStrong},
        {PasswordScheme::kGostYescrypt, "gost-yescrypt", SchemeStrength::kStrong},
        {PasswordScheme::kScrypt, "scrypt", SchemeStrength::kStrong},
        {PasswordScheme::kBcrypt, "bcrypt", SchemeStrength::kStrong},
        {PasswordScheme::kSha512Crypt, "sha512crypt", SchemeStrength::kStrong},
        {PasswordScheme::kSha256Crypt, "sha256crypt", SchemeStrength::kStrong},
        {PasswordScheme::kSha1Crypt, "sha1crypt", SchemeStrength::kStrong},
        {PasswordScheme::kSunMd5, "sunmd5", SchemeStrength::kStrong},
        {PasswordScheme::kMd5Crypt, "md5crypt", SchemeStrength::kWeak},
        {PasswordScheme::kApr1, "apr1", SchemeStrength::kWeak},
        {PasswordScheme::kBsdiDes, "bsdi-des", SchemeStrength::kWeak},
        {PasswordScheme::kDes, "des", SchemeStrength::kWeak},
        {PasswordScheme::kNt, "nt", SchemeStrength::kWeak},
        {PasswordScheme::kArgon2id, "argon2id", SchemeStrength::kStrong},
        {PasswordScheme::kArgon2i, "argon2i", SchemeStrength::kStrong},
        {PasswordScheme::kArgon2d, "argon2d", SchemeStrength::kStrong},
        {PasswordScheme::kDrupal7, "drupal7", SchemeStrength::kStrong},
        {PasswordScheme::kPhpass, "phpass", SchemeStrength::kStrong},
        {PasswordScheme::kWordPress, "wordpress", SchemeStrength::kStrong},
        {PasswordScheme::kPbkdf2Sha512, "pbkdf2-sha512", SchemeStrength::kStrong},
        {PasswordScheme::kPbkdf2Sha256, "pbkdf2-sha256", SchemeStrength::kStrong},
        {PasswordScheme::kPbkdf2Sha1, "pbkdf2-sha1", SchemeStrength::kStrong},
        {PasswordScheme::kDjangoPbkdf2Sha256, "django", SchemeStrength::kStrong},
        {PasswordScheme::kJoomlaMd5, "joomla", SchemeStrength::kWeak},
        {PasswordScheme::kSsha512, "ssha512", SchemeStrength::kWeak},
        {PasswordScheme::kSsha256, "ssha256", SchemeStrength::kWeak},
        {PasswordScheme::kSsha, "ssha", SchemeStrength::kWeak},
        {PasswordScheme::kSmd5, "smd5", SchemeStrength::kWeak},
        {PasswordScheme::kSha512, "sha512", SchemeStrength::kWeak},
        {PasswordScheme::kSha256, "sha256", SchemeStrength::kWeak},
        {PasswordScheme::kSha1, "sha1", SchemeStrength::kWeak},
        {PasswordScheme::kMd5, "md5", SchemeStrength::kWeak},
        {PasswordScheme::kMysqlNative, "mysql-native", SchemeStrength::kWeak},
        {PasswordScheme::kMysqlOld, "mysql-old", SchemeStrength::kWeak},
        {PasswordScheme::kCachingSha2, "caching-sha2", SchemeStrength::kStrong},
        {PasswordScheme::kEd25519, "ed25519", SchemeStrength::kWeak},
        {PasswordScheme::kScramSha256, "scram-sha256", SchemeStrength::kStrong},
        {PasswordScheme::kPlain, "plain", SchemeStrength::kWeak},
    }};

constexpr std::string_view NameOf(PasswordScheme scheme) {
  return kPasswordSchemes[static_cast<std::size_t>(scheme)].name;
}

constexpr std::optional<PasswordScheme> PasswordSchemeByName(std::string_view name) {
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (row.name == name) return row.scheme;
  }
  return std::nullopt;
}

// A set of schemes.
class PasswordSchemeSet {
 public:
  constexpr PasswordSchemeSet() = default;
  static constexpr PasswordSchemeSet All() {
    PasswordSchemeSet set;
    for (const PasswordSchemeName& row : kPasswordSchemes) set.Add(row.scheme);
    return set;
  }
  static constexpr PasswordSchemeSet Strong() {
    PasswordSchemeSet set;
    for (const PasswordSchemeName& row : kPasswordSchemes) {
      if (row.strength == SchemeStrength::kStrong) set.Add(row.scheme);
    }
    return set;
  }
  constexpr void Add(PasswordScheme scheme) { bits_ |= Bit(scheme); }
  constexpr bool Contains(PasswordScheme scheme) const { return (bits_ & Bit(scheme)) != 0; }
  friend constexpr bool operator==(const PasswordSchemeSet&, const PasswordSchemeSet&) = default;

 private:
  static constexpr std::uint64_t Bit(PasswordScheme scheme) {
    return std::uint64_t{1} << static_cast<unsigned>(scheme);
  }
  std::uint64_t bits_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_PASSWORD_SCHEME_H_
