#include <string>
#include <utility>

#include "common/sql/query_runner.h"

namespace sqlmap {
namespace {

constexpr char kUndone[] = ": nothing was changed";
constexpr char kStays[] = ": what was changed stays, since the table's engine has no transactions";
constexpr char kCommittedItself[] =
    ": what was changed stays, since the query ended its transaction by itself";

// What is wrong with what a write did, "" if nothing.
std::string WrongRows(const Written& written, std::optional<std::uint64_t> rows) {
  if (!rows || written.rows == rows) return {};
  if (!written.rows)
    return "the query returns rows, and so does not say how many it changed; write an UPDATE, or "
           "CALL a procedure";
  return "the query found " + std::to_string(*written.rows) +
         " rows to change, and [password] update_rows expects " + std::to_string(*rows);
}

}  // namespace

QueryRunner::Attempt QueryRunner::Undo(Connection& connection, SqlError error, Deadline deadline) {
  Attempt attempt = Refused(std::move(error));
  SqlError& why = attempt.result.error();
  const bool answered = why.kind == SqlError::Kind::kServer || why.kind == SqlError::Kind::kStale;
  attempt.final = !answered;
  // A connection that is closed is rolled back by the server.
  attempt.reusable = false;
  if (!answered) return attempt;
  const auto undone = connection.Rollback(deadline);
  if (!undone) return attempt;
  attempt.reusable = true;
  if (*undone) return attempt;
  why.text += kStays;
  attempt.final = attempt.unknown = true;
  return attempt;
}

QueryRunner::Attempt QueryRunner::Change(Connection& connection, const QueryDescription& query,
                                         const QueryTemplate& text, const QueryArguments& arguments,
                                         std::optional<std::uint64_t> rows, Deadline deadline) {
  if (auto begun = connection.Begin(deadline); !begun) return Refused(begun.error());
  const auto prepared = connection.Prepared(query.id, text, deadline);
  if (!prepared) {
    Attempt attempt = Undo(connection, prepared.error(), deadline);
    attempt.final = false;  // the server has no values yet
    return attempt;
  }
  const auto written = (*prepared)->statement->Write(arguments, deadline);
  if (!written) return Undo(connection, written.error(), deadline);
  if (std::string wrong = WrongRows(*written, rows); !wrong.empty()) {
    const bool open = connection.InTransaction();
    Attempt attempt = Undo(connection, {SqlError::Kind::kServer, std::move(wrong)}, deadline);
    if (!open) attempt.result.error().text += kCommittedItself;
    attempt.unknown = attempt.unknown || !open;
    if (!attempt.unknown) attempt.result.error().text += kUndone;
    return attempt;
  }
  if (auto committed = connection.Commit(deadline); !committed) {
    if (committed.error().kind == SqlError::Kind::kServer)
      return Undo(connection, committed.error(), deadline);
    committed.error().text += ": nobody knows whether the change was stored";
    return {
        .result = std::unexpected(std::move(committed.error())), .final = true, .unknown = true};
  }
  return {.result = {}, .reusable = true};
}

std::expected<void, QueryRunner::WriteError> QueryRunner::Write(QueryId id,
                                                                const QueryArguments& arguments,
                                                                std::optional<std::uint64_t> rows,
                                                                Deadline deadline) {
  const QueryDescription& query = QueryDescriptions()[static_cast<std::size_t>(id)];
  const auto change = [&](Connection& connection, Deadline limit) {
    return Change(connection, query, settings_.query(id), arguments, rows, limit);
  };
  Attempt attempt = On(writers_.servers, writers_.privileged, query, deadline, change);
  if (attempt.result) return {};
  return std::unexpected(WriteError{std::move(attempt.result.error()), attempt.unknown});
}

}  // namespace sqlmap
