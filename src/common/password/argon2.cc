#include <argon2.h>

#include <new>
#include <stdexcept>
#include <string>

#include "common/password/cost_limits.h"
#include "common/password/encoding.h"
#include "common/password/fields.h"
#include "common/password/makers.h"
#include "common/password/verifiers.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

struct Argon2Cost {
  std::uint32_t memory_kib;
  std::uint32_t passes;
  std::uint32_t lanes;
};

// `length` bytes; none if libargon2 does not take the arguments.
SecretText Argon2(argon2_type type, std::uint32_t version, const Argon2Cost& cost,
                  std::string_view password, std::string_view salt, std::size_t length) {
  SecretText computed(length);
  SecretText phrase(password.begin(), password.end());
  SecretText salt_bytes(salt.begin(), salt.end());
  argon2_context context{};
  context.out = reinterpret_cast<std::uint8_t*>(computed.data());
  context.outlen = static_cast<std::uint32_t>(computed.size());
  context.pwd = reinterpret_cast<std::uint8_t*>(phrase.data());
  context.pwdlen = static_cast<std::uint32_t>(phrase.size());
  context.salt = reinterpret_cast<std::uint8_t*>(salt_bytes.data());
  context.saltlen = static_cast<std::uint32_t>(salt_bytes.size());
  context.t_cost = cost.passes;
  context.m_cost = cost.memory_kib;
  context.lanes = cost.lanes;
  context.threads = 1;  // the process is somebody else's: no threads of ours in it
  context.version = version;
  context.flags = ARGON2_DEFAULT_FLAGS;
  switch (argon2_ctx(&context, type)) {
    case ARGON2_OK:
      return computed;
    case ARGON2_MEMORY_ALLOCATION_ERROR:
      throw std::bad_alloc();
    default:
      return {};
  }
}

// "m=" or ",t=" and its number.
std::optional<std::uint32_t> Parameter(Fields& fields, std::string_view name) {
  return fields.Skip(name) ? fields.Number() : std::nullopt;
}

PasswordOutcome VerifyArgon2(argon2_type type, std::string_view prefix, std::string_view password,
                             std::string_view stored, Work& work) {
  Fields fields(stored.substr(prefix.size()));
  std::uint32_t version = ARGON2_VERSION_10;  // the first version of the string did not name it
  if (fields.Skip("v=")) {
    const auto number = fields.Number();
    if (!number || !fields.Skip("$")) return kUnknownScheme;
    if (*number != ARGON2_VERSION_10 && *number != ARGON2_VERSION_13) return kUnknownScheme;
    version = *number;
  }
  const auto memory = Parameter(fields, "m=");
  const auto passes = Parameter(fields, ",t=");
  const auto lanes = Parameter(fields, ",p=");
  if (!memory || !passes || !lanes || !fields.Skip("$")) return kUnknownScheme;
  const auto salt_text = fields.Until('$');
  if (!salt_text) return kUnknownScheme;
  const auto salt = DecodeBase64(*salt_text, Base64::kUnpadded);
  const auto hash = DecodeBase64(fields.rest(), Base64::kUnpadded);
  // 16 bytes of hash: anything shorter is more likely damaged than meant.
  if (!salt || salt->size() < ARGON2_MIN_SALT_LENGTH || !hash || hash->size() < 16 ||
      hash->size() > 128) {
    return kUnknownScheme;
  }
  if (*lanes < 1 || *passes < 1 || *memory / ARGON2_SYNC_POINTS / 2 < *lanes) return kUnknownScheme;
  if (*lanes > kCostLimits.argon2_lanes || *memory > kCostLimits.argon2_kib ||
      !work.Take(std::uint64_t{*memory} * *passes, kCostLimits.argon2_kib_passes)) {
    return kTooCostly;
  }

  const SecretText computed =
      Argon2(type, version, {*memory, *passes, *lanes}, password, View(*salt), hash->size());
  return computed.empty() ? kUnknownScheme : Compare(View(computed), View(*hash));
}

}  // namespace

PasswordOutcome VerifyArgon2id(std::string_view password, std::string_view stored, Work& work) {
  return VerifyArgon2(Argon2_id, "$argon2id$", password, stored, work);
}

PasswordOutcome VerifyArgon2i(std::string_view password, std::string_view stored, Work& work) {
  return VerifyArgon2(Argon2_i, "$argon2i$", password, stored, work);
}

PasswordOutcome VerifyArgon2d(std::string_view password, std::string_view stored, Work& work) {
  return VerifyArgon2(Argon2_d, "$argon2d$", password, stored, work);
}

SecretText MakeArgon2id(std::string_view password, std::uint32_t cost, std::string_view salt) {
  constexpr std::uint32_t kMemoryKib = 64 << 10;
  constexpr std::size_t kLength = 32;
  const SecretText hash =
      Argon2(Argon2_id, ARGON2_VERSION_13, {kMemoryKib, cost, 1}, password, salt, kLength);
  if (hash.empty()) throw std::runtime_error("libargon2 refused its arguments");
  SecretText text;
  Append(text,
         "$argon2id$v=19$m=" + std::to_string(kMemoryKib) + ",t=" + std::to_string(cost) + ",p=1$");
  Append(text, View(EncodeBase64(salt, Base64::kUnpadded)));
  Append(text, "$");
  Append(text, View(EncodeBase64(View(hash), Base64::kUnpadded)));
  return text;
}

}  // namespace sqlmap
