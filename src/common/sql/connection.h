// One authenticated connection to one server, with the statements that were prepared on it.
#ifndef SQLMAP_COMMON_SQL_CONNECTION_H_
#define SQLMAP_COMMON_SQL_CONNECTION_H_

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "common/config/settings.h"
#include "common/process/generation.h"
#include "common/sql/deadline.h"
#include "common/sql/dial.h"
#include "common/sql/fields.h"
#include "common/sql/sql_error.h"
#include "common/sql/statement.h"

namespace sqlmap {

// In an error of Connection::Open: the server asked for another authentication method, and got
// nothing. Those that it may ask for follow.
inline constexpr char kAllowedHere[] = "Allowed here: ";

class RowCheck;

// The password is wiped when it goes.
struct Credentials {
  std::string user;
  std::string password;

  Credentials() = default;
  Credentials(std::string_view user_name, std::string_view secret)
      : user(user_name), password(secret) {}
  Credentials(const Credentials&) = delete;
  Credentials& operator=(const Credentials&) = delete;
  ~Credentials();
};

struct PreparedQuery {
  std::unique_ptr<Statement> statement;
  FieldMap fields;
};

// One thread at a time. Closing it, in whatever state and in whatever process, never waits for the
// server.
class Connection {
 public:
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  enum class Use : std::uint8_t {
    kLookups,  // the server ends a query that runs longer than query_timeout_ms
    kStream,   // a query may run for as long as its rows are read
    kWrites,   // the server ends a statement earlier, so that its word comes in time; a row counts
               // as changed that had its new values before; what does not fit a column is an error,
               // whatever the server's sql_mode, and never cut
  };

  // Authenticates over a socket whose greeting can be read. TLS as the settings say, for TCP: a
  // server that cannot show what is demanded is refused before any credential is sent.
  static std::expected<std::unique_ptr<Connection>, SqlError> Open(Dial dial,
                                                                   const ServerAddress& server,
                                                                   const DatabaseSettings& settings,
                                                                   const Credentials& credentials,
                                                                   Use use, Deadline deadline);

  // A query, prepared at its first use here. The error is kServer if the query lacks a column that
  // it must return, or is a look-up and returns no rows at all.
  std::expected<PreparedQuery*, SqlError> Prepared(QueryId id, const QueryTemplate& query,
                                                   Deadline deadline);

  // A statement of the caller's, which must not outlive the connection.
  std::expected<std::unique_ptr<Statement>, SqlError> Prepare(const QueryTemplate& query,
                                                              Deadline deadline);

  // A statement without parameters and without rows, of our own words.
  std::expected<void, SqlError> Command(std::string_view sql, Deadline deadline);

  // A transaction of its own. The error of Begin has read_only set if this server cannot be
  // written.
  std::expected<void, SqlError> Begin(Deadline deadline);
  // The error is kServer if nothing was changed. After any other nobody knows.
  std::expected<void, SqlError> Commit(Deadline deadline);
  // False: what was changed in a table whose engine has no transactions stays.
  std::expected<bool, SqlError> Rollback(Deadline deadline);
  // As the server said last: a statement may have ended its transaction by itself.
  bool InTransaction() const;

  // Whether it may be used now: opened by this process, its descriptor still ours, the server has
  // not hung up, and nothing unasked waits to be read. Three system calls at most, no waiting.
  bool Usable() const;
  // Opened by an ancestor of this process: its other end is the ancestor's.
  bool Inherited() const { return generation_ != ProcessGeneration::Current(); }

  const DescriptorIdentity& descriptor() const { return descriptor_; }

 private:
  Connection() = default;

  st_mysql* mysql_ = nullptr;
  std::unique_ptr<RowCheck> row_check_;
  DescriptorIdentity descriptor_;
  std::uint32_t generation_ = 0;
  std::array<std::unique_ptr<PreparedQuery>, static_cast<std::size_t>(QueryId::kCount)> queries_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_CONNECTION_H_
