#include "common/sql/query_runner.h"

#include <utility>

namespace sqlmap {
namespace {

// Wipes what a privileged query read, whatever happens.
class RowWiper {
 public:
  RowWiper(Statement& statement, bool wipe) : statement_(statement), wipe_(wipe) {}
  ~RowWiper() {
    if (wipe_) statement_.WipeRows();
  }
  RowWiper(const RowWiper&) = delete;
  RowWiper& operator=(const RowWiper&) = delete;

 private:
  Statement& statement_;
  const bool wipe_;
};

struct Attempt {
  std::expected<void, SqlError> result;
  bool saw_rows = false;
};

Attempt RunOn(Connection& connection, const QueryDescription& query, const QueryTemplate& text,
              const QueryArguments& arguments, Deadline deadline, QueryRunner::Visitor visit, bool& reusable) {
  reusable = false;
  const auto prepared = connection.Prepared(query.id, text, deadline);
  if (!prepared) {
    reusable = prepared.error().kind == SqlError::Kind::kServer;
    return {std::unexpected(prepared.error())};
  }
  Statement& statement = *(*prepared)->statement;
  const RowWiper wiper(statement, query.privileged);
  if (auto executed = statement.Execute(arguments, deadline); !executed) {
    reusable = executed.error().kind == SqlError::Kind::kServer;
    return {std::unexpected(executed.error())};
  }
  bool saw_rows = false;
  for (bool more = true; more;) {
    const auto row = statement.Fetch(deadline);
    if (!row) return {std::unexpected(row.error()), saw_rows};
    if (!*row) break;
    saw_rows = true;
    more = visit((*prepared)->fields, **row);
  }
  reusable = statement.Finish(deadline);
  return {{}, saw_rows};
}

}  // namespace

std::expected<void, SqlError> QueryRunner::Run(QueryId id, const QueryArguments& arguments, Deadline deadline, Visitor visit) {
  const QueryDescription& query = QueryDescriptions()[static_cast<std::size_t>(id)];
  Pool& pool = query.privileged ? privileged_ : identity_;
  for (bool second = false;; second = true) {
    auto lease = pool.Acquire(deadline);
    if (!lease) return std::unexpected(std::move(lease.error()));
    bool reusable = false;
    Attempt attempt = RunOn(*lease->operator->(), query, settings_.query(id), arguments,
                            deadline.AtMost(settings_.database.query_timeout_ms), visit, reusable);
    if (!reusable) lease->Discard();
    if (attempt.result) return {};
    SqlError error = std::move(attempt.result.error());
    const bool broken = error.kind == SqlError::Kind::kLost;
    error.text = servers_.Describe(lease->server()) + ": " + std::string(query.key) + ": " + error.text;
    if (error.kind == SqlError::Kind::kTimeout || (broken && second)) servers_.ReportFailure(lease->server());
    if (!broken || second || attempt.saw_rows) return std::unexpected(std::move(error));
  }
}

}  // namespace sqlmap
