#include "vectors.h"

#include <array>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sqlmap {
namespace {

using enum PasswordScheme;

struct Label {
  std::string_view start;
  PasswordScheme scheme;
  bool bare = false;
};

constexpr Label kLabels[] = {
    {"md5-hex", kMd5, true},
    {"sha1-hex", kSha1, true},
    {"sha256-hex", kSha256, true},
    {"sha512-hex", kSha512, true},
    {"drupal7", kDrupal7},
    {"phpass", kPhpass},
    {"md5crypt", kMd5Crypt},
    {"sha256crypt", kSha256Crypt},
    {"sha512crypt", kSha512Crypt},
    {"bcrypt", kBcrypt},
    {"yescrypt", kYescrypt},
    {"gost-yescrypt", kGostYescrypt},
    {"scrypt", kScrypt},
    {"sha1crypt", kSha1Crypt},
    {"SunMD5", kSunMd5},
    {"NT", kNt},
    {"DES crypt", kDes, true},
    {"BSDi DES", kBsdiDes},
    {"apr1", kApr1},
    {"argon2id", kArgon2id},
    {"argon2i", kArgon2i},
    {"argon2d", kArgon2d},
    {"mysql_native_password", kMysqlNative},
    {"mysql OLD_PASSWORD", kMysqlOld, true},
    {"caching_sha2", kCachingSha2},
    {"MariaDB ed25519", kEd25519, true},
    {"{PBKDF2-SHA256}", kPbkdf2Sha256},
    {"{PBKDF2-SHA512}", kPbkdf2Sha512},
    {"OpenLDAP {PBKDF2}", kPbkdf2Sha1},
    {"Django", kDjangoPbkdf2Sha256},
    {"Joomla", kJoomlaMd5},
    {"WordPress", kWordPress},
    {"{PLAIN}/{CLEARTEXT}", kPlain},
    {"LDAP {SSHA}", kSsha},
    {"LDAP {SHA}", kSha1},
    {"LDAP {SMD5}", kSmd5},
    {"LDAP {MD5}", kMd5},
    {"LDAP {SSHA256}", kSsha256},
    {"LDAP {SSHA512}", kSsha512},
    {"LDAP/Dovecot {SHA256}", kSha256},
    {"LDAP/Dovecot {SHA512}", kSha512},
    {"LDAP {CRYPT}", kSha512Crypt},
    {"Dovecot {SSHA}", kSsha},
    {"Dovecot {SSHA.HEX}", kSsha},
    {"Dovecot {SMD5}", kSmd5},
    {"Dovecot {SHA1}", kSha1},
    {"Dovecot {LDAP-MD5}", kMd5},
    {"Dovecot {PLAIN-MD5}", kMd5},
    {"Dovecot {SHA256}", kSha256},
    {"Dovecot {SHA256.HEX}", kSha256},
    {"Dovecot {SHA256.B64}", kSha256},
    {"Dovecot {MD5}", kMd5Crypt},
    {"Dovecot {MD5-CRYPT}", kMd5Crypt},
    {"Dovecot {PBKDF2}", kPbkdf2Sha1},
    {"Dovecot {BLF-CRYPT}", kBcrypt},
    {"Dovecot {CRYPT}", kDes},
    {"Dovecot {NTLM}", kNt},
    {"Dovecot {SCRAM-SHA-256}", kScramSha256},
    {"Dovecot {PLAIN.B64}", kPlain},
};

// \xHH stands for a byte.
std::string Unescape(const std::string& text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\x") == 0) {
      bytes.push_back(static_cast<char>(std::stoi(text.substr(i + 2, 2), nullptr, 16)));
      i += 3;
    } else {
      bytes.push_back(text[i]);
    }
  }
  return bytes;
}

HashVector ReadRow(const std::string& row, int line) {
  std::istringstream columns(row);
  std::array<std::string, 3> column;
  for (std::string& text : column) std::getline(columns, text, '\t');
  for (const Label& label : kLabels) {
    const std::string_view text = column[0];
    // "sha1" is not the label of "sha1crypt".
    if (!text.starts_with(label.start)) continue;
    if (text.size() > label.start.size() && text[label.start.size()] != ' ') continue;
    return {.line = line,
            .label = column[0],
            .password = Unescape(column[1]),
            .hash = Unescape(column[2]),
            .scheme = label.scheme,
            .bare = label.bare,
            .never = text.contains("EMPTY STRING")};
  }
  throw std::runtime_error("hash-vectors.tsv line " + std::to_string(line) + ": " + column[0]);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const HashVector& vector) {
  return out << "hash-vectors.tsv:" << vector.line << " (" << vector.label << ")";
}

std::vector<HashVector> ReadHashVectors() {
  std::ifstream file(SQLMAP_TEST_DATA "/hash-vectors.tsv");
  std::vector<HashVector> vectors;
  std::string row;
  for (int line = 1; std::getline(file, row); ++line) {
    if (!row.starts_with('#')) vectors.push_back(ReadRow(row, line));
  }
  if (vectors.size() < 150) throw std::runtime_error("hash-vectors.tsv is not whole");
  return vectors;
}

PasswordPolicy PolicyFor(const HashVector& vector) {
  PasswordPolicy policy;
  policy.schemes = {};
  policy.schemes.Add(vector.scheme);
  if (vector.bare) policy.plain_hash_scheme = vector.scheme;
  policy.allow_empty_password = vector.password.empty();
  return policy;
}

PasswordPolicy Permissive() {
  return {
      .schemes = PasswordSchemeSet::All(), .plain_hash_scheme = {}, .allow_empty_password = true};
}

PasswordOutcome OutcomeOf(std::string_view password, std::optional<std::string_view> stored,
                          const PasswordPolicy& policy, std::string_view scheme_column) {
  return VerifyPassword(password, stored, policy, scheme_column).outcome;
}

}  // namespace sqlmap
