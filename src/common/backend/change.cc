// The password stage: SqlLoginGate's questions about a change.
#include "common/login/change.h"

#include <algorithm>
#include <new>
#include <optional>
#include <string>

#include "common/backend/call.h"
#include "common/backend/login.h"
#include "common/password/make.h"
#include "common/password/verify.h"

namespace sqlmap {
namespace {

LoginAnswer NotChanged(std::string_view why) {
  LoginAnswer answer;
  answer.verdict = LoginVerdict::kNotChanged;
  LineWriter(answer.reason).Text(why);
  return answer;
}

bool AsksForTheOwner(const QueryTemplate& query) {
  return std::find(query.parameters.begin(), query.parameters.end(), QueryParameter::kOwner) !=
         query.parameters.end();
}

LoginAnswer NotWritten(const SqlAccountSource::WriteError& failed) {
  const SqlError& error = failed.error;
  LoginAnswer answer;
  LineWriter line(answer.reason);
  if (failed.unknown) {
    answer.verdict = LoginVerdict::kUndecided;
    line.Text("nobody knows whether it was stored: ");
  } else {
    const bool refused = error.kind == SqlError::Kind::kServer;
    answer.verdict = refused ? LoginVerdict::kNotChanged : LoginVerdict::kUnavailable;
  }
  line.Text(error.text);
  return answer;
}

}  // namespace

struct SqlLoginGate::Judged {
  LoginAnswer answer;
  std::string owner = {};   // of the row whose password is to be changed
  std::string scheme = {};  // the column of that row
  bool owner_is_known = false;
};

SqlLoginGate::Judged SqlLoginGate::JudgeChange(const LoginRequest& request) noexcept {
  const PasswordPolicy policy{settings_.auth.schemes, settings_.auth.plain_hash_scheme, false};
  const Call call(accounts_);
  Judged judged;
  LoginFacts facts;
  if (const Answer known = IsKnown(request.name, call.deadline(), facts.known); Failed(known))
    return {call.Unavailable(known.reason)};
  const Answer shadow = accounts_.FindShadow(
      request.name, call.deadline(),
      [&](const ShadowRecord& record) {
        facts.shadow = record;
        facts.shadow->name = {};
        facts.shadow->hash = {};
      },
      SqlAccountSource::Asked::kWriters);
  if (Failed(shadow)) return {call.Unavailable(shadow.reason)};
  const auto decide = [&] {
    const ChangeDecision decision =
        DecideChange(request, facts, policy, settings_.auth.max_rows, Today());
    judged.answer = decision.answer;
    if (decision.row == nullptr) return;
    try {
      judged.owner = decision.row->owner;
      judged.scheme = decision.row->scheme;
      judged.owner_is_known = true;
    } catch (const std::bad_alloc&) {
      judged.answer = NoAnswer(LoginVerdict::kUnavailable, Reason::kNoMemory);
    }
  };
  const Answer rows = accounts_.FindAuthRows(
      request, call.deadline(),
      [&](std::span<const AuthRow> found) {
        facts.rows = found;
        decide();
      },
      SqlAccountSource::Asked::kWriters);
  if (rows.unavailable()) return {call.Unavailable(rows.reason)};
  if (rows.absent()) {
    facts.rows = std::span<const AuthRow>();
    decide();
  }
  if (judged.answer.verdict != LoginVerdict::kAccepted) return judged;

  const QueryTemplate& update = settings_.query(QueryId::kPasswordUpdate);
  if (!update.configured()) {
    judged.answer = NotChanged("the query password_update is not configured");
  } else if (!judged.owner_is_known && AsksForTheOwner(update)) {
    judged.answer = NotChanged(
        "there is not exactly one password, and password_update asks for the :owner of it: change "
        "it "
        "with the old one");
  }
  return judged;
}

// The hash has been verified. Would a login take it for what it is? Whether it is worth its cost is
// no question any more.
bool SqlLoginGate::WouldOpen(std::string_view password, std::string_view hash,
                             std::string_view scheme) const noexcept {
  const PasswordPolicy policy{settings_.auth.schemes, settings_.auth.plain_hash_scheme, false};
  Work none = Work::None();
  const PasswordOutcome outcome = VerifyPassword(password, hash, policy, scheme, none).outcome;
  return outcome == PasswordOutcome::kMatch || outcome == PasswordOutcome::kTooCostly;
}

void SqlLoginGate::PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept {
  answer = JudgeChange(request).answer;
}

void SqlLoginGate::ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept {
  const Judged judged = JudgeChange(request);
  answer = judged.answer;
  if (answer.verdict != LoginVerdict::kAccepted) return;

  const PasswordSettings& made = settings_.password;
  const auto hash = MakePasswordHash(request.new_password, made.scheme, made.cost);
  if (!hash) {
    answer = NotChanged({});
    LineWriter line(answer.reason);
    Explain(hash.error(), made.scheme, line);
    return;
  }
  if (!WouldOpen(request.new_password, View(*hash), judged.scheme)) {
    answer = NotChanged(
        "a new hash in the scheme of [password] would not be recognised at the next login: see "
        "auth.plain_hash_scheme, and the column scheme of the row");
    return;
  }
  const Call call(accounts_);
  QueryArguments arguments{
      .name = request.name, .service = request.service, .rhost = request.rhost, .tty = request.tty};
  arguments.hash = View(*hash);
  arguments.owner = judged.owner;
  arguments.days = Today();
  arguments.pid = request.pid;
  const auto written =
      accounts_.Write(QueryId::kPasswordUpdate, arguments, made.update_rows, call.deadline());
  if (!written) {
    answer = NotWritten(written.error());
    return;
  }
  const DatabaseSettings& database = settings_.database;
  if (!database.writers.empty() || database.servers.size() > 1)
    recent_.Note(request.name, View(*hash), MonotonicMs());
  LineWriter line(answer.reason);
  if (!judged.owner.empty()) line.Foreign(judged.owner).Text(" ");
  line.Text("stored as ").Text(NameOf(made.scheme));
  if (request.by_root) line.Text(", by root");
}

}  // namespace sqlmap
