#include "common/backend/log_rows.h"

#include <algorithm>

#include "common/account/line_writer.h"
#include "common/account/shown_text.h"
#include "common/account/verdict_words.h"
#include "common/backend/call.h"
#include "common/backend/login.h"

namespace sqlmap {
namespace {

bool NamesAnAccount(LoginVerdict verdict) {
  return verdict != LoginVerdict::kUnknownUser && verdict != LoginVerdict::kThrottled;
}

LogRow RowOf(QueryId query, const LoginRequest& request, std::string_view what) {
  LogRow row{query, std::string(request.name)};
  row.message = what;
  if (request.uid == 0) {
    row.service = request.service;
    row.rhost = request.rhost;
    row.tty = request.tty;
    return row;
  }
  char text[128];
  LineWriter asker(text);
  asker.Text(", asked by uid ").Number(request.uid).Text(" as ").Foreign(request.service);
  row.message += asker.text();
  return row;
}

Deadline RowDeadline(bool required) {
  return Deadline::In(required ? kPromptCallMs : kLogRowBudgetMs);
}

bool WriteRow(SqlAccountSource& accounts, const LogRow& row, std::int32_t pid, Deadline deadline) {
  const std::string name = ColumnText(row.name);
  const std::string service = ColumnText(row.service);
  const std::string rhost = ColumnText(row.rhost);
  const std::string tty = ColumnText(row.tty);
  const std::string message = ColumnText(row.message);
  const QueryArguments arguments{.name = name,
                                 .service = service,
                                 .rhost = rhost,
                                 .tty = tty,
                                 .message = message,
                                 .days = Today(),
                                 .pid = pid};
  return accounts.Write(row.query, arguments, std::nullopt, deadline).has_value();
}

LoginAnswer Missing(QueryId query) {
  LoginAnswer answer;
  answer.verdict = LoginVerdict::kUndecided;
  LineWriter(answer.reason)
      .Text("[log_rows] requires the row of ")
      .Text(QueryDescriptions()[static_cast<std::size_t>(query)].key)
      .Text(", which could not be written; the log says why");
  return answer;
}

}  // namespace

std::string ColumnText(std::string_view text) { return ShownText(text, kMostColumnBytes); }

std::optional<LogRow> RowOfAttempt(const LoginRequest& request, const LoginAnswer& answer,
                                   const LocalIds& local) {
  const LoginVerdict verdict = answer.verdict;
  if (verdict == LoginVerdict::kUnavailable || verdict == LoginVerdict::kUndecided)
    return std::nullopt;
  const bool account = NamesAnAccount(verdict);
  if (!account && local.IdOf(request.name)) return std::nullopt;
  std::string what(WordsFor(verdict));
  if (answer.offline) what += " while no server answered";
  const bool accepted = verdict == LoginVerdict::kAccepted;
  LogRow row = RowOf(accepted ? QueryId::kAuthSuccess : QueryId::kAuthFailure, request, what);
  if (!account) row.name.clear();
  if (answer.reason[0] != '\0') row.message.append(": ").append(answer.reason);
  return row;
}

void SqlLoginGate::NoteAttempt(const LoginRequest& request, LoginAnswer& answer) noexcept {
  const bool required = AttemptRowIsRequired() && answer.verdict == LoginVerdict::kAccepted;
  bool there = true;
  try {
    const auto row = RowOfAttempt(request, answer, settings_.accounts.local_uids);
    if (row && settings_.query(row->query).configured()) {
      there = WriteRow(accounts_, *row, request.pid, RowDeadline(required));
    } else {
      there = !required;
    }
  } catch (...) {
    there = false;
  }
  if (required && !there) answer = Missing(QueryId::kAuthSuccess);
}

bool SqlLoginGate::NoteSession(const LoginRequest& request, QueryId query, bool required) noexcept {
  if (!settings_.query(query).configured() && !required) return true;
  // Root's and other local accounts' sessions begin while the database is down, too.
  const auto local = settings_.accounts.local_uids.IdOf(request.name);
  const auto& allowed = settings_.accounts.allow_uids;
  if (local && std::find(allowed.begin(), allowed.end(), *local) == allowed.end()) return true;
  const Deadline deadline = RowDeadline(required);
  bool known = false;
  if (const Answer answer = IsKnown(request.name, deadline, known); Failed(answer)) return false;
  if (!known) return true;
  try {
    const bool opens = query == QueryId::kSessionOpen;
    const LogRow row = RowOf(query, request, opens ? "session opened" : "session closed");
    return WriteRow(accounts_, row, request.pid, deadline);
  } catch (...) {
    return false;
  }
}

void SqlLoginGate::OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept {
  const bool required = settings_.log_rows.session_open;
  const bool there = NoteSession(request, QueryId::kSessionOpen, required);
  answer = Missing(QueryId::kSessionOpen);
  if (required && !there) return;
  answer = LoginAnswer();
  answer.verdict = LoginVerdict::kAccepted;
}

void SqlLoginGate::CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept {
  (void)NoteSession(request, QueryId::kSessionClose, false);
  answer = LoginAnswer();
  answer.verdict = LoginVerdict::kAccepted;
}

}  // namespace sqlmap
