// What Drupal, WordPress, phpBB and Joomla store.
#include "common/password/cost_limits.h"
#include "common/password/encoding.h"
#include "common/password/fields.h"
#include "common/password/makers.h"
#include "common/password/verifiers.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

// phpass: salt, then 2^log2 rounds.
SecretText PortableHash(HashFunction function, std::string_view password, std::uint32_t log2,
                        std::string_view salt) {
  Hasher hasher(function);
  Digest digest = hasher.Add(salt).Add(password).Finish();
  for (std::uint32_t round = std::uint32_t{1} << log2; round > 0; --round) {
    digest = hasher.Add(digest.view()).Add(password).Finish();
  }
  return EncodeItoa64(digest.view());
}

// The whole text: "$S$", a character for log2 of the rounds, eight of salt, and as much of the hash
// as fits.
constexpr std::size_t kDrupal7Length = 55;
constexpr std::size_t kPhpassLength = 34;

SecretText MakePortable(HashFunction function, std::string_view prefix, std::size_t length,
                        std::string_view password, std::uint32_t log2, std::string_view salt) {
  const SecretText salt_text = EncodeItoa64(salt);
  SecretText text;
  Append(text, prefix);
  AppendItoa64(text, log2, 1);
  Append(text, View(salt_text));
  Append(text, View(PortableHash(function, password, log2, View(salt_text))));
  text.resize(length);
  return text;
}

PasswordOutcome VerifyPortable(HashFunction function, std::size_t length, std::string_view password,
                               std::string_view stored, Work& work) {
  if (stored.size() != length || !IsItoa64(stored.substr(12))) return kUnknownScheme;
  const std::uint32_t log2 = Itoa64Value(stored[3]);
  if (log2 < 7 || log2 > 30) return kUnknownScheme;
  if (!work.Take(std::uint64_t{1} << log2, std::uint64_t{1} << kCostLimits.phpass_log2))
    return kTooCostly;
  if (password.size() > kMaxPhpassPassword) return kPasswordTooLong;
  const SecretText encoded = PortableHash(function, password, log2, stored.substr(4, 8));
  return Compare(View(encoded).substr(0, length - 12), stored.substr(12));
}

constexpr std::string_view kPhpWhiteSpace = " \t\n\r\v";

std::string_view PhpTrim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kPhpWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kPhpWhiteSpace) - first + 1);
}

constexpr std::string_view kWordPressPrefix = "$wp";

// What WordPress gives to bcrypt: no more than 72 bytes of however long a password.
SecretText WordPressPhrase(std::string_view password) {
  return EncodeBase64(Hmac(HashFunction::kSha384, "wp-sha384", PhpTrim(password)).view());
}

}  // namespace

PasswordOutcome VerifyDrupal7(std::string_view password, std::string_view stored, Work& work) {
  return VerifyPortable(HashFunction::kSha512, kDrupal7Length, password, stored, work);
}

PasswordOutcome VerifyPhpass(std::string_view password, std::string_view stored, Work& work) {
  return VerifyPortable(HashFunction::kMd5, kPhpassLength, password, stored, work);
}

SecretText MakeDrupal7(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakePortable(HashFunction::kSha512, "$S$", kDrupal7Length, password, cost, salt);
}

SecretText MakePhpass(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakePortable(HashFunction::kMd5, "$P$", kPhpassLength, password, cost, salt);
}

PasswordOutcome VerifyDrupalUpgrade(std::string_view password, std::string_view stored,
                                    Work& work) {
  // A hash of the hash: of Drupal 6's md5(password).
  const SecretText md5 = EncodeHex(Hash(HashFunction::kMd5, {password}).view());
  const std::string_view inner = stored.substr(1);
  if (inner.starts_with("$S$")) return VerifyDrupal7(View(md5), inner, work);
  if (inner.starts_with("$2y$")) return VerifyBcrypt(View(md5), inner, work);
  return VerifyPhpass(View(md5), inner, work);
}

PasswordOutcome VerifyWordPress(std::string_view password, std::string_view stored, Work& work) {
  return VerifyBcrypt(View(WordPressPhrase(password)), stored.substr(kWordPressPrefix.size()),
                      work);
}

SecretText MakeWordPress(std::string_view password, std::uint32_t cost, std::string_view salt) {
  SecretText text;
  Append(text, kWordPressPrefix);
  Append(text, View(MakeBcrypt(View(WordPressPhrase(password)), cost, salt)));
  return text;
}

PasswordOutcome VerifyJoomlaMd5(std::string_view password, std::string_view stored, Work&) {
  Fields fields(stored);
  const auto digest = DecodeHex(fields.Until(':').value_or(""));
  if (!digest || digest->size() != DigestSize(HashFunction::kMd5) || fields.rest().empty()) {
    return kUnknownScheme;
  }
  return Compare(Hash(HashFunction::kMd5, {password, fields.rest()}).view(), View(*digest));
}

PasswordOutcome VerifyJoomlaSha256(std::string_view password, std::string_view stored, Work&) {
  Fields fields(stored);
  fields.Skip("{SHA256}");
  const auto digest = DecodeHex(fields.Until(':').value_or(""));
  if (!digest || digest->size() != DigestSize(HashFunction::kSha256) || fields.rest().empty()) {
    return kUnknownScheme;
  }
  return Compare(Hash(HashFunction::kSha256, {password, fields.rest()}).view(), View(*digest));
}

}  // namespace sqlmap
