// Rows of the list queries, as they stream from the server, and the records that they make.
#ifndef SQLMAP_COMMON_SQL_LIST_ROWS_H_
#define SQLMAP_COMMON_SQL_LIST_ROWS_H_

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/account/record.h"
#include "common/sql/complaints.h"
#include "common/sql/connection.h"
#include "common/sql/query_runner.h"
#include "common/sql/rows.h"

namespace sqlmap {

// The rows of one list query. One thread.
class RowStream {
 public:
  // On a connection of its own.
  static std::expected<RowStream, SqlError> Open(QueryRunner& runner, QueryId id,
                                                 std::string_view host);
  // On this one, whose server is called `server`; what was asked on it before is over.
  static std::expected<RowStream, SqlError> On(std::shared_ptr<Connection> connection,
                                               const std::string& server, QueryRunner& runner,
                                               QueryId id, const QueryArguments& arguments,
                                               Deadline deadline);

  // The next row, nullopt at the end. After an error, or in a child of the process that opened it,
  // the error again: a walk that broke off never looks like one that ended.
  std::expected<std::optional<Row>, SqlError> Next(Deadline deadline);
  // The row of another error, or of a walk that is given up.
  std::unexpected<SqlError> Broken(SqlError error);
  void Break() { connection_.reset(); }
  // Reads away what the end may have left, so that another query can follow. False: none can.
  bool Finish(Deadline deadline) { return query_->statement->Finish(deadline); }

  const FieldMap& fields() const { return query_->fields; }

 private:
  RowStream(std::shared_ptr<Connection> connection, std::string where)
      : connection_(std::move(connection)), where_(std::move(where)) {}

  std::shared_ptr<Connection> connection_;
  std::string where_;               // for errors: which server, which query
  PreparedQuery* query_ = nullptr;  // belongs to the connection
  bool ended_ = false;
};

// One record after the other; rows that break the rules are left out and complained of. The record
// lives until the next call. nullopt: the end. With `deadline` over and no good row, an error.
class UserRows {
 public:
  static constexpr QueryId kQuery = QueryId::kGetpwent;

  UserRows(RowStream stream, const RowReader& reader, Complaints& complaints)
      : stream_(std::move(stream)), reader_(reader), complaints_(complaints) {}

  std::expected<std::optional<UserRecord>, SqlError> Next(Deadline deadline);
  RowStream& stream() { return stream_; }

 private:
  RowStream stream_;
  const RowReader& reader_;
  Complaints& complaints_;
  RecordText text_;
};

// Appends the members of a group whose rows have no column `member`.
using MemberQuery = std::function<std::expected<void, SqlError>(
    Gid gid, Deadline deadline, std::string& names, std::size_t& count)>;

// Consecutive rows of one group are one group: each may carry one member.
class GroupRows {
 public:
  static constexpr QueryId kQuery = QueryId::kGetgrent;

  GroupRows(RowStream stream, const RowReader& reader, Complaints& complaints, MemberQuery members)
      : stream_(std::move(stream)),
        reader_(reader),
        complaints_(complaints),
        members_(std::move(members)) {}

  std::expected<std::optional<GroupRecord>, SqlError> Next(Deadline deadline);
  RowStream& stream() { return stream_; }

 private:
  struct Group {
    bool set = false;
    std::string name;
    std::string password;
    Gid gid = 0;
    std::string members;
    std::size_t count = 0;
  };

  std::expected<void, SqlError> ReadRow(Deadline deadline);

  RowStream stream_;
  const RowReader& reader_;
  Complaints& complaints_;
  RecordText text_;
  MemberQuery members_;
  Group current_;
  Group ahead_;  // the first row of the group after the current one
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_LIST_ROWS_H_
