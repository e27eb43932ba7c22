#include "common/login/decide.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "common/account/line_writer.h"
#include "common/login/ageing.h"

namespace sqlmap {
namespace {

constexpr std::string_view kNoAuthQuery = "the auth query is not configured";
constexpr std::string_view kNoAccount = "no such account";
constexpr std::string_view kNoRow = "the account has no row in the auth query";
constexpr std::string_view kAllOff = "every row of the auth query is switched off";
constexpr std::string_view kOtherServices = "all rows of the auth query are for other services";
constexpr std::string_view kNoAgeing = "the account has no shadow line, so it does not age";

std::span<const AuthRow> RowsOf(const LoginFacts& facts) {
  return facts.rows.value_or(std::span<const AuthRow>());
}

bool IsKnown(const LoginFacts& facts) {
  return facts.known || facts.shadow.has_value() || !RowsOf(facts).empty();
}

// What a row whose password fits is worth.
LoginVerdict VerdictOfFit(const AuthRow& row, std::string_view service) {
  if (!row.enabled) return LoginVerdict::kBlocked;
  return Serves(row, service) ? LoginVerdict::kAccepted : LoginVerdict::kServiceNotAllowed;
}

// Of several rows that fit, the one of the highest rank decides.
int Rank(LoginVerdict verdict) {
  if (verdict == LoginVerdict::kAccepted) return 3;
  if (verdict == LoginVerdict::kServiceNotAllowed) return 2;
  if (verdict == LoginVerdict::kBlocked) return 1;
  return 0;
}

std::string_view Words(PasswordOutcome outcome) {
  switch (outcome) {
    case PasswordOutcome::kMatch:
      return "match";
    case PasswordOutcome::kMismatch:
      return "mismatch";
    case PasswordOutcome::kNoPassword:
      return "has no password";
    case PasswordOutcome::kUnknownScheme:
      return "hash not recognised";
    case PasswordOutcome::kSchemeNotAllowed:
      return "scheme not in auth.schemes";
    case PasswordOutcome::kTooCostly:
      return "too costly";
    case PasswordOutcome::kEmptyNotAllowed:
      return "empty password not allowed";
    case PasswordOutcome::kPasswordTooLong:
      return "password too long";
  }
  return "not understood";
}

// "alice match (drupal7)"; a row without an owner is called by its number.
void Describe(LineWriter& line, const AuthRow& row, std::size_t number,
              const PasswordCheck& check) {
  if (row.owner.empty()) {
    line.Text("row ").Number(static_cast<std::int64_t>(number));
  } else {
    line.Foreign(row.owner);
  }
  line.Text(" ").Text(Words(check.outcome));
  if (check.scheme.has_value()) line.Text(" (").Text(NameOf(*check.scheme)).Text(")");
}

// In front of everything, where it is not cut off. Of rows beyond the limit the caller may not have
// fetched all, so their number is not known.
void DescribeCount(LineWriter& line, std::size_t rows, std::size_t tried, std::size_t too_costly) {
  if (tried == rows && rows < 2) return;
  if (tried < rows) {
    line.Text("more than ").Number(static_cast<std::int64_t>(tried));
    line.Text(" rows: the rest was not tried (auth.max_rows)");
  } else {
    line.Number(static_cast<std::int64_t>(rows)).Text(" rows");
  }
  if (too_costly > 0) {
    line.Text(", ").Number(static_cast<std::int64_t>(too_costly)).Text(" too costly");
  }
  line.Text(": ");
}

// A row that asks for work, which is done after those that ask for less.
struct Waiting {
  std::uint32_t work;
  std::uint32_t row;

  friend auto operator<=>(const Waiting&, const Waiting&) = default;
};

// What each row came to: on the caller's stack, since a decision cannot fail for want of memory.
class Attempt {
 public:
  Attempt(const LoginRequest& request, std::span<const AuthRow> rows, const PasswordPolicy& policy)
      : request_(request), policy_(policy), rows_(rows) {
    std::size_t waiting = 0;
    for (std::size_t i = 0; i < rows_.size() && !accepted(); ++i) {
      Work none = Work::None();
      Try(i, none);
      tried_ = i + 1;
      if (checks_[i].outcome == PasswordOutcome::kTooCostly)
        waiting_[waiting++] = {none.refused(), static_cast<std::uint32_t>(i)};
    }
    std::sort(waiting_.data(), waiting_.data() + waiting);
    Work work;
    for (std::size_t i = 0; i < waiting && !accepted(); ++i) Try(waiting_[i].row, work);
  }

  LoginVerdict verdict() const { return verdict_; }
  const AuthRow* fit() const {
    return verdict_ == LoginVerdict::kWrongPassword ? nullptr : &rows_[fit_];
  }
  // Whether any hash was computed.
  bool hashed() const {
    return Count(PasswordOutcome::kMatch) + Count(PasswordOutcome::kMismatch) > 0;
  }
  // Those that were waiting when a row opened the account were not refused.
  std::size_t too_costly() const { return accepted() ? 0 : Count(PasswordOutcome::kTooCostly); }
  void Report(RowChecks& checks) const {
    for (std::size_t i = 0; i < tried_; ++i) {
      const bool waited = accepted() && checks_[i].outcome == PasswordOutcome::kTooCostly;
      if (!waited) checks[i] = checks_[i];
    }
  }
  // Whose password it was, or why it was nobody's.
  void DescribeRows(LineWriter& line) const {
    if (verdict_ != LoginVerdict::kWrongPassword) {
      Describe(line, rows_[fit_], fit_ + 1, checks_[fit_]);
      if (verdict_ == LoginVerdict::kBlocked) line.Text(", but that row is switched off");
      if (verdict_ == LoginVerdict::kServiceNotAllowed)
        line.Text(", but that row is for other services");
      return;
    }
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      if (i > 0) line.Text(", ");
      Describe(line, rows_[i], i + 1, checks_[i]);
    }
  }

 private:
  bool accepted() const { return verdict_ == LoginVerdict::kAccepted; }
  std::size_t Count(PasswordOutcome outcome) const {
    return static_cast<std::size_t>(
        std::count_if(checks_.data(), checks_.data() + rows_.size(),
                      [outcome](const PasswordCheck& check) { return check.outcome == outcome; }));
  }

  void Try(std::size_t i, Work& work) {
    const AuthRow& row = rows_[i];
    checks_[i] = VerifyPassword(request_.password, row.hash, policy_, row.scheme, work);
    if (checks_[i].outcome != PasswordOutcome::kMatch) return;
    const LoginVerdict fit = VerdictOfFit(row, request_.service);
    if (Rank(fit) < Rank(verdict_) || (fit == verdict_ && fit_ < i)) return;
    verdict_ = fit;
    fit_ = i;
  }

  const LoginRequest& request_;
  const PasswordPolicy& policy_;
  const std::span<const AuthRow> rows_;
  std::array<PasswordCheck, kMostRowsTried> checks_{};
  std::array<Waiting, kMostRowsTried> waiting_{};
  std::size_t tried_ = 0;  // rows that were looked at, from the first one
  LoginVerdict verdict_ = LoginVerdict::kWrongPassword;
  std::size_t fit_ = 0;  // unless it is kWrongPassword
};

LoginVerdict VerdictOf(AgeingOutcome outcome) {
  switch (outcome) {
    case AgeingOutcome::kGood:
      return LoginVerdict::kAccepted;
    case AgeingOutcome::kAccountExpired:
      return LoginVerdict::kAccountExpired;
    case AgeingOutcome::kPasswordExpired:
      return LoginVerdict::kPasswordExpired;
    case AgeingOutcome::kPasswordMustChange:
      return LoginVerdict::kPasswordMustChange;
  }
  return LoginVerdict::kUnavailable;
}

// In days, as the columns have them: "today is day 20000, lstchg is 19905, max is 90".
void DescribeAgeing(LineWriter& line, const Ageing& ageing, const ShadowRecord& shadow,
                    std::int64_t today) {
  line.Text("today is day ").Number(today);
  switch (ageing.outcome) {
    case AgeingOutcome::kGood:
      if (ageing.days_left >= 0) line.Text(", days left: ").Number(ageing.days_left);
      break;
    case AgeingOutcome::kAccountExpired:
      line.Text(", expire is ").Number(shadow.expire);
      break;
    case AgeingOutcome::kPasswordExpired:
    case AgeingOutcome::kPasswordMustChange:
      line.Text(", lstchg is ").Number(shadow.lstchg);
      line.Text(", max is ").Number(shadow.max);
      line.Text(", inact is ").Number(shadow.inact);
      break;
  }
}

LoginAnswer Decided(LoginVerdict verdict, std::string_view reason) {
  LoginAnswer answer;
  answer.verdict = verdict;
  LineWriter(answer.reason).Text(reason);
  return answer;
}

}  // namespace

// `services` is separated by commas or spaces; an empty list means all services.
bool Serves(const AuthRow& row, std::string_view service) noexcept {
  constexpr std::string_view kSeparators = ", \t";
  if (row.services.empty()) return true;
  std::size_t at = 0;
  while (at < row.services.size()) {
    const std::size_t end =
        std::min(row.services.find_first_of(kSeparators, at), row.services.size());
    if (end > at && row.services.substr(at, end - at) == service) return true;
    at = end + 1;
  }
  return false;
}

LoginAnswer DecideAuthentication(const LoginRequest& request, const LoginFacts& facts,
                                 const PasswordPolicy& policy, std::size_t max_rows,
                                 const AuthRow** fit, RowChecks* checks) noexcept {
  if (fit != nullptr) *fit = nullptr;
  if (checks != nullptr) checks->fill(std::nullopt);
  const std::span<const AuthRow> rows = RowsOf(facts);
  if (rows.empty()) {
    SpendVerification(request.password);
    if (!facts.rows.has_value()) return Decided(LoginVerdict::kUnavailable, kNoAuthQuery);
    if (!IsKnown(facts)) return Decided(LoginVerdict::kUnknownUser, kNoAccount);
    return Decided(LoginVerdict::kBlocked, kNoRow);
  }

  PasswordPolicy effective = policy;
  effective.allow_empty_password = request.allow_empty_password;
  const std::span<const AuthRow> tried =
      rows.first(std::min({max_rows, kMostRowsTried, rows.size()}));
  const Attempt attempt(request, tried, effective);
  // Rows that were refused unhashed, or a limit of none, must not answer faster than the rest.
  if (!attempt.hashed()) SpendVerification(request.password);

  if (fit != nullptr) *fit = attempt.fit();
  if (checks != nullptr) attempt.Report(*checks);
  LoginAnswer answer;
  answer.verdict = attempt.verdict();
  LineWriter reason(answer.reason);
  DescribeCount(reason, rows.size(), tried.size(), attempt.too_costly());
  attempt.DescribeRows(reason);
  return answer;
}

LoginAnswer DecideAccount(const LoginRequest& request, const LoginFacts& facts,
                          std::int64_t today) noexcept {
  if (!IsKnown(facts)) return Decided(LoginVerdict::kUnknownUser, kNoAccount);
  if (facts.rows.has_value()) {
    const std::span<const AuthRow> rows = *facts.rows;
    const auto is_on = [](const AuthRow& row) { return row.enabled; };
    const auto is_open = [&](const AuthRow& row) {
      return row.enabled && Serves(row, request.service);
    };
    if (rows.empty()) return Decided(LoginVerdict::kBlocked, kNoRow);
    if (std::ranges::none_of(rows, is_on)) return Decided(LoginVerdict::kBlocked, kAllOff);
    if (std::ranges::none_of(rows, is_open)) {
      return Decided(LoginVerdict::kServiceNotAllowed, kOtherServices);
    }
  }
  if (facts.access.has_value() && facts.access->verdict != LoginVerdict::kAccepted) {
    return *facts.access;
  }
  if (!facts.shadow.has_value()) return Decided(LoginVerdict::kAccepted, kNoAgeing);

  const Ageing ageing = AgeingOn(today, *facts.shadow);
  LoginAnswer answer;
  answer.verdict = VerdictOf(ageing.outcome);
  answer.days_left = ageing.days_left;
  LineWriter reason(answer.reason);
  DescribeAgeing(reason, ageing, *facts.shadow, today);
  return answer;
}

}  // namespace sqlmap
