#include "common/password/verify.h"

#include <algorithm>
#include <exception>

#include "common/password/cost_limits.h"
#include "common/password/fields.h"
#include "common/password/recognise.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

// Rows that are there in order that nobody logs in: locked by passwd -l or usermod -L, never set,
// or set to a word.
bool IsNoPassword(std::string_view stored) {
  if (stored.empty() || stored == "x" || stored == "invalid" || stored.starts_with('!'))
    return true;
  return stored.starts_with('*') && !IsMysqlNative(stored);
}

// The row's `scheme` column: our names, and those of the servers' own authentication plugins.
std::optional<PasswordScheme> NamedScheme(std::string_view name) {
  struct Plugin {
    std::string_view name;
    PasswordScheme scheme;
  };
  static constexpr Plugin kPlugins[] = {
      {"mysql_native_password", PasswordScheme::kMysqlNative},
      {"mysql_old_password", PasswordScheme::kMysqlOld},
      {"caching_sha2_password", PasswordScheme::kCachingSha2},
  };
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (SameIgnoringCase(row.name, name)) return row.scheme;
  }
  for (const Plugin& plugin : kPlugins) {
    if (SameIgnoringCase(plugin.name, name)) return plugin.scheme;
  }
  return std::nullopt;
}

std::optional<Recognised> RecogniseRow(std::string_view stored, std::string_view scheme_column,
                                       const PasswordPolicy& policy) {
  if (stored.size() > kMaxStoredBytes) return std::nullopt;
  if (scheme_column.empty()) {
    return Recognise(stored, PasswordSchemeSet::All(), policy.plain_hash_scheme);
  }
  const auto named = NamedScheme(scheme_column);
  if (!named) return std::nullopt;
  PasswordSchemeSet expected;
  expected.Add(*named);
  return Recognise(stored, expected, named);
}

// Whether the scheme makes of this password what it makes of the empty one. Without this, a space
// would open an account whose hash is of the empty password even where empty passwords are
// forbidden.
bool CountsAsEmpty(std::string_view password, PasswordScheme scheme) {
  switch (scheme) {
    case PasswordScheme::kWordPress:  // trims
      return password.find_first_not_of(" \t\n\r\v") == std::string_view::npos;
    case PasswordScheme::kMysqlOld:  // skips
      return password.find_first_not_of(" \t") == std::string_view::npos;
    case PasswordScheme::kDes:  // takes seven bits of each of eight characters
    case PasswordScheme::kBsdiDes:
      return std::ranges::all_of(password.substr(0, 8), [](char c) { return (c & 0x7f) == 0; });
    default:
      return password.empty();
  }
}

bool IsWeak(PasswordScheme scheme) {
  return kPasswordSchemes[static_cast<std::size_t>(scheme)].strength == SchemeStrength::kWeak;
}

PasswordCheck Verify(std::string_view password, std::optional<std::string_view> stored,
                     const PasswordPolicy& policy, std::string_view scheme_column, Work& work) {
  if (!stored || IsNoPassword(*stored)) return {kNoPassword, {}};
  const auto recognised = RecogniseRow(*stored, scheme_column, policy);
  if (!recognised) return {kUnknownScheme, {}};
  const PasswordScheme scheme = recognised->scheme;
  if (!policy.schemes.Contains(scheme)) return {kSchemeNotAllowed, scheme};
  if (password.size() > kMaxPasswordBytes) return {kPasswordTooLong, scheme};
  if (!policy.allow_empty_password && CountsAsEmpty(password, scheme)) {
    return {kEmptyNotAllowed, scheme};
  }
  // No login program can pass on a NUL, and crypt(3) would stop there: "secret\0anything" must not
  // be "secret".
  const bool nul = password.contains('\0');
  const PasswordOutcome outcome = nul ? kMismatch : recognised->Verify(password, work);
  // A weak scheme answers in microseconds, which would tell its users from those who do not exist.
  if (outcome == kMismatch && (nul || IsWeak(scheme))) SpendVerification(password);
  return {outcome, scheme};
}

}  // namespace

PasswordCheck VerifyPassword(std::string_view password, std::optional<std::string_view> stored,
                             const PasswordPolicy& policy, std::string_view scheme_column,
                             Work& work) noexcept {
  try {
    return Verify(password, stored, policy, scheme_column, work);
  } catch (const std::exception&) {
    return {kUnknownScheme, {}};
  }
}

void SpendVerification(std::string_view password) noexcept {
  // Of the form that it is compared with, so that all of the way is gone; of no password.
  constexpr std::string_view kNobody =
      "$6$sqlmapsqlmapsqlm$"
      "......................................................................................";
  try {
    Work work;
    VerifySha512Crypt(password.substr(0, std::min<std::size_t>(password.find('\0'), 511)), kNobody,
                      work);
  } catch (const std::exception&) {
    return;  // no memory: nobody else is verified now either
  }
}

}  // namespace sqlmap
