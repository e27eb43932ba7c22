// Asks one query, or has one thing written, inside one deadline: pool, prepare, execute, rows, and
// one more try if the connection broke.
#ifndef SQLMAP_COMMON_SQL_QUERY_RUNNER_H_
#define SQLMAP_COMMON_SQL_QUERY_RUNNER_H_

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <expected>
#include <optional>

#include "common/account/function_ref.h"
#include "common/config/settings.h"
#include "common/process/latency.h"
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

  // Servers and those who sign in at them.
  struct Readers {
    ServerList& servers;
    Pool& identity;
    Pool& privileged;
  };
  struct Writers {
    ServerList& servers;  // may be the readers'
    Pool& privileged;     // for kWrites
  };
  // All must outlive the runner.
  QueryRunner(const Settings& settings, Readers readers, Writers writers, Log& log)
      : settings_(settings), readers_(readers), writers_(writers), log_(log) {}

  // What a row is shown to. Returns false to see no more rows.
  using Visitor = FunctionRef<bool(const FieldMap& fields, Row row)>;

  // Whom to ask: any server, or one that can be written, where nothing is older than the last
  // change. Of the writers, those that say that they are read-only are passed over.
  enum class Asked : std::uint8_t { kServers, kWriters };
  // Runs the query to its end. An error after the first row is final; before it, a broken
  // connection is replaced once.
  std::expected<void, SqlError> Run(QueryId id, const QueryArguments& arguments, Deadline deadline,
                                    Visitor visit, Asked asked = Asked::kServers);

  struct WriteError {
    SqlError error;
    // Something may have been changed: the connection broke while the change was being committed,
    // or it could not be rolled back. Otherwise all is as it was.
    bool unknown = false;
  };
  // Runs a query that writes, on a writer, in a transaction of its own, which is committed if it
  // changed `rows` rows (nullopt: any number). A row counts that the query found, even if it had
  // these values before. What the query itself returns is read away. Once the server has the
  // values, nothing is tried again. The error's text has nothing of them, nor what the server said
  // about them.
  //
  // The tables need an engine with transactions: after another one's, a connection that breaks
  // before the server has answered leaves behind what nobody knows.
  std::expected<void, WriteError> Write(QueryId id, const QueryArguments& arguments,
                                        std::optional<std::uint64_t> rows, Deadline deadline);

  // A connection of the identity account, outside the pool, without a limit on how long a query may
  // run.
  std::expected<ServerList::Opened, SqlError> OpenStream(Deadline deadline) {
    return readers_.identity.OpenStream(deadline);
  }
  // See ServerList.
  std::int64_t LastWordMs() const {
    return std::max(readers_.servers.LastWordMs(), writers_.servers.LastWordMs());
  }
  // Of the queries: from a connection to the last row, with preparing if need be.
  Latency& latency() { return latency_; }
  std::string DescribeServer(std::size_t server) const { return readers_.servers.Describe(server); }

  const Settings& settings() const { return settings_; }
  Log& log() { return log_; }

 private:
  // What came of one use of a connection.
  struct Attempt {
    std::expected<void, SqlError> result;
    bool final = false;     // whatever the error, it is not to be tried again
    bool reusable = false;  // the connection is fit for the next query
    bool unknown = false;   // see WriteError
  };
  using Use = FunctionRef<Attempt(Connection& connection, Deadline deadline)>;
  // Uses a connection of the pool, and another one if it broke or its server is read-only.
  Attempt On(ServerList& servers, Pool& pool, const QueryDescription& query, Deadline deadline,
             Use use);
  static Attempt Refused(SqlError error);
  static Attempt Read(Connection& connection, const QueryDescription& query,
                      const QueryTemplate& text, const QueryArguments& arguments, Deadline deadline,
                      Visitor visit);
  // Rolls back what a write began.
  static Attempt Undo(Connection& connection, SqlError error, Deadline deadline);
  static Attempt Change(Connection& connection, const QueryDescription& query,
                        const QueryTemplate& text, const QueryArguments& arguments,
                        std::optional<std::uint64_t> rows, Deadline deadline);
  void LogIfSlow(const ServerList& servers, std::size_t server, const QueryDescription& query,
                 std::int64_t took_ms);

  const Settings& settings_;
  const Readers readers_;
  const Writers writers_;
  Log& log_;
  std::atomic<std::int64_t> logged_slow_ms_{0};
  Latency latency_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_QUERY_RUNNER_H_
