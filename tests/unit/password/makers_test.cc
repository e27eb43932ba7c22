// What the makers compute is what others compute: with the salt and the cost of a known hash, the
// known hash.
#include "common/password/makers.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <optional>
#include <regex>
#include <string>

#include "vectors.h"

namespace sqlmap {
namespace {

using enum PasswordScheme;

using SaltBytes = std::optional<SecretText> (*)(std::string_view text);

// crypt(3)'s and phpass's texts, lowest bits first.
std::optional<SecretText> FromItoa64(std::string_view text) {
  SecretText bytes;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char c : text) {
    pending |= Itoa64Value(c) << bits;
    bits += 6;
    if (bits < 8) continue;
    bytes.push_back(static_cast<char>(pending & 0xff));
    pending >>= 8;
    bits -= 8;
  }
  if (pending != 0 || View(EncodeItoa64(View(bytes))) != text) return std::nullopt;
  return bytes;
}

// libxcrypt leaves out the last of the bytes that it is given.
std::optional<SecretText> FromShaCrypt(std::string_view text) {
  auto bytes = FromItoa64(text);
  if (bytes) bytes->push_back('x');
  return bytes;
}

std::optional<SecretText> FromBcrypt(std::string_view text) {
  constexpr std::string_view kBcrypt64 =
      "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  constexpr std::string_view kRfc4648 =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string standard;
  for (const char c : text) standard.push_back(kRfc4648[kBcrypt64.find(c)]);
  return DecodeBase64(standard, Base64::kUnpadded);
}

std::optional<SecretText> FromUnpadded(std::string_view text) {
  return DecodeBase64(text, Base64::kUnpadded);
}

std::optional<SecretText> FromAdapted(std::string_view text) {
  return DecodeBase64(text, Base64::kAdapted);
}

template <std::size_t digest_size>
std::optional<SecretText> FromBehindDigest(std::string_view text) {
  auto bytes = DecodeBase64(text, Base64::kPadded);
  if (bytes) bytes->erase(bytes->begin(), bytes->begin() + digest_size);
  return bytes;
}

std::uint32_t None(const std::string&) { return 0; }
std::uint32_t Decimal(const std::string& text) {
  return static_cast<std::uint32_t>(std::stoul(text));
}
std::uint32_t Rounds(const std::string& text) { return text.empty() ? 5000 : Decimal(text); }
std::uint32_t Log2(const std::string& text) { return Itoa64Value(text.front()); }
std::uint32_t Default(const std::string&) { return 5; }

// The hashes that the maker would write: the cost is the first group, the salt the second.
struct MadeForm {
  PasswordScheme scheme;
  Maker make;
  const char* pattern;
  std::uint32_t (*cost)(const std::string&) = None;
  SaltBytes salt = FromUnpadded;
};

const MadeForm kMadeForms[] = {
    {kYescrypt, MakeYescrypt, R"(\$y\$(j9T)\$([^$]{22})\$.{43})", Default, FromItoa64},
    {kBcrypt, MakeBcrypt, R"(\$2y\$(\d\d)\$(.{22}).{31})", Decimal, FromBcrypt},
    {kSha512Crypt, MakeSha512Crypt, R"(\$6\$(?:rounds=(\d+)\$)?([^$]{16})\$.{86})", Rounds,
     FromShaCrypt},
    {kSha256Crypt, MakeSha256Crypt, R"(\$5\$(?:rounds=(\d+)\$)?([^$]{16})\$.{43})", Rounds,
     FromShaCrypt},
    {kArgon2id, MakeArgon2id, R"(\$argon2id\$v=19\$m=65536,t=(\d+),p=1\$([^$]+)\$.{43})", Decimal},
    {kDrupal7, MakeDrupal7, R"(\$S\$(.)(.{8}).{43})", Log2, FromItoa64},
    {kPhpass, MakePhpass, R"(\$P\$(.)(.{8}).{22})", Log2, FromItoa64},
    {kWordPress, MakeWordPress, R"(\$wp\$2y\$(\d\d)\$(.{22}).{31})", Decimal, FromBcrypt},
    {kPbkdf2Sha512, MakePbkdf2Sha512, R"(\{PBKDF2-SHA512\}(\d+)\$([^$]+)\$.{86})", Decimal,
     FromAdapted},
    {kPbkdf2Sha256, MakePbkdf2Sha256, R"(\{PBKDF2-SHA256\}(\d+)\$([^$]+)\$.{43})", Decimal,
     FromAdapted},
    {kDjangoPbkdf2Sha256, MakeDjango, R"(pbkdf2_sha256\$(\d+)\$([^$]+)\$.{44})", Decimal,
     FromItoa64},
    {kSsha512, MakeSaltedDigest<HashFunction::kSha512>, R"(()\{SSHA512\}(.+))", None,
     FromBehindDigest<64>},
    {kSsha256, MakeSaltedDigest<HashFunction::kSha256>, R"(()\{SSHA256\}(.+))", None,
     FromBehindDigest<32>},
    {kSha512, MakeDigest<HashFunction::kSha512>, R"([0-9a-f]{128}()())"},
    {kSha256, MakeDigest<HashFunction::kSha256>, R"([0-9a-f]{64}()())"},
    {kSha1, MakeDigest<HashFunction::kSha1>, R"([0-9a-f]{40}()())"},
    {kMd5, MakeDigest<HashFunction::kMd5>, R"([0-9a-f]{32}()())"},
    {kMysqlNative, MakeMysqlNative, R"(\*[0-9A-F]{40}()())"},
    {kCachingSha2, MakeCachingSha2, R"(()\$A\$005\$([./0-9A-Za-z]{20}).{43})", None, FromItoa64},
    {kEd25519, MakeEd25519, R"([^$]{43}()())"},
};

TEST(Makers, MakeThePublishedHashesOfTheirSaltAndCost) {
  PasswordSchemeSet seen;
  int made = 0;
  for (const HashVector& vector : ReadHashVectors()) {
    for (const MadeForm& form : kMadeForms) {
      std::smatch match;
      if (form.scheme != vector.scheme || vector.password.empty() ||
          !std::regex_match(vector.hash, match, std::regex(form.pattern))) {
        continue;
      }
      const auto salt = form.salt(match[2].str());
      ASSERT_TRUE(salt) << vector;
      EXPECT_EQ(View(form.make(vector.password, form.cost(match[1].str()), View(*salt))),
                vector.hash)
          << vector;
      seen.Add(form.scheme);
      ++made;
    }
  }
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    // Of these two there are no hashes with salts and parameters as libxcrypt chooses them.
    const bool without = row.scheme == kGostYescrypt || row.scheme == kScrypt;
    EXPECT_EQ(seen.Contains(row.scheme), row.new_hashes.made && !without) << row.name;
  }
  EXPECT_GE(made, 50);
}

// N = 2^13, r = 32, p = 1; the salt of $7$ is the text itself.
TEST(ScryptMaker, MakesWhatOpenSslMakes) {
  const std::string salt(16, 's');
  const SecretText text = MakeScrypt("p\xc3\xa4ssword", 6, salt);
  const SecretText salt_text = EncodeItoa64(salt);
  unsigned char key[32];
  ASSERT_EQ(
      EVP_PBE_scrypt("p\xc3\xa4ssword", 9, reinterpret_cast<const unsigned char*>(salt_text.data()),
                     salt_text.size(), 1 << 13, 32, 1, 1 << 27, key, sizeof key),
      1);
  const SecretText hash = EncodeItoa64({reinterpret_cast<const char*>(key), sizeof key});
  EXPECT_EQ(std::string(View(text)),
            "$7$BU..../...." + std::string(View(salt_text)) + "$" + std::string(View(hash)));
}

}  // namespace
}  // namespace sqlmap
