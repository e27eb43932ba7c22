#include "fake_verify.h"

#include "common/password/verify.h"

namespace sqlmap {

PasswordCheck VerifyPassword(std::string_view password, std::optional<std::string_view> stored,
                             const PasswordPolicy& policy, std::string_view, Work& work) noexcept {
  g_verify_log.verified.emplace_back(stored.value_or("NULL"));
  g_verify_log.empty_allowed.push_back(policy.allow_empty_password);
  if (!stored.has_value()) return {PasswordOutcome::kNoPassword, std::nullopt};
  if (password.empty() && !policy.allow_empty_password)
    return {PasswordOutcome::kEmptyNotAllowed, std::nullopt};
  std::string_view hash = *stored;
  if (hash.size() > 2 && hash[1] == '/') {
    if (!work.Take(static_cast<std::uint64_t>(hash[0] - '0'), 10))
      return {PasswordOutcome::kTooCostly, PasswordScheme::kBcrypt};
    hash.remove_prefix(2);
  }
  if (*stored == "weak") return {PasswordOutcome::kSchemeNotAllowed, PasswordScheme::kMd5};
  if (*stored == "costly") return {PasswordOutcome::kTooCostly, PasswordScheme::kBcrypt};
  if (!hash.starts_with("is:")) return {PasswordOutcome::kUnknownScheme, std::nullopt};
  ++g_verify_log.hashed;
  g_verify_log.computed.emplace_back(*stored);
  const bool match = hash.substr(3) == password;
  return {match ? PasswordOutcome::kMatch : PasswordOutcome::kMismatch, PasswordScheme::kDrupal7};
}

void SpendVerification(std::string_view) noexcept { ++g_verify_log.spent; }

}  // namespace sqlmap
