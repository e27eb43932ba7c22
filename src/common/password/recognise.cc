#include "common/password/recognise.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "common/password/encoding.h"
#include "common/password/fields.h"

namespace sqlmap {
namespace {

using enum PasswordScheme;

constexpr bool IsBsdiDes(std::string_view text) { return text.size() == 20; }

bool IsJoomlaMd5(std::string_view text) {
  return text.size() > 33 && text[32] == ':' && IsHex(text.substr(0, 32));
}

bool IsJoomlaSha256(std::string_view text) { return text.size() > 73 && text[72] == ':'; }

// Strings that show their scheme: by a prefix that nothing else begins with, or by prefix and
// shape.
struct MarkedForm {
  std::string_view prefix;
  PasswordScheme scheme;
  Verifier verify;
  bool (*shape)(std::string_view) = nullptr;
};

constexpr MarkedForm kMarkedForms[] = {
    {"$y$", kYescrypt, VerifyYescrypt},
    {"$gy$", kGostYescrypt, VerifyGostYescrypt},
    {"$7$", kScrypt, VerifyScrypt},
    {"$2a$", kBcrypt, VerifyBcrypt},
    {"$2b$", kBcrypt, VerifyBcrypt},
    {"$2y$", kBcrypt, VerifyBcrypt},
    {"$6$", kSha512Crypt, VerifySha512Crypt},
    {"$5$", kSha256Crypt, VerifySha256Crypt},
    {"$sha1$", kSha1Crypt, VerifySha1Crypt},
    {"$md5$", kSunMd5, VerifySunMd5},
    {"$md5,", kSunMd5, VerifySunMd5},
    {"$1$", kMd5Crypt, VerifyMd5Crypt},
    {"$apr1$", kApr1, VerifyApr1},
    {"_", kBsdiDes, VerifyBsdiDes, IsBsdiDes},
    {"$3$$", kNt, VerifyNt},
    {"$argon2id$", kArgon2id, VerifyArgon2id},
    {"$argon2i$", kArgon2i, VerifyArgon2i},
    {"$argon2d$", kArgon2d, VerifyArgon2d},
    {"$S$", kDrupal7, VerifyDrupal7},
    {"U$S$", kDrupal7, VerifyDrupalUpgrade},
    {"U$P$", kDrupal7, VerifyDrupalUpgrade},
    {"U$H$", kDrupal7, VerifyDrupalUpgrade},
    {"U$2y$", kDrupal7, VerifyDrupalUpgrade},
    {"$P$", kPhpass, VerifyPhpass},
    {"$H$", kPhpass, VerifyPhpass},
    {"$wp$2y$", kWordPress, VerifyWordPress},
    {"pbkdf2_sha256$", kDjangoPbkdf2Sha256, VerifyDjango},
    {"", kJoomlaMd5, VerifyJoomlaMd5, IsJoomlaMd5},
    {"{SHA256}", kJoomlaMd5, VerifyJoomlaSha256, IsJoomlaSha256},
    {"*", kMysqlNative, VerifyMysqlNative, IsMysqlNative},
    {"$A$", kCachingSha2, VerifyCachingSha2},
};

// Strings that do not show their scheme, once somebody has named it.
enum class BareText : std::uint8_t {
  kAsIs,
  kHexOrBase64,  // twice the length of the digest is hexadecimal, as in Dovecot
  kBase64,       // a salt of any length follows the digest
};

struct BareForm {
  PasswordScheme scheme;
  BareText text;
  std::uint8_t digest_size;  // of kHexOrBase64
  Verifier verify;
};

constexpr BareForm AsIs(PasswordScheme scheme, Verifier verify) {
  return {scheme, BareText::kAsIs, 0, verify};
}

template <HashFunction function>
constexpr BareForm Unsalted(PasswordScheme scheme) {
  return {scheme, BareText::kHexOrBase64, DigestSize(function), VerifyDigest<function>};
}

template <HashFunction function>
constexpr BareForm Salted(PasswordScheme scheme) {
  return {scheme, BareText::kBase64, 0, VerifySaltedDigest<function>};
}

constexpr BareForm kBareForms[] = {
    Unsalted<HashFunction::kMd5>(kMd5),
    Unsalted<HashFunction::kSha1>(kSha1),
    Unsalted<HashFunction::kSha256>(kSha256),
    Unsalted<HashFunction::kSha512>(kSha512),
    {kNt, BareText::kHexOrBase64, 16, VerifyNtBytes},
    Salted<HashFunction::kMd5>(kSmd5),
    Salted<HashFunction::kSha1>(kSsha),
    Salted<HashFunction::kSha256>(kSsha256),
    Salted<HashFunction::kSha512>(kSsha512),
    AsIs(kDes, VerifyDes),
    AsIs(kPbkdf2Sha1, VerifyPbkdf2Sha1),
    AsIs(kPbkdf2Sha256, VerifyPbkdf2Sha256),
    AsIs(kPbkdf2Sha512, VerifyPbkdf2Sha512),
    AsIs(kScramSha256, VerifyScramSha256),
    AsIs(kMysqlOld, VerifyMysqlOld),
    AsIs(kEd25519, VerifyEd25519),
    AsIs(kPlain, VerifyPlain),
};

// {NAME}: LDAP's (RFC 2307) and Dovecot's. What follows is a marked form of one of `marked`, or a
// bare form of `bare`.
struct BracedName {
  std::string_view name;
  std::optional<PasswordScheme> bare;
  PasswordSchemeSet marked;
};

constexpr PasswordSchemeSet SetOf(std::initializer_list<PasswordScheme> schemes) {
  PasswordSchemeSet set;
  for (const PasswordScheme scheme : schemes) set.Add(scheme);
  return set;
}

constexpr PasswordSchemeSet kCrypt3 =
    SetOf({kYescrypt, kGostYescrypt, kScrypt, kBcrypt, kSha512Crypt, kSha256Crypt, kSha1Crypt,
           kSunMd5, kMd5Crypt, kBsdiDes, kNt});

constexpr BracedName kBracedNames[] = {
    {"CRYPT", kDes, kCrypt3},
    {"DES-CRYPT", kDes, {}},
    {"MD5-CRYPT", {}, SetOf({kMd5Crypt})},
    {"SHA256-CRYPT", {}, SetOf({kSha256Crypt})},
    {"SHA512-CRYPT", {}, SetOf({kSha512Crypt})},
    {"BLF-CRYPT", {}, SetOf({kBcrypt})},
    {"ARGON2", {}, SetOf({kArgon2id, kArgon2i, kArgon2d})},
    {"ARGON2I", {}, SetOf({kArgon2i})},
    {"ARGON2ID", {}, SetOf({kArgon2id})},
    {"MD5", kMd5, SetOf({kMd5Crypt})},
    {"PLAIN-MD5", kMd5, {}},
    {"LDAP-MD5", kMd5, {}},
    {"SHA", kSha1, {}},
    {"SHA1", kSha1, {}},
    {"SHA256", kSha256, {}},
    {"SHA512", kSha512, {}},
    {"SMD5", kSmd5, {}},
    {"SSHA", kSsha, {}},
    {"SSHA256", kSsha256, {}},
    {"SSHA512", kSsha512, {}},
    {"NTLM", kNt, {}},
    {"PBKDF2", kPbkdf2Sha1, {}},
    {"PBKDF2-SHA1", kPbkdf2Sha1, {}},
    {"PBKDF2-SHA256", kPbkdf2Sha256, {}},
    {"PBKDF2-SHA512", kPbkdf2Sha512, {}},
    {"SCRAM-SHA-256", kScramSha256, {}},
    {"PLAIN", kPlain, {}},
    {"CLEAR", kPlain, {}},
    {"CLEARTEXT", kPlain, {}},
};

const MarkedForm* FindMarked(std::string_view text) {
  const auto* form = std::ranges::find_if(kMarkedForms, [text](const MarkedForm& row) {
    return text.starts_with(row.prefix) && (row.shape == nullptr || row.shape(text));
  });
  return form == std::end(kMarkedForms) ? nullptr : form;
}

std::optional<Recognised> RecogniseMarked(std::string_view text, PasswordSchemeSet expected) {
  const MarkedForm* form = FindMarked(text);
  if (form == nullptr || !expected.Contains(form->scheme)) return std::nullopt;
  return Recognised{form->scheme, form->verify, text, {}};
}

std::optional<Recognised> Decoded(const BareForm& form, std::optional<SecretText> bytes) {
  if (!bytes) return std::nullopt;
  Recognised recognised{form.scheme, form.verify, {}, std::move(*bytes)};
  recognised.text = View(recognised.decoded);
  return recognised;
}

const BareForm* FindBare(std::optional<PasswordScheme> scheme) {
  if (!scheme) return nullptr;
  const auto* form = std::ranges::find(kBareForms, *scheme, &BareForm::scheme);
  return form == std::end(kBareForms) ? nullptr : form;
}

std::optional<Recognised> RecogniseBare(std::string_view text, const BareForm& form) {
  switch (form.text) {
    case BareText::kHexOrBase64:
      if (text.size() == std::size_t{2} * form.digest_size) return Decoded(form, DecodeHex(text));
      [[fallthrough]];
    case BareText::kBase64:
      return Decoded(form, DecodeBase64(text, Base64::kPadded));
    case BareText::kAsIs:
      return Recognised{form.scheme, form.verify, text, {}};
  }
  return std::nullopt;
}

// What stands behind {NAME}, or what it was decoded to.
std::optional<Recognised> RecogniseNamed(std::string_view text, const BracedName& row) {
  if (text.empty()) return std::nullopt;
  if (row.marked != PasswordSchemeSet{} && FindMarked(text) != nullptr) {
    return RecogniseMarked(text, row.marked);
  }
  const BareForm* bare = FindBare(row.bare);
  return bare == nullptr ? std::nullopt : RecogniseBare(text, *bare);
}

// {NAME.HEX} and {NAME.B64}: a digest, or a text, in that encoding.
std::optional<Recognised> RecogniseEncoded(std::optional<SecretText> bytes, const BracedName& row) {
  if (!bytes || bytes->empty()) return std::nullopt;
  const BareForm* bare = FindBare(row.bare);
  if (bare != nullptr && bare->text != BareText::kAsIs) return Decoded(*bare, std::move(bytes));
  auto recognised = RecogniseNamed(View(*bytes), row);
  if (recognised) recognised->decoded = std::move(*bytes);  // its text stays where it is
  return recognised;
}

std::optional<Recognised> RecogniseBraced(std::string_view stored) {
  Fields fields(stored);
  fields.Skip("{");
  const auto label = fields.Until('}');
  if (!label) return std::nullopt;
  const std::size_t dot = label->find('.');
  const std::string_view name = label->substr(0, dot);
  const auto* row = std::ranges::find_if(
      kBracedNames, [name](const BracedName& known) { return SameIgnoringCase(known.name, name); });
  if (row == std::end(kBracedNames)) return std::nullopt;
  if (dot == std::string_view::npos) return RecogniseNamed(fields.rest(), *row);
  const std::string_view suffix = label->substr(dot + 1);
  if (SameIgnoringCase(suffix, "HEX")) return RecogniseEncoded(DecodeHex(fields.rest()), *row);
  if (SameIgnoringCase(suffix, "B64") || SameIgnoringCase(suffix, "BASE64")) {
    return RecogniseEncoded(DecodeBase64(fields.rest(), Base64::kPadded), *row);
  }
  return std::nullopt;
}

}  // namespace

bool IsMysqlNative(std::string_view stored) {
  return stored.size() == 41 && stored.starts_with('*') && IsHex(stored.substr(1));
}

std::optional<Recognised> Recognise(std::string_view stored, PasswordSchemeSet expected,
                                    std::optional<PasswordScheme> bare) {
  if (FindMarked(stored) != nullptr) return RecogniseMarked(stored, expected);
  if (stored.starts_with('{')) {
    auto braced = RecogniseBraced(stored);
    if (braced && !expected.Contains(braced->scheme)) return std::nullopt;
    return braced;
  }
  // A form of hash that is not in the tables must not become a plain text: whoever read it could
  // log in with it.
  if (stored.starts_with('$')) return std::nullopt;
  const BareForm* form = FindBare(bare);
  return form == nullptr ? std::nullopt : RecogniseBare(stored, *form);
}

}  // namespace sqlmap
