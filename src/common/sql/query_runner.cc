#include "common/sql/query_runner.h"

#include <string>
#include <utility>
#include <vector>

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

constexpr std::int64_t kLogEveryMs = 60'000;

}  // namespace

// An error that came before any row, or any value of a write, was on its way. A query that the
// server refuses leaves its connection as it was.
QueryRunner::Attempt QueryRunner::Refused(SqlError error) {
  const bool reusable = error.kind == SqlError::Kind::kServer;
  return {.result = std::unexpected(std::move(error)), .reusable = reusable};
}

QueryRunner::Attempt QueryRunner::Read(Connection& connection, const QueryDescription& query,
                                       const QueryTemplate& text, const QueryArguments& arguments,
                                       Deadline deadline, Visitor visit) {
  const auto prepared = connection.Prepared(query.id, text, deadline);
  if (!prepared) return Refused(prepared.error());
  Statement& statement = *(*prepared)->statement;
  const RowWiper wiper(statement, query.privileged);
  if (auto executed = statement.Execute(arguments, deadline); !executed)
    return Refused(executed.error());
  bool saw_rows = false;
  // What breaks off among rows leaves the rest of them on the connection.
  const auto broken_off = [&](SqlError error) {
    return Attempt{.result = std::unexpected(std::move(error)), .final = true};
  };
  std::size_t bytes = 0;
  for (bool more = true; more;) {
    const auto row = statement.Fetch(deadline);
    if (!row) return saw_rows ? broken_off(row.error()) : Refused(row.error());
    if (!*row) break;
    saw_rows = true;
    for (const Cell& cell : **row) bytes += cell ? cell->size() : 0;
    if (deadline.passed())
      return broken_off({SqlError::Kind::kTimeout, "fetch: the rows did not end in time"});
    if (bytes > kMaxBytes)
      return broken_off({SqlError::Kind::kServer, "fetch: more than 256 MiB of rows"});
    more = visit((*prepared)->fields, **row);
  }
  return {.result = {}, .reusable = statement.Finish(deadline)};
}

QueryRunner::Attempt QueryRunner::On(ServerList& servers, Pool& pool, const QueryDescription& query,
                                     Deadline deadline, Use use) {
  std::vector<std::size_t> read_only;
  std::optional<SqlError> refusal;  // of the last of them
  bool broke = false;
  for (;;) {
    const Pool::Want want = broke || refusal ? Pool::Want::kFresh : Pool::Want::kAny;
    auto lease = pool.Acquire(want, deadline, read_only);
    if (!lease) {
      if (!refusal) return {.result = std::unexpected(std::move(lease.error()))};
      if (read_only.size() < servers.size()) refusal->text += "; " + lease.error().text;
      return {.result = std::unexpected(*std::move(refusal))};
    }
    const std::size_t server = lease->server();
    const std::int64_t began_us = MonotonicUs();
    Attempt attempt =
        use(*lease->operator->(), deadline.AtMost(settings_.database.query_timeout_ms));
    if (attempt.reusable) lease->Keep();
    const std::int64_t took_us = MonotonicUs() - began_us;
    latency_.Record(took_us);
    if (attempt.result || attempt.result.error().answered ||
        attempt.result.error().kind == SqlError::Kind::kServer) {
      servers.OnWord();
    }
    if (attempt.result) {
      LogIfSlow(servers, server, query, took_us / 1000);
      return attempt;
    }
    SqlError& error = attempt.result.error();
    const bool lost = error.kind == SqlError::Kind::kLost;
    const bool stale = error.kind == SqlError::Kind::kStale;
    if ((lost || stale) && !broke && !attempt.final) {
      broke = true;
      continue;
    }
    error.text = servers.Describe(server) + ": " + std::string(query.key) + ": " + error.text;
    if (error.read_only && !attempt.final) {
      read_only.push_back(server);
      refusal = std::move(error);
      continue;
    }
    // A write may wait for a lock that somebody holds: that is no fault of the server.
    const bool slow = error.kind == SqlError::Kind::kTimeout && &pool != &writers_.privileged;
    if (lost || slow) servers.ReportFailure(server);
    return attempt;
  }
}

std::expected<void, SqlError> QueryRunner::Run(QueryId id, const QueryArguments& arguments,
                                               Deadline deadline, Visitor visit, Asked asked) {
  const QueryDescription& query = QueryDescriptions()[static_cast<std::size_t>(id)];
  const QueryTemplate& text = settings_.query(id);
  if (asked == Asked::kServers) {
    Pool& pool = query.privileged ? readers_.privileged : readers_.identity;
    const auto read = [&](Connection& connection, Deadline limit) {
      return Read(connection, query, text, arguments, limit, visit);
    };
    return On(readers_.servers, pool, query, deadline, read).result;
  }
  const auto read = [&](Connection& connection, Deadline limit) {
    if (auto begun = connection.Begin(limit); !begun) return Refused(begun.error());
    Attempt attempt = Read(connection, query, text, arguments, limit, visit);
    if (attempt.reusable) attempt.reusable = connection.Rollback(limit).has_value();
    return attempt;
  };
  return On(writers_.servers, writers_.privileged, query, deadline, read).result;
}

void QueryRunner::LogIfSlow(const ServerList& servers, std::size_t server,
                            const QueryDescription& query, std::int64_t took_ms) {
  if (took_ms < kSlowMs) return;
  const std::int64_t now = MonotonicMs();
  std::int64_t last = logged_slow_ms_.load(std::memory_order_relaxed);
  if (last != 0 && now - last < kLogEveryMs) return;
  if (!logged_slow_ms_.compare_exchange_strong(last, now, std::memory_order_relaxed)) return;
  log_.Write(LogLevel::kWarning, "slow query: " + servers.Describe(server) + ": " +
                                     std::string(query.key) + " took " + std::to_string(took_ms) +
                                     " ms");
}

}  // namespace sqlmap
