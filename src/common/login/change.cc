#include "common/login/change.h"

#include <algorithm>
#include <limits>

#include "common/account/line_writer.h"
#include "common/login/ageing.h"

namespace sqlmap {
namespace {

// Days until a change is allowed; 0 or less: it is.
std::int64_t DaysToWait(std::int64_t today, const ShadowRecord& shadow) {
  const bool counts = shadow.min > 0 && shadow.lstchg > 0 && shadow.lstchg <= today;
  return counts ? shadow.min - (today - shadow.lstchg) : 0;
}

LoginAnswer Refused(LoginVerdict verdict, std::string_view reason) {
  LoginAnswer answer;
  answer.verdict = verdict;
  LineWriter(answer.reason).Text(reason);
  return answer;
}

// nullopt: its age allows it.
std::optional<LoginAnswer> RefusedForItsAge(std::int64_t today, const ShadowRecord& shadow) {
  switch (AgeingOn(today, shadow).outcome) {
    case AgeingOutcome::kAccountExpired:
      return Refused(LoginVerdict::kAccountExpired, "the account has expired");
    case AgeingOutcome::kPasswordExpired:
      return Refused(LoginVerdict::kPasswordExpired, "the time to change it is over (inact)");
    case AgeingOutcome::kPasswordMustChange:
      return std::nullopt;
    case AgeingOutcome::kGood:
      break;
  }
  const std::int64_t left = DaysToWait(today, shadow);
  if (left <= 0) return std::nullopt;
  LoginAnswer answer;
  answer.verdict = LoginVerdict::kTooSoon;
  constexpr std::int64_t kMaxDays = std::numeric_limits<std::int32_t>::max();
  answer.days_left = static_cast<std::int32_t>(std::min(left, kMaxDays));
  LineWriter line(answer.reason);
  line.Text("today is day ").Number(today).Text(", lstchg is ").Number(shadow.lstchg);
  line.Text(", min is ").Number(shadow.min);
  return answer;
}

ChangeDecision DecideForRoot(const LoginFacts& facts) {
  const std::span<const AuthRow> rows = facts.rows.value_or(std::span<const AuthRow>());
  if (rows.empty() && !facts.known && !facts.shadow.has_value())
    return {Refused(LoginVerdict::kUnknownUser, "no such account")};
  ChangeDecision decision;
  decision.answer.verdict = LoginVerdict::kAccepted;
  LineWriter(decision.answer.reason).Text("by root");
  if (rows.size() == 1) decision.row = &rows[0];
  return decision;
}

}  // namespace

ChangeDecision DecideChange(const LoginRequest& request, const LoginFacts& facts,
                            const PasswordPolicy& policy, std::size_t max_rows,
                            std::int64_t today) noexcept {
  if (request.by_root) return DecideForRoot(facts);
  ChangeDecision decision;
  decision.answer = DecideAuthentication(request, facts, policy, max_rows, &decision.row);
  if (decision.answer.verdict == LoginVerdict::kServiceNotAllowed)
    decision.answer.verdict = LoginVerdict::kAccepted;
  if (decision.answer.verdict != LoginVerdict::kAccepted) return {decision.answer};
  if (!facts.shadow.has_value()) return decision;
  if (const auto refused = RefusedForItsAge(today, *facts.shadow)) return {*refused};
  return decision;
}

}  // namespace sqlmap
