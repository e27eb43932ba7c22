#include "common/sql/query_runner.h"

#include <string>
#include <utility>

#include "common/process/monotonic.h"

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
  bool reusable = false;  // the connection is fit for the next query
};

Attempt Failed(SqlError error, bool saw_rows = false) {
  // A query that the server refuses leaves its connection as it was; what breaks off among rows
  // does not.
  const bool reusable = error.kind == SqlError::Kind::kServer && !saw_rows;
  return {std::unexpected(std::move(error)), saw_rows, reusable};
}

Attempt RunOn(Connection& connection, const QueryDescription& query, const QueryTemplate& text,
              const QueryArguments& arguments, Deadline deadline, QueryRunner::Visitor visit) {
  const auto prepared = connection.Prepared(query.id, text, deadline);
  if (!prepared) return Failed(prepared.error());
  Statement& statement = *(*prepared)->statement;
  const RowWiper wiper(statement, query.privileged);
  if (auto executed = statement.Execute(arguments, deadline); !executed)
    return Failed(executed.error());
  bool saw_rows = false;
  std::size_t bytes = 0;
  for (bool more = true; more;) {
    const auto row = statement.Fetch(deadline);
    if (!row) return Failed(row.error(), saw_rows);
    if (!*row) break;
    saw_rows = true;
    for (const Cell& cell : **row) bytes += cell ? cell->size() : 0;
    if (deadline.passed())
      return Failed({SqlError::Kind::kTimeout, "fetch: the rows did not end in time"}, true);
    if (bytes > QueryRunner::kMaxBytes)
      return Failed({SqlError::Kind::kServer, "fetch: more than 256 MiB of rows"}, true);
    more = visit((*prepared)->fields, **row);
  }
  return {{}, saw_rows, statement.Finish(deadline)};
}

constexpr std::int64_t kLogEveryMs = 60'000;

}  // namespace

std::expected<void, SqlError> QueryRunner::Run(QueryId id, const QueryArguments& arguments,
                                               Deadline deadline, Visitor visit) {
  const QueryDescription& query = QueryDescriptions()[static_cast<std::size_t>(id)];
  Pool& pool = query.privileged ? privileged_ : identity_;
  for (bool second = false;; second = true) {
    auto lease = pool.Acquire(second ? Pool::Want::kFresh : Pool::Want::kAny, deadline);
    if (!lease) return std::unexpected(std::move(lease.error()));
    const std::int64_t began_ms = MonotonicMs();
    Attempt attempt = RunOn(*lease->operator->(), query, settings_.query(id), arguments,
                            deadline.AtMost(settings_.database.query_timeout_ms), visit);
    if (attempt.reusable) lease->Keep();
    if (attempt.result) {
      LogIfSlow(query, lease->server(), MonotonicMs() - began_ms);
      return {};
    }
    SqlError error = std::move(attempt.result.error());
    const bool lost = error.kind == SqlError::Kind::kLost;
    const bool worth_another =
        (lost || error.kind == SqlError::Kind::kStale) && !second && !attempt.saw_rows;
    if (worth_another) continue;
    error.text =
        servers_.Describe(lease->server()) + ": " + std::string(query.key) + ": " + error.text;
    if (lost || error.kind == SqlError::Kind::kTimeout) servers_.ReportFailure(lease->server());
    return std::unexpected(std::move(error));
  }
}

void QueryRunner::LogIfSlow(const QueryDescription& query, std::size_t server,
                            std::int64_t took_ms) {
  if (took_ms < kSlowMs) return;
  const std::int64_t now = MonotonicMs();
  std::int64_t last = logged_slow_ms_.load(std::memory_order_relaxed);
  if (last != 0 && now - last < kLogEveryMs) return;
  if (!logged_slow_ms_.compare_exchange_strong(last, now, std::memory_order_relaxed)) return;
  log_.Write(LogLevel::kWarning, "slow query: " + servers_.Describe(server) + ": " +
                                     std::string(query.key) + " took " + std::to_string(took_ms) +
                                     " ms");
}

}  // namespace sqlmap
