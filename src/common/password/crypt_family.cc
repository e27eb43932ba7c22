// crypt(3): what libxcrypt computes. It believes any work factor and reads only the setting at the
// front of what it is given, so form and cost are checked here and the whole result is compared.
// New hashes get their setting from crypt_gensalt(3).
#include <crypt.h>

#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>

#include "common/password/cost_limits.h"
#include "common/password/encoding.h"
#include "common/password/fields.h"
#include "common/password/makers.h"
#include "common/password/verifiers.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

struct FreeCryptData {
  void operator()(crypt_data* data) const {
    OPENSSL_cleanse(data, sizeof *data);
    std::free(data);
  }
};

static_assert(kMaxCryptPassword < CRYPT_MAX_PASSPHRASE_SIZE);

// The whole hash; empty if libxcrypt does not know the setting, which a whole hash can be too.
SecretText Crypt(std::string_view password, std::string_view setting) {
  SecretText phrase(password.begin(), password.end());
  phrase.push_back('\0');
  SecretText setting_text(setting.begin(), setting.end());
  setting_text.push_back('\0');
  // 32 KiB: too much for the stack of whoever loaded a PAM module.
  const std::unique_ptr<crypt_data, FreeCryptData> data(
      static_cast<crypt_data*>(std::calloc(1, sizeof(crypt_data))));
  if (!data) throw std::bad_alloc();
  const char* computed =
      crypt_rn(phrase.data(), setting_text.data(), data.get(), sizeof(crypt_data));
  SecretText hash;
  if (computed != nullptr) Append(hash, computed);
  return hash;
}

PasswordOutcome CompareWithCrypt(std::string_view password, std::string_view stored) {
  if (password.size() > kMaxCryptPassword) return kPasswordTooLong;
  const SecretText computed = Crypt(password, stored);
  return computed.empty() ? kUnknownScheme : Compare(View(computed), stored);
}

SecretText MakeCrypt(const char* prefix, std::string_view password, std::uint32_t cost,
                     std::string_view salt) {
  SecretText setting(CRYPT_GENSALT_OUTPUT_SIZE);
  if (crypt_gensalt_rn(prefix, cost, salt.data(), static_cast<int>(salt.size()), setting.data(),
                       static_cast<int>(setting.size())) == nullptr) {
    throw std::runtime_error("crypt_gensalt_rn() refused its arguments");
  }
  SecretText hash = Crypt(password, setting.data());
  if (hash.empty()) throw std::runtime_error("crypt_rn() could not compute a hash");
  return hash;
}

// Whether exactly `length` characters of hash follow the last '$'.
bool HasHash(std::string_view stored, std::size_t length) {
  const std::size_t dollar = stored.rfind('$');
  return dollar != std::string_view::npos && stored.size() - dollar - 1 == length &&
         IsItoa64(stored.substr(dollar + 1));
}

PasswordOutcome VerifyShaCrypt(std::string_view password, std::string_view stored,
                               std::size_t hash_length, Work& work) {
  Fields fields(stored.substr(3));
  if (!HasHash(stored, hash_length)) return kUnknownScheme;
  std::optional<std::uint32_t> rounds = 5000;
  if (fields.Skip("rounds=")) {
    rounds = fields.Number();
    if (!rounds || !fields.Skip("$") || *rounds < 1000) return kUnknownScheme;
  }
  if (!work.Take(*rounds, kCostLimits.sha_crypt_rounds, ShaCryptTimes(password.size())))
    return kTooCostly;
  return CompareWithCrypt(password, stored);
}

// yescrypt's numbers take as many characters as they need: the first one tells how many follow.
std::optional<std::uint32_t> YescryptNumber(Fields& fields, std::uint32_t minimum) {
  const auto first = fields.Take(1);
  if (!first) return std::nullopt;
  const std::uint32_t head = Itoa64Value(first->front());
  if (head > 63) return std::nullopt;
  std::uint32_t start = 0;
  std::uint32_t end = 47;
  unsigned more = 0;
  std::uint32_t value = minimum;
  while (head > end) {
    value += (end + 1 - start) << (6 * more);
    start = end + 1;
    end = start + (62 - end) / 2;
    ++more;
  }
  value += (head - start) << (6 * more);
  const auto rest = fields.Take(more);
  if (!rest || !IsItoa64(*rest)) return std::nullopt;
  std::uint32_t low = 0;
  for (const char c : *rest) low = low << 6 | Itoa64Value(c);
  return value + low;
}

// scrypt's r and p: five characters, lowest first.
std::optional<std::uint32_t> ScryptNumber(Fields& fields) {
  const auto digits = fields.Take(5);
  if (!digits || !IsItoa64(*digits)) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < digits->size(); ++i) value |= Itoa64Value((*digits)[i]) << (6 * i);
  return value;
}

PasswordOutcome VerifyScryptCost(std::string_view password, std::string_view stored,
                                 std::uint32_t n_log2, std::uint32_t r, std::uint32_t p,
                                 std::uint32_t t, Work& work) {
  if (n_log2 < 1 || n_log2 > 63 || r == 0 || p == 0) return kUnknownScheme;
  // 128 * N * r * p * (t + 1) <= limit, divided so that nothing overflows.
  const std::uint64_t blocks = (kCostLimits.scrypt_bytes / 128 >> n_log2) / r / p;
  if (blocks / (std::uint64_t{t} + 1) == 0) return kTooCostly;
  const std::uint64_t bytes = (std::uint64_t{128} << n_log2) * r * p * (std::uint64_t{t} + 1);
  if (!work.Take(bytes, kCostLimits.scrypt_bytes)) return kTooCostly;
  return CompareWithCrypt(password, stored);
}

PasswordOutcome VerifyYescryptAfter(std::string_view prefix, std::string_view password,
                                    std::string_view stored, Work& work) {
  Fields fields(stored.substr(prefix.size()));
  if (!HasHash(stored, 43)) return kUnknownScheme;
  const auto flavor = YescryptNumber(fields, 0);
  const auto n_log2 = YescryptNumber(fields, 1);
  const auto r = YescryptNumber(fields, 1);
  if (!flavor || !n_log2 || !r) return kUnknownScheme;
  std::optional<std::uint32_t> p = 1;
  std::optional<std::uint32_t> t = 0;
  if (!fields.rest().starts_with('$')) {
    const auto have = YescryptNumber(fields, 1);
    // Bits 2 and 3, hash upgrades and a ROM, exist in no password file: libxcrypt has neither.
    if (!have || *have > 3) return kUnknownScheme;
    if ((*have & 1) != 0) p = YescryptNumber(fields, 2);
    if ((*have & 2) != 0) t = YescryptNumber(fields, 1);
  }
  if (!p || !t || !fields.Skip("$")) return kUnknownScheme;
  return VerifyScryptCost(password, stored, *n_log2, *r, *p, *t, work);
}

}  // namespace

PasswordOutcome VerifyYescrypt(std::string_view password, std::string_view stored, Work& work) {
  return VerifyYescryptAfter("$y$", password, stored, work);
}

PasswordOutcome VerifyGostYescrypt(std::string_view password, std::string_view stored, Work& work) {
  return VerifyYescryptAfter("$gy$", password, stored, work);
}

PasswordOutcome VerifyScrypt(std::string_view password, std::string_view stored, Work& work) {
  Fields fields(stored.substr(3));
  if (!HasHash(stored, 43)) return kUnknownScheme;
  const auto n_log2 = fields.Take(1);
  const auto r = ScryptNumber(fields);
  const auto p = ScryptNumber(fields);
  if (!n_log2 || !r || !p) return kUnknownScheme;
  return VerifyScryptCost(password, stored, Itoa64Value(n_log2->front()), *r, *p, 0, work);
}

PasswordOutcome VerifyBcrypt(std::string_view password, std::string_view stored, Work& work) {
  if (stored.size() != 60 || !HasHash(stored, 53)) return kUnknownScheme;
  Fields fields(stored.substr(4));
  fields.Skip("0");  // always two digits
  const auto cost = fields.Number();
  if (!cost || *cost < 4 || *cost > 31 || fields.rest().size() != 54) return kUnknownScheme;
  if (!work.Take(std::uint64_t{1} << *cost, std::uint64_t{1} << kCostLimits.bcrypt_log2))
    return kTooCostly;
  return CompareWithCrypt(password, stored);
}

PasswordOutcome VerifySha512Crypt(std::string_view password, std::string_view stored, Work& work) {
  return VerifyShaCrypt(password, stored, 86, work);
}

PasswordOutcome VerifySha256Crypt(std::string_view password, std::string_view stored, Work& work) {
  return VerifyShaCrypt(password, stored, 43, work);
}

PasswordOutcome VerifySha1Crypt(std::string_view password, std::string_view stored, Work& work) {
  Fields fields(stored);
  fields.Skip("$sha1$");
  const auto rounds = fields.Number();
  if (!rounds || *rounds < 1 || !fields.Skip("$") || !HasHash(stored, 28)) return kUnknownScheme;
  if (!work.Take(*rounds, kCostLimits.sha1_crypt_rounds)) return kTooCostly;
  return CompareWithCrypt(password, stored);
}

PasswordOutcome VerifySunMd5(std::string_view password, std::string_view stored, Work& work) {
  Fields fields(stored.substr(5));  // "$md5$" or "$md5,": libxcrypt takes rounds after either
  if (!HasHash(stored, 22)) return kUnknownScheme;
  std::optional<std::uint32_t> rounds = 0;  // beyond the 4096 that each has
  if (fields.Skip("rounds=")) {
    rounds = fields.Number();
    if (!rounds || *rounds < 1 || !fields.Skip("$")) return kUnknownScheme;
  }
  constexpr std::uint32_t kBase = 4096;
  const std::uint64_t all = std::uint64_t{*rounds} + kBase;
  if (!work.Take(all, std::uint64_t{kCostLimits.sun_md5_rounds} + kBase)) return kTooCostly;
  return CompareWithCrypt(password, stored);
}

PasswordOutcome VerifyMd5Crypt(std::string_view password, std::string_view stored, Work&) {
  return HasHash(stored, 22) ? CompareWithCrypt(password, stored) : kUnknownScheme;
}

PasswordOutcome VerifyBsdiDes(std::string_view password, std::string_view stored, Work& work) {
  if (stored.size() != 20 || !IsItoa64(stored.substr(1))) return kUnknownScheme;
  std::uint32_t rounds = 0;
  for (std::size_t i = 0; i < 4; ++i) rounds |= Itoa64Value(stored[1 + i]) << (6 * i);
  if (!work.Take(rounds, kCostLimits.bsdi_rounds)) return kTooCostly;
  return CompareWithCrypt(password, stored);
}

PasswordOutcome VerifyDes(std::string_view password, std::string_view stored, Work&) {
  if (stored.size() != 13 || !IsItoa64(stored)) return kUnknownScheme;
  return CompareWithCrypt(password, stored);
}

PasswordOutcome VerifyNt(std::string_view password, std::string_view stored, Work& work) {
  const auto bytes = DecodeHex(stored.substr(4));
  return bytes ? VerifyNtBytes(password, View(*bytes), work) : kUnknownScheme;
}

PasswordOutcome VerifyNtBytes(std::string_view password, std::string_view stored, Work&) {
  if (stored.size() != 16) return kUnknownScheme;
  SecretText setting;
  Append(setting, "$3$$");
  Append(setting, View(EncodeHex(stored)));
  return CompareWithCrypt(password, View(setting));
}

SecretText MakeYescrypt(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakeCrypt("$y$", password, cost, salt);
}

SecretText MakeGostYescrypt(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakeCrypt("$gy$", password, cost, salt);
}

SecretText MakeScrypt(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakeCrypt("$7$", password, cost, salt);
}

// $2y$ and not $2b$, which is the same: PHP's password_get_info() knows no other.
SecretText MakeBcrypt(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakeCrypt("$2y$", password, cost, salt);
}

SecretText MakeSha512Crypt(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakeCrypt("$6$", password, cost, salt);
}

SecretText MakeSha256Crypt(std::string_view password, std::uint32_t cost, std::string_view salt) {
  return MakeCrypt("$5$", password, cost, salt);
}

}  // namespace sqlmap
