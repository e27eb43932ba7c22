// Who may log in: from the rows that the database gave to one verdict with its reason. Pure: no
// I/O, no clock, no memory of earlier attempts; the only cost is that of the hashes. Thread safe.
#ifndef SQLMAP_COMMON_LOGIN_DECIDE_H_
#define SQLMAP_COMMON_LOGIN_DECIDE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/account/auth_row.h"
#include "common/account/login_gate.h"
#include "common/account/record.h"
#include "common/password/verify.h"

namespace sqlmap {

// What the database said about one account. Only a caller to whom it did say something may ask for
// a decision.
struct LoginFacts {
  // The rows of the `auth` query; nullopt: that query is not configured.
  std::optional<std::span<const AuthRow>> rows = std::nullopt;
  // The account's shadow(5) line; nullopt: it has none, or that query is not configured.
  // DecideAccount only.
  std::optional<ShadowRecord> shadow = std::nullopt;
  // What JudgeAccess said; nullopt: there are no rules. DecideAccount only.
  std::optional<LoginAnswer> access = std::nullopt;
  // Whether another query (getspnam or getpwnam) knows the name. A row or a shadow line makes it
  // known by itself.
  bool known = false;
};

// Is the password right, and may it be used? Any row may open the account.
//
//   kAccepted           the password fits a row that is enabled and serves this PAM service
//   kServiceNotAllowed  it fits an enabled row, but none that serves this service
//   kBlocked            it fits rows that are switched off only; or the account is known, but has
//                       no row, like that of a disabled site
//   kWrongPassword      it fits none of the rows that were tried
//   kUnknownUser        no row, and not known
//   kUnavailable        the `auth` query is not configured
//
// Rows that are switched off or serve other services are verified like all others: neither time nor
// outcome of a wrong password tells that they are. Of all rows the first `max_rows` are tried, and
// no more than kMostRowsTried. They share one Work, and those that cost least go first: a costly
// row can take nothing from the others, and is the one that is refused if there is too little. The
// reason says how many were. Of several rows that open the account it names the cheapest, which is
// the only one that was computed; of others the first. Whatever happens, the time of at least one
// verification is spent.
//
// An empty password needs request.allow_empty_password, which replaces policy.allow_empty_password.
inline constexpr std::size_t kMostRowsTried = 256;  // the most that auth.max_rows may be
// What each row came to; nullopt: it was not tried, see above.
using RowChecks = std::array<std::optional<PasswordCheck>, kMostRowsTried>;
// `fit`, if it is not null, becomes the row whose password it is, null if there is none. `checks`,
// likewise, becomes what the rows came to, in their order.
LoginAnswer DecideAuthentication(const LoginRequest& request, const LoginFacts& facts,
                                 const PasswordPolicy& policy, std::size_t max_rows,
                                 const AuthRow** fit = nullptr,
                                 RowChecks* checks = nullptr) noexcept;
// Whether a row is for this PAM service.
bool Serves(const AuthRow& row, std::string_view service) noexcept;

// May the account be used on `today` (days since 1970-01-01 UTC), whoever verified the person? In
// this order:
//
//   kUnknownUser        no row, no shadow line, and not known
//   kBlocked            the `auth` query is configured, and no row is enabled
//   kServiceNotAllowed  ... and no enabled row serves this service
//   kAccessDenied, kUndecided  facts.access says so: of its ageing the account then learns nothing
//   kAccountExpired, kPasswordMustChange, kPasswordExpired, kAccepted with days_left: see ageing.h
LoginAnswer DecideAccount(const LoginRequest& request, const LoginFacts& facts,
                          std::int64_t today) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_LOGIN_DECIDE_H_
