// What the questions of a gate have in common: one deadline, the day, and words for an answer that
// there is none.
#ifndef SQLMAP_COMMON_BACKEND_CALL_H_
#define SQLMAP_COMMON_BACKEND_CALL_H_

#include <time.h>

#include <cstdint>

#include "common/account/line_writer.h"
#include "common/account/login_gate.h"
#include "common/backend/reason_words.h"
#include "common/process/monotonic.h"
#include "common/sql/query_runner.h"
#include "common/sql/sql_account_source.h"

namespace sqlmap {

// Days since 1970-01-01 UTC, as shadow(5) counts.
inline std::int64_t Today() { return time(nullptr) / 86'400; }

inline LoginAnswer NoAnswer(LoginVerdict verdict, Reason reason) {
  LoginAnswer answer;
  answer.verdict = verdict;
  LineWriter(answer.reason).Text(WordsFor(reason));
  return answer;
}

// A question that the configuration leaves out is no failure: the other queries say what they know.
inline bool Failed(Answer answer) {
  return answer.unavailable() && answer.reason != Reason::kNotConfigured;
}

// Clearly less than a client waits for an answer without a hash (kLookUpBudgetMs): what the gate
// says of a slow database must arrive there, or others would decide.
inline constexpr std::int64_t kPromptCallMs = 700;

// A call, from when it began. One deadline for all its questions. The hashes come after it: their
// cost is bounded on its own.
class Call {
 public:
  explicit Call(const SqlAccountSource& accounts,
                std::int64_t budget_ms = QueryRunner::kCallBudgetMs)
      : accounts_(accounts), deadline_(Deadline::In(budget_ms)) {}

  Deadline deadline() const { return deadline_; }

  LoginAnswer Unavailable(Reason reason) const {
    LoginAnswer answer = NoAnswer(LoginVerdict::kUnavailable, reason);
    const bool waited_in_vain = reason == Reason::kUnreachable || reason == Reason::kTimeout;
    answer.no_server = waited_in_vain && accounts_.LastWordMs() < began_ms_;
    return answer;
  }

 private:
  const SqlAccountSource& accounts_;
  const std::int64_t began_ms_ = MonotonicMs();
  const Deadline deadline_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_CALL_H_
