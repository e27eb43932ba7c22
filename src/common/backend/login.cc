#include "common/backend/login.h"

#include <span>

#include "common/backend/call.h"
#include "common/login/decide.h"

namespace sqlmap {
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
  const Call call(accounts_);
  const Deadline deadline = call.deadline();
  // Asked for a name with passwords too, so that one without costs no more time.
  LoginFacts facts;
  if (const Answer known = IsKnown(request.name, deadline, facts.known); Failed(known)) {
    answer = call.Unavailable(known.reason);
    return;
  }
  bool behind = false;
  const auto ask = [&](SqlAccountSource::Asked asked) {
    return accounts_.FindAuthRows(
        request, deadline,
        [&](std::span<const AuthRow> found) {
          behind = asked == SqlAccountSource::Asked::kServers &&
                   recent_.IsBehind(request.name, found, MonotonicMs());
          if (behind) return;
          facts.rows = found;
          answer = DecideAuthentication(request, facts, policy, settings_.auth.max_rows);
        },
        asked);
  };
  Answer rows = ask(SqlAccountSource::Asked::kServers);
  // The old password must not open the account any more.
  if (behind) rows = ask(SqlAccountSource::Asked::kWriters);
  if (rows.found()) return;
  if (rows.unavailable()) {
    answer = call.Unavailable(rows.reason);
    return;
  }
  facts.rows = std::span<const AuthRow>();
  answer = DecideAuthentication(request, facts, policy, settings_.auth.max_rows);
}

void SqlLoginGate::CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept {
  const Call call(accounts_, kPromptCallMs);
  answer = NoAnswer(LoginVerdict::kUnavailable, Reason::kUnreachable);
  const Deadline deadline = call.deadline();
  // The shadow line first: its text lives only inside its callback, where no other question may be
  // asked, but its numbers are all that ageing needs.
  LoginFacts facts;
  // What a replica does not know yet would ask for another change.
  const auto asked = recent_.Has(request.name, MonotonicMs()) ? SqlAccountSource::Asked::kWriters
                                                              : SqlAccountSource::Asked::kServers;
  const Answer shadow = accounts_.FindShadow(
      request.name, deadline,
      [&](const ShadowRecord& record) {
        facts.shadow = record;
        facts.shadow->name = {};
        facts.shadow->hash = {};
      },
      asked);
  if (Failed(shadow)) {
    answer = call.Unavailable(shadow.reason);
    return;
  }
  // Now rather than later, for the same reason.
  facts.access = access_.Ask(request, deadline);
  const auto decide = [&] {
    answer = DecideAccount(request, facts, Today());
    answer.ageing = facts.shadow;
  };
  bool decided = false;
  const Answer rows = accounts_.FindAuthRows(
      request, deadline,
      [&](std::span<const AuthRow> found) {
        facts.rows = found;
        decide();
        decided = true;
      },
      asked);
  if (decided) return;
  if (Failed(rows)) {
    // An account that is ours must not pass because one view cannot be read: who steps over
    // "unavailable" for the sake of other people's accounts stops here.
    answer = shadow.found() ? NoAnswer(LoginVerdict::kUndecided, rows.reason)
                            : call.Unavailable(rows.reason);
    return;
  }
  if (rows.absent()) facts.rows = std::span<const AuthRow>();
  facts.known = shadow.found();
  if (!facts.known) {
    if (const Answer known = IsKnown(request.name, deadline, facts.known); Failed(known)) {
      answer = call.Unavailable(known.reason);
      return;
    }
  }
  decide();
}

}  // namespace sqlmap
