// The names of the password schemes, their strength and where they come from: one table, which the
// configuration checks its lists against and src/common/password implements row by row.
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

// Whether src/common/password/make.h makes new hashes of a scheme, and what password.cost means
// for it: 0 in the configuration is `usual`. All zero: the scheme has no cost.
struct NewHashes {
  bool made = false;
  std::uint32_t least = 0;
  std::uint32_t usual = 0;
  std::uint32_t most = 0;
  std::string_view unit = {};  // "rounds"
};

struct PasswordSchemeName {
  PasswordScheme scheme;
  std::string_view name;  // in auth.schemes, auth.plain_hash_scheme, password.scheme, the `scheme`
                          // column, the log
  SchemeStrength strength;
  std::string_view made_by;  // who writes such hashes, for people
  NewHashes new_hashes = {};
};

inline constexpr std::array<PasswordSchemeName, static_cast<std::size_t>(PasswordScheme::kCount)>
    kPasswordSchemes{{
        {PasswordScheme::kYescrypt,
         "yescrypt",
         SchemeStrength::kStrong,
         "passwd and mkpasswd of Debian 11 and later, Fedora, Ubuntu",
         {true, 1, 5, 11, "as crypt(5) has it"}},
        {PasswordScheme::kGostYescrypt,
         "gost-yescrypt",
         SchemeStrength::kStrong,
         "ALT Linux, mkpasswd -m gost-yescrypt",
         {true, 1, 5, 11, "as crypt(5) has it"}},
        {PasswordScheme::kScrypt,
         "scrypt",
         SchemeStrength::kStrong,
         "mkpasswd -m scrypt",
         {true, 6, 7, 11, "as crypt(5) has it"}},
        {PasswordScheme::kBcrypt,
         "bcrypt",
         SchemeStrength::kStrong,
         "PHP's password_hash, Drupal 10.1 and later, Joomla 3 and later, htpasswd -B",
         {true, 10, 12, 15, "log2 of rounds"}},
        {PasswordScheme::kSha512Crypt,
         "sha512crypt",
         SchemeStrength::kStrong,
         "Debian before 11, RHEL, mkpasswd -m sha-512, openssl passwd -6",
         {true, 5000, 100000, 1000000, "rounds"}},
        {PasswordScheme::kSha256Crypt,
         "sha256crypt",
         SchemeStrength::kStrong,
         "mkpasswd -m sha-256, openssl passwd -5",
         {true, 5000, 100000, 1000000, "rounds"}},
        {PasswordScheme::kSha1Crypt, "sha1crypt", SchemeStrength::kStrong, "NetBSD"},
        {PasswordScheme::kSunMd5, "sunmd5", SchemeStrength::kStrong, "Solaris"},
        {PasswordScheme::kMd5Crypt, "md5crypt", SchemeStrength::kWeak,
         "old Linux and FreeBSD, openssl passwd -1"},
        {PasswordScheme::kApr1, "apr1", SchemeStrength::kWeak,
         "Apache's htpasswd -m, openssl passwd -apr1"},
        {PasswordScheme::kBsdiDes, "bsdi-des", SchemeStrength::kWeak, "BSD/OS"},
        {PasswordScheme::kDes, "des", SchemeStrength::kWeak, "old Unix, MySQL's ENCRYPT()"},
        {PasswordScheme::kNt, "nt", SchemeStrength::kWeak, "Samba, FreeRADIUS"},
        {PasswordScheme::kArgon2id,
         "argon2id",
         SchemeStrength::kStrong,
         "PHP's PASSWORD_ARGON2ID, Dovecot, argon2(1)",
         {true, 1, 3, 16, "passes over 64 MiB"}},
        {PasswordScheme::kArgon2i, "argon2i", SchemeStrength::kStrong,
         "PHP's PASSWORD_ARGON2I, Dovecot, argon2(1)"},
        {PasswordScheme::kArgon2d, "argon2d", SchemeStrength::kStrong, "argon2(1)"},
        {PasswordScheme::kDrupal7,
         "drupal7",
         SchemeStrength::kStrong,
         "Drupal 7 to 10.0",
         {true, 7, 15, 20, "log2 of rounds"}},
        {PasswordScheme::kPhpass,
         "phpass",
         SchemeStrength::kStrong,
         "WordPress before 6.8, phpBB 3",
         {true, 7, 13, 20, "log2 of rounds"}},
        {PasswordScheme::kWordPress,
         "wordpress",
         SchemeStrength::kStrong,
         "WordPress 6.8 and later",
         {true, 10, 12, 15, "log2 of rounds"}},
        {PasswordScheme::kPbkdf2Sha512,
         "pbkdf2-sha512",
         SchemeStrength::kStrong,
         "OpenLDAP's pw-pbkdf2, passlib",
         {true, 100000, 210000, 5000000, "iterations"}},
        {PasswordScheme::kPbkdf2Sha256,
         "pbkdf2-sha256",
         SchemeStrength::kStrong,
         "OpenLDAP's pw-pbkdf2, passlib",
         {true, 100000, 600000, 5000000, "iterations"}},
        {PasswordScheme::kPbkdf2Sha1, "pbkdf2-sha1", SchemeStrength::kStrong,
         "OpenLDAP's pw-pbkdf2, Dovecot"},
        {PasswordScheme::kDjangoPbkdf2Sha256,
         "django",
         SchemeStrength::kStrong,
         "Django",
         {true, 100000, 870000, 5000000, "iterations"}},
        {PasswordScheme::kJoomlaMd5, "joomla", SchemeStrength::kWeak, "Joomla 1.5 to 2.5"},
        {PasswordScheme::kSsha512,
         "ssha512",
         SchemeStrength::kWeak,
         "OpenLDAP's pw-sha2, Dovecot",
         {true}},
        {PasswordScheme::kSsha256,
         "ssha256",
         SchemeStrength::kWeak,
         "OpenLDAP's pw-sha2, Dovecot",
         {true}},
        {PasswordScheme::kSsha, "ssha", SchemeStrength::kWeak, "OpenLDAP's slappasswd, Dovecot"},
        {PasswordScheme::kSmd5, "smd5", SchemeStrength::kWeak, "OpenLDAP, Dovecot"},
        {PasswordScheme::kSha512,
         "sha512",
         SchemeStrength::kWeak,
         "PHP's hash(), SQL's SHA2(), Dovecot",
         {true}},
        {PasswordScheme::kSha256,
         "sha256",
         SchemeStrength::kWeak,
         "PHP's hash(), SQL's SHA2(), Dovecot",
         {true}},
        {PasswordScheme::kSha1,
         "sha1",
         SchemeStrength::kWeak,
         "PHP's sha1(), SQL's SHA1(), OpenLDAP",
         {true}},
        {PasswordScheme::kMd5,
         "md5",
         SchemeStrength::kWeak,
         "Drupal 5 and 6, PHP's md5(), SQL's MD5()",
         {true}},
        {PasswordScheme::kMysqlNative,
         "mysql-native",
         SchemeStrength::kWeak,
         "MySQL 4.1 to 8.3 and MariaDB: PASSWORD()",
         {true}},
        {PasswordScheme::kMysqlOld, "mysql-old", SchemeStrength::kWeak,
         "MySQL before 4.1: OLD_PASSWORD()"},
        {PasswordScheme::kCachingSha2,
         "caching-sha2",
         SchemeStrength::kStrong,
         "accounts of MySQL 8 and later",
         {true}},
        {PasswordScheme::kEd25519, "ed25519", SchemeStrength::kWeak, "accounts of MariaDB", {true}},
        {PasswordScheme::kScramSha256, "scram-sha256", SchemeStrength::kStrong, "Dovecot"},
        {PasswordScheme::kPlain, "plain", SchemeStrength::kWeak,
         "whoever stores passwords as they are"},
    }};

constexpr std::string_view NameOf(PasswordScheme scheme) {
  return kPasswordSchemes[static_cast<std::size_t>(scheme)].name;
}

constexpr const NewHashes& NewHashesOf(PasswordScheme scheme) {
  return kPasswordSchemes[static_cast<std::size_t>(scheme)].new_hashes;
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
