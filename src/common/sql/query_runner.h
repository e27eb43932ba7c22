// Asks one query inside one deadline: pool, prepare, execute, rows, and one more try if the
// connection broke.
#ifndef SQLMAP_COMMON_SQL_QUERY_RUNNER_H_
#define SQLMAP_COMMON_SQL_QUERY_RUNNER_H_

#include <atomic>
#include <cstdint>
#include <expected>

#include "common/account/function_ref.h"
#include "common/config/settings.h"
#include "common/sql/pool.h"

namespace sqlmap {

// Thread safe.
class QueryRunner {
 public:
  // Of any call, with everything that it may need: connecting, a second server, a second try.
  static constexpr std::int64_t kCallBudgetMs = 900;
  // What one look-up, or one group of a walk, may make this process hold, whatever a server sends.
  static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;

  // A query that took longer is logged, with its server: one line a minute.
  static constexpr std::int64_t kSlowMs = 250;

  // All must outlive the runner.
  QueryRunner(const Settings& settings, ServerList& servers, Pool& identity, Pool& privileged,
              Log& log)
      : settings_(settings),
        servers_(servers),
        identity_(identity),
        privileged_(privileged),
        log_(log) {}

  // What a row is shown to. Returns false to see no more rows.
  using Visitor = FunctionRef<bool(const FieldMap& fields, Row row)>;

  // Runs the query to its end. An error after the first row is final; before it, a broken
  // connection is replaced once.
  std::expected<void, SqlError> Run(QueryId id, const QueryArguments& arguments, Deadline deadline,
                                    Visitor visit);

  // A connection of the identity account, outside the pool, without a limit on how long a query may
  // run.
  std::expected<ServerList::Opened, SqlError> OpenStream(Deadline deadline) {
    return identity_.OpenStream(deadline);
  }
  std::string DescribeServer(std::size_t server) const { return servers_.Describe(server); }

  const Settings& settings() const { return settings_; }
  Log& log() { return log_; }

 private:
  void LogIfSlow(const QueryDescription& query, std::size_t server, std::int64_t took_ms);

  const Settings& settings_;
  ServerList& servers_;
  Pool& identity_;
  Pool& privileged_;
  Log& log_;
  std::atomic<std::int64_t> logged_slow_ms_{0};
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_QUERY_RUNNER_H_
