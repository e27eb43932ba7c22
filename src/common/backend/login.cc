#include "common/backend/login.h"

#include <time.h>

#include <span>

#include "common/account/line_writer.h"
#include "common/login/decide.h"

namespace sqlmap {
namespace {

// Days since 1970-01-01 UTC, as shadow(5) counts.
std::int64_t Today() { return time(nullptr) / 86'400; }

LoginAnswer NoAnswer(LoginVerdict verdict, Reason reason) {
  LoginAnswer answer;
  answer.verdict = verdict;
  LineWriter line(answer.reason);
  switch (reason) {
    case Reason::kNotAllowed:
      line.Text(
          "this process may not ask: it is not root, or secrets.toml has no good [privileged]");
      break;
    case Reason::kNotConfigured:
      line.Text("no query is configured for this");
      break;
    case Reason::kTimeout:
      line.Text("the database did not answer in time");
      break;
    case Reason::kServerError:
      line.Text("the database refused the query");
      break;
    case Reason::kNoMemory:
      line.Text("out of memory");
      break;
    case Reason::kUnreachable:
    case Reason::kNone:
      line.Text("no database server could be reached");
      break;
  }
  return answer;
}

LoginAnswer Unavailable(Reason reason) { return NoAnswer(LoginVerdict::kUnavailable, reason); }

// A question that the configuration leaves out is no failure: the other queries say what they know.
bool Failed(Answer answer) {
  return answer.unavailable() && answer.reason != Reason::kNotConfigured;
}

// One deadline for all questions of a call. The hashes come after it: their cost is bounded on its
// own.
Deadline CallDeadline() { return Deadline::In(QueryRunner::kCallBudgetMs); }

}  // namespace

Answer SqlLoginGate::IsKnown(std::string_view name, Deadline deadline, bool& known) noexcept {
  const Answer user = accounts_.FindUserByName(name, deadline, [](const UserRecord&) {});
  known = user.found();
  if (user.reason != Reason::kNotConfigured) return user;
  const Answer shadow = accounts_.FindShadow(name, deadline, [](const ShadowRecord&) {});
  known = shadow.found();
  return shadow;
}

void SqlLoginGate::Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept {
  const PasswordPolicy policy{settings_.auth.schemes, settings_.auth.plain_hash_scheme, false};
  const Deadline deadline = CallDeadline();
  // Asked for a name with passwords too, so that one without costs no more time.
  LoginFacts facts;
  if (const Answer known = IsKnown(request.name, deadline, facts.known); Failed(known)) {
    answer = Unavailable(known.reason);
    return;
  }
  bool decided = false;
  const Answer rows =
      accounts_.FindAuthRows(request, deadline, [&](std::span<const AuthRow> found) {
        facts.rows = found;
        answer = DecideAuthentication(request, facts, policy, settings_.auth.max_rows);
        decided = true;
      });
  if (decided) return;
  if (rows.unavailable()) {
    answer = Unavailable(rows.reason);
    return;
  }
  facts.rows = std::span<const AuthRow>();
  answer = DecideAuthentication(request, facts, policy, settings_.auth.max_rows);
}

void SqlLoginGate::CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept {
  answer = Unavailable(Reason::kUnreachable);
  const Deadline deadline = CallDeadline();
  // The shadow line first: its text lives only inside its callback, where no other question may be
  // asked, but its numbers are all that ageing needs.
  LoginFacts facts;
  const Answer shadow =
      accounts_.FindShadow(request.name, deadline, [&](const ShadowRecord& record) {
        facts.shadow = record;
        facts.shadow->name = {};
        facts.shadow->hash = {};
      });
  if (Failed(shadow)) {
    answer = Unavailable(shadow.reason);
    return;
  }
  bool decided = false;
  const Answer rows =
      accounts_.FindAuthRows(request, deadline, [&](std::span<const AuthRow> found) {
        facts.rows = found;
        answer = DecideAccount(request, facts, Today());
        decided = true;
      });
  if (decided) return;
  if (Failed(rows)) {
    // An account that is ours must not pass because one view cannot be read: who steps over
    // "unavailable" for the sake of other people's accounts stops here.
    answer = NoAnswer(shadow.found() ? LoginVerdict::kUndecided : LoginVerdict::kUnavailable,
                      rows.reason);
    return;
  }
  if (rows.absent()) facts.rows = std::span<const AuthRow>();
  facts.known = shadow.found();
  if (!facts.known) {
    if (const Answer known = IsKnown(request.name, deadline, facts.known); Failed(known)) {
      answer = Unavailable(known.reason);
      return;
    }
  }
  answer = DecideAccount(request, facts, Today());
}

}  // namespace sqlmap
