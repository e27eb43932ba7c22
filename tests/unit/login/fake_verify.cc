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
  if (*stored == "half" && !work.Take(1, 2)) {
    return {PasswordOutcome::kTooCostly, PasswordScheme::kBcrypt};
  }
  if (*stored == "half") return {PasswordOutcome::kMismatch, PasswordScheme::kBcrypt};
  if (*stored == "weak") return {PasswordOutcome::kSchemeNotAllowed, PasswordScheme::kMd5};
  if (*stored == "costly") return {PasswordOutcome::kTooCostly, PasswordScheme::kBcrypt};
  if (!stored->starts_with("is:")) return {PasswordOutcome::kUnknownScheme, std::nullopt};
  ++g_verify_log.hashed;
  const bool match = stored->substr(3) == password;
  return {match ? PasswordOutcome::kMatch : PasswordOutcome::kMismatch, PasswordScheme::kDrupal7};
}

void SpendVerification(std::string_view) noexcept { ++g_verify_log.spent; }

}  // namespace sqlmap
