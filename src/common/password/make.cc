#include "common/password/make.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <iterator>

#include "common/password/makers.h"
#include "common/password/verifiers.h"
#include "common/password/verify.h"

namespace sqlmap {
namespace {

using enum PasswordScheme;

// What bcrypt reads: the rest would not be part of the password.
constexpr std::size_t kBcryptReads = 72;

struct NewForm {
  PasswordScheme scheme;
  Maker make;
  std::size_t salt_bytes;
  std::size_t max_password = kMaxPasswordBytes;
};

// Salts of 128 bits, where the form has not got fewer: crypt(3) takes 96 for $6$ and $5$, phpass
// has 48, MySQL 20 characters. libxcrypt wants more bytes than it needs.
constexpr NewForm kNewForms[] = {
    {kYescrypt, MakeYescrypt, 16, kMaxCryptPassword},
    {kGostYescrypt, MakeGostYescrypt, 16, kMaxCryptPassword},
    {kScrypt, MakeScrypt, 16, kMaxCryptPassword},
    {kBcrypt, MakeBcrypt, 16, kBcryptReads},
    {kSha512Crypt, MakeSha512Crypt, 16, kMaxCryptPassword},
    {kSha256Crypt, MakeSha256Crypt, 16, kMaxCryptPassword},
    {kArgon2id, MakeArgon2id, 16},
    {kDrupal7, MakeDrupal7, 6, kMaxPhpassPassword},
    {kPhpass, MakePhpass, 6, kMaxPhpassPassword},
    {kWordPress, MakeWordPress, 16},
    {kPbkdf2Sha512, MakePbkdf2Sha512, 16},
    {kPbkdf2Sha256, MakePbkdf2Sha256, 16},
    {kDjangoPbkdf2Sha256, MakeDjango, 16},
    {kSsha512, MakeSaltedDigest<HashFunction::kSha512>, 16},
    {kSsha256, MakeSaltedDigest<HashFunction::kSha256>, 16},
    {kSha512, MakeDigest<HashFunction::kSha512>, 0},
    {kSha256, MakeDigest<HashFunction::kSha256>, 0},
    {kSha1, MakeDigest<HashFunction::kSha1>, 0},
    {kMd5, MakeDigest<HashFunction::kMd5>, 0},
    {kMysqlNative, MakeMysqlNative, 0},
    {kCachingSha2, MakeCachingSha2, 15, kMaxCachingSha2Password},
    {kEd25519, MakeEd25519, 0},
};

constexpr const NewForm* FindForm(PasswordScheme scheme) {
  const auto* form = std::ranges::find(kNewForms, scheme, &NewForm::scheme);
  return form == std::end(kNewForms) ? nullptr : form;
}

static_assert(std::ranges::all_of(kPasswordSchemes, [](const PasswordSchemeName& row) {
  return row.new_hashes.made == (FindForm(row.scheme) != nullptr);
}));

std::expected<SecretText, MakeError> Make(const NewForm& form, std::string_view password,
                                          std::uint32_t cost, RandomBytes random) {
  SecretText salt(form.salt_bytes);
  if (!salt.empty() && !random(salt)) return std::unexpected(MakeError::kNoRandomness);
  SecretText text = form.make(password, cost, View(salt));
  PasswordPolicy policy{.schemes = {}, .plain_hash_scheme = form.scheme};
  policy.schemes.Add(form.scheme);
  switch (VerifyPassword(password, View(text), policy).outcome) {
    case PasswordOutcome::kMatch:
      return text;
    case PasswordOutcome::kEmptyNotAllowed:
      return std::unexpected(MakeError::kEmptyPassword);
    default:
      return std::unexpected(MakeError::kNotVerified);
  }
}

}  // namespace

bool SystemRandomBytes(std::span<char> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t got = getrandom(bytes.data(), bytes.size(), 0);
    if (got > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::expected<SecretText, MakeError> MakePasswordHash(std::string_view password,
                                                      PasswordScheme scheme, std::uint32_t cost,
                                                      RandomBytes random) noexcept {
  using enum MakeError;
  const NewForm* form = FindForm(scheme);
  if (form == nullptr) return std::unexpected(kNotMade);
  const NewHashes& range = NewHashesOf(scheme);
  if (cost == 0) cost = range.usual;
  if (cost < range.least || cost > range.most) return std::unexpected(kCostOutOfRange);
  if (password.empty()) return std::unexpected(kEmptyPassword);
  if (password.size() > form->max_password) return std::unexpected(kPasswordTooLong);
  if (password.contains('\0')) return std::unexpected(kNulInPassword);
  try {
    return Make(*form, password, cost, random);
  } catch (const std::exception&) {
    return std::unexpected(kNotComputed);
  }
}

void Explain(MakeError error, PasswordScheme scheme, LineWriter& line) {
  const std::string_view name = NameOf(scheme);
  const NewHashes& range = NewHashesOf(scheme);
  switch (error) {
    case MakeError::kNotMade:
      line.Text("passwords are not stored in ").Text(name).Text(": choose another password.scheme");
      break;
    case MakeError::kCostOutOfRange:
      line.Text("password.cost is out of range; allowed for ").Text(name).Text(": 0");
      if (range.most == 0) break;
      line.Text(", or ").Number(range.least).Text(" to ").Number(range.most);
      line.Text(" (").Text(range.unit).Text(")");
      break;
    case MakeError::kEmptyPassword:
      line.Text("the new password is empty");
      break;
    case MakeError::kPasswordTooLong:
      line.Text("the new password is too long");
      if (const NewForm* form = FindForm(scheme); form != nullptr) {
        line.Text(": ").Text(name).Text(" takes ");
        line.Number(static_cast<std::int64_t>(form->max_password)).Text(" bytes at most");
      }
      break;
    case MakeError::kNulInPassword:
      line.Text("the new password has a NUL byte in it");
      break;
    case MakeError::kNoRandomness:
      line.Text("no salt: getrandom() failed");
      break;
    case MakeError::kNotComputed:
      line.Text("the new hash (").Text(name);
      line.Text(") could not be computed: out of memory, or its library does not have it");
      break;
    case MakeError::kNotVerified:
      line.Text("the new hash (").Text(name).Text(") did not verify, and was thrown away");
      break;
  }
}

}  // namespace sqlmap
