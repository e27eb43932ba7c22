// One prepared statement: typed parameters in, rows of text out, one row at a time.
#ifndef SQLMAP_COMMON_SQL_STATEMENT_H_
#define SQLMAP_COMMON_SQL_STATEMENT_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/query_template.h"
#include "common/process/owned_fd.h"
#include "common/sql/deadline.h"
#include "common/sql/sql_error.h"

struct st_mysql;
struct st_mysql_stmt;

namespace sqlmap {

// What the parameters of a query stand for in this call. Text must outlive the call.
struct QueryArguments {
  std::string_view name = {};
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string_view service = {};
  std::string_view rhost = {};
  std::string_view tty = {};
  std::string_view host = {};
  // What writes have beside these.
  std::string_view hash = {};
  std::string_view owner = {};
  std::string_view message = {};
  std::int64_t days = 0;
  std::int64_t pid = 0;
};

// A column's text, or nullopt for SQL NULL. Lives until the next Fetch.
using Cell = std::optional<std::string_view>;
using Row = std::span<const Cell>;

// What a column holds, as far as it matters to whoever reads it as text.
enum class ColumnType : std::uint8_t { kInteger, kDecimal, kFloat, kDouble, kText, kOther };

// What a write did.
struct Written {
  // nullopt: the last thing that it returned were rows, and so it does not say.
  std::optional<std::uint64_t> rows;
};

// Belongs to one connection, whose descriptor it knows, and must not outlive it. One thread at a
// time.
class Statement {
 public:
  // A field longer than this makes its row unreadable: it is skipped as a row that breaks the
  // rules.
  static constexpr std::size_t kMaxField = std::size_t{1} << 20;

  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // A statement that returns no rows has no columns. Neither have SHOW GRANTS and EXPLAIN on MySQL,
  // which describes them only when they are executed.
  static std::expected<std::unique_ptr<Statement>, SqlError> Prepare(
      st_mysql* connection, const DescriptorIdentity& descriptor, const QueryTemplate& query,
      Deadline deadline);

  // Starts the query. Rows then stream in: nothing is buffered beyond a network packet, whatever
  // the size of the result.
  std::expected<void, SqlError> Execute(const QueryArguments& arguments, Deadline deadline);
  // The next row, or nullopt at the end. A row with a field over kMaxField comes out as an empty
  // span.
  std::expected<std::optional<Row>, SqlError> Fetch(Deadline deadline);
  // Ends the query and reads away what is left of it. False: the connection is of no more use.
  bool Finish(Deadline deadline);

  // Runs a write to its end, in place of Execute, Fetch and Finish. What it returns is read away.
  // The error holds nothing that the server said, see ClassifyWriteError; unless it is kServer or
  // kStale, the connection is of no more use.
  std::expected<Written, SqlError> Write(const QueryArguments& arguments, Deadline deadline);

  // Lower-case names of the result's columns, in order.
  std::span<const std::string> columns() const { return columns_; }
  // Their types.
  std::span<const ColumnType> types() const { return types_; }

  // Wipes the buffers that rows were read into.
  void WipeRows();

 private:
  struct Buffers;

  void Free();

  Statement() = default;
  std::expected<void, SqlError> BindColumns(Deadline deadline);
  std::expected<Written, SqlError> RunWrite(const QueryArguments& arguments, Deadline deadline);
  // Gives the server the statement and its arguments. False: see the handle's error.
  bool Send(const QueryArguments& arguments);
  // Reads away what is left of this result. False: likewise.
  bool ReadAway();
  SqlError Failure(const char* step, Deadline deadline) const;
  SqlError WriteFailure(const char* step, Deadline deadline) const;

  st_mysql* connection_ = nullptr;
  const DescriptorIdentity* descriptor_ = nullptr;
  st_mysql_stmt* statement_ = nullptr;
  std::vector<QueryParameter> parameters_;
  std::vector<std::string> columns_;
  std::vector<ColumnType> types_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_STATEMENT_H_
