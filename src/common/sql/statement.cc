#include "common/sql/statement.h"

#include <mysql.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

#include "common/sql/client_error.h"
#include "common/sql/client_library/call_scope.h"
#include "common/sql/row_check.h"

namespace sqlmap {
namespace {

// `bool` in MySQL 8, `my_bool` (char) in MariaDB.
using ClientBool = std::remove_pointer_t<decltype(MYSQL_BIND::is_null)>;

constexpr std::size_t kUsualField = 512;

std::string LowerCaseCopy(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// Not by `name_length`, which is what the server said: the library's copy ends at the first NUL.
const char* NameOf(const MYSQL_FIELD& field) { return field.name == nullptr ? "" : field.name; }

void BindText(MYSQL_BIND& bind, std::string_view text, unsigned long& length) {
  length = static_cast<unsigned long>(text.size());
  bind.buffer_type = MYSQL_TYPE_STRING;
  bind.buffer = const_cast<char*>(text.data() == nullptr ? "" : text.data());
  bind.buffer_length = length;
  bind.length = &length;
}

void BindNumber(MYSQL_BIND& bind, const std::int64_t& number) {
  bind.buffer_type = MYSQL_TYPE_LONGLONG;
  bind.buffer = const_cast<std::int64_t*>(&number);
}

void BindNumber(MYSQL_BIND& bind, const std::uint32_t& number) {
  bind.buffer_type = MYSQL_TYPE_LONG;
  bind.buffer = const_cast<std::uint32_t*>(&number);
  bind.is_unsigned = true;
}

void Bind(QueryParameter parameter, const QueryArguments& arguments, MYSQL_BIND& bind,
          unsigned long& length) {
  switch (parameter) {
    case QueryParameter::kName:
      return BindText(bind, arguments.name, length);
    case QueryParameter::kUid:
      return BindNumber(bind, arguments.uid);
    case QueryParameter::kGid:
      return BindNumber(bind, arguments.gid);
    case QueryParameter::kService:
      return BindText(bind, arguments.service, length);
    case QueryParameter::kRhost:
      return BindText(bind, arguments.rhost, length);
    case QueryParameter::kTty:
      return BindText(bind, arguments.tty, length);
    case QueryParameter::kHost:
      return BindText(bind, arguments.host, length);
    case QueryParameter::kHash:
      return BindText(bind, arguments.hash, length);
    case QueryParameter::kOwner:
      return BindText(bind, arguments.owner, length);
    case QueryParameter::kMessage:
      return BindText(bind, arguments.message, length);
    case QueryParameter::kDays:
      return BindNumber(bind, arguments.days);
    case QueryParameter::kPid:
      return BindNumber(bind, arguments.pid);
    case QueryParameter::kCount:
      break;
  }
}

constexpr std::size_t kMaxParameters = 64;

ColumnType TypeOf(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_YEAR:
      return ColumnType::kInteger;
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return ColumnType::kDecimal;
    case MYSQL_TYPE_FLOAT:
      return ColumnType::kFloat;
    case MYSQL_TYPE_DOUBLE:
      return ColumnType::kDouble;
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_ENUM:
    case MYSQL_TYPE_SET:
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_NULL:
      return ColumnType::kText;
    default:
      return ColumnType::kOther;
  }
}

}  // namespace

// Where the library writes a row. The addresses are given to it once, after prepare.
struct Statement::Buffers {
  struct Column {
    std::vector<char> text = std::vector<char>(kUsualField);
    unsigned long length = 0;
    ClientBool is_null = 0;
    ClientBool truncated = 0;
  };
  explicit Buffers(std::size_t count) : columns(count), binds(count), cells(count) {}

  std::vector<Column> columns;
  std::vector<MYSQL_BIND> binds;
  std::vector<Cell> cells;
};

Statement::~Statement() { Free(); }

void Statement::Free() {
  if (statement_ == nullptr) return;
  // The enclosing scope, if any, decides whether the server hears of it.
  if (CallScope::Current() == nullptr) {
    CallScope scope(MonotonicMs(), CallScope::Mode::kTalk);
    scope.Over(*descriptor_);
    mysql_stmt_close(statement_);
  } else {
    mysql_stmt_close(statement_);
  }
  statement_ = nullptr;
}

// A row that fails to arrive leaves its error on the connection only.
SqlError Statement::Failure(const char* step, Deadline deadline) const {
  if (mysql_stmt_errno(statement_) != 0) {
    return ClassifyError(mysql_stmt_errno(statement_), mysql_stmt_error(statement_), step,
                         deadline);
  }
  return ClassifyError(mysql_errno(connection_), mysql_error(connection_), step, deadline);
}

SqlError Statement::WriteFailure(const char* step, Deadline deadline) const {
  if (mysql_stmt_errno(statement_) != 0) {
    return ClassifyWriteError(mysql_stmt_errno(statement_), mysql_stmt_error(statement_), step,
                              deadline);
  }
  return ClassifyWriteError(mysql_errno(connection_), mysql_error(connection_), step, deadline);
}

std::expected<std::unique_ptr<Statement>, SqlError> Statement::Prepare(
    MYSQL* connection, const DescriptorIdentity& descriptor, const QueryTemplate& query,
    Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  scope.Over(descriptor);
  std::unique_ptr<Statement> statement(new Statement);
  statement->descriptor_ = &descriptor;
  statement->connection_ = connection;
  statement->statement_ = mysql_stmt_init(connection);
  if (statement->statement_ == nullptr)
    return std::unexpected(SqlError{SqlError::Kind::kNoMemory, "prepare: no memory"});
  MYSQL_STMT* const handle = statement->statement_;
  if (mysql_stmt_prepare(handle, query.sql.data(), static_cast<unsigned long>(query.sql.size())) !=
      0) {
    return std::unexpected(statement->Failure("prepare", deadline));
  }
  if (mysql_stmt_param_count(handle) != query.parameters.size()) {
    return std::unexpected(SqlError{SqlError::Kind::kServer,
                                    "prepare: the server counts other parameters than we do"});
  }
  if (query.parameters.size() > kMaxParameters) {
    return std::unexpected(SqlError{SqlError::Kind::kServer, "prepare: more than 64 parameters"});
  }
  statement->parameters_ = query.parameters;
  if (auto bound = statement->BindColumns(deadline); !bound) return std::unexpected(bound.error());
  return statement;
}

std::expected<void, SqlError> Statement::BindColumns(Deadline deadline) {
  MYSQL_RES* const metadata = mysql_stmt_result_metadata(statement_);
  if (metadata == nullptr) {
    if (mysql_stmt_errno(statement_) != 0) return std::unexpected(Failure("prepare", deadline));
    return {};
  }
  const unsigned count = mysql_num_fields(metadata);
  const MYSQL_FIELD* const fields = mysql_fetch_fields(metadata);
  for (unsigned i = 0; i < count; ++i) {
    columns_.push_back(LowerCaseCopy(NameOf(fields[i])));
    types_.push_back(TypeOf(fields[i].type));
  }
  mysql_free_result(metadata);
  buffers_ = std::make_unique<Buffers>(count);
  for (unsigned i = 0; i < count; ++i) {
    Buffers::Column& column = buffers_->columns[i];
    MYSQL_BIND& bind = buffers_->binds[i];
    bind = MYSQL_BIND{};
    bind.buffer_type = MYSQL_TYPE_STRING;
    bind.buffer = column.text.data();
    bind.buffer_length = static_cast<unsigned long>(column.text.size());
    bind.length = &column.length;
    bind.is_null = &column.is_null;
    bind.error = &column.truncated;
  }
  if (mysql_stmt_bind_result(statement_, buffers_->binds.data()) != 0)
    return std::unexpected(Failure("bind", deadline));
  return {};
}

bool Statement::Send(const QueryArguments& arguments) {
  std::array<MYSQL_BIND, kMaxParameters> binds{};
  std::array<unsigned long, kMaxParameters> lengths{};
  for (std::size_t i = 0; i < parameters_.size(); ++i)
    Bind(parameters_[i], arguments, binds[i], lengths[i]);
  if (!parameters_.empty() && mysql_stmt_bind_param(statement_, binds.data()) != 0) return false;
  return mysql_stmt_execute(statement_) == 0;
}

std::expected<void, SqlError> Statement::Execute(const QueryArguments& arguments,
                                                 Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  scope.Over(*descriptor_);
  std::optional<DescribedResults> described;
  if (columns_.empty()) described.emplace(*connection_);
  if (!Send(arguments)) return std::unexpected(Failure("execute", deadline));
  if (columns_.empty() && connection_->field_count != 0) {
    if (auto bound = BindColumns(deadline); !bound) return bound;
  }
  // A view that was changed since: the server prepares anew by itself, and may now return other
  // columns in other places.
  bool same = mysql_stmt_field_count(statement_) == columns_.size() &&
              connection_->field_count == columns_.size();
  for (std::size_t i = 0; same && i < columns_.size(); ++i) {
    same = strcasecmp(NameOf(connection_->fields[i]), columns_[i].c_str()) == 0;
  }
  if (!same)
    return std::unexpected(
        SqlError{SqlError::Kind::kStale, "execute: the query's columns have changed"});
  // Of a server that announces another result behind this one, libmariadb would forget where our
  // buffers are.
  if ((connection_->server_status & SERVER_MORE_RESULTS_EXIST) != 0) {
    return std::unexpected(
        SqlError{SqlError::Kind::kLost, "execute: the server sends more than one result"});
  }
  return {};
}

std::expected<std::optional<Row>, SqlError> Statement::Fetch(Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  scope.Over(*descriptor_);
  const int outcome = mysql_stmt_fetch(statement_);
  if (outcome == MYSQL_NO_DATA) return std::nullopt;
  if (outcome != 0 && outcome != MYSQL_DATA_TRUNCATED) {
    if (mysql_stmt_errno(statement_) == 0 && mysql_errno(connection_) == 0) {  // row_check.h
      return std::unexpected(
          SqlError{SqlError::Kind::kLost, "fetch: a row is not as long as it says"});
    }
    return std::unexpected(Failure("fetch", deadline));
  }
  bool readable = true;
  bool grown = false;
  for (unsigned i = 0; i < buffers_->columns.size(); ++i) {
    Buffers::Column& column = buffers_->columns[i];
    if (column.is_null != 0 || column.length <= column.text.size()) continue;
    if (column.length > kMaxField) {
      readable = false;
      continue;
    }
    // Larger than usual: this field once more, into a buffer that the next rows keep.
    explicit_bzero(column.text.data(), column.text.size());
    column.text.resize(column.length);
    MYSQL_BIND& bind = buffers_->binds[i];
    bind.buffer = column.text.data();
    bind.buffer_length = static_cast<unsigned long>(column.text.size());
    if (mysql_stmt_fetch_column(statement_, &bind, i, 0) != 0)
      return std::unexpected(Failure("fetch", deadline));
    grown = true;
  }
  // Only now: the library forgets where the row's fields are when it gets new buffers.
  if (grown && mysql_stmt_bind_result(statement_, buffers_->binds.data()) != 0) {
    return std::unexpected(Failure("fetch", deadline));
  }
  if (!readable) return Row{};
  for (std::size_t i = 0; i < buffers_->columns.size(); ++i) {
    const Buffers::Column& column = buffers_->columns[i];
    buffers_->cells[i] =
        column.is_null != 0 ? Cell{} : Cell{std::string_view(column.text.data(), column.length)};
  }
  return Row(buffers_->cells);
}

std::expected<Written, SqlError> Statement::Write(const QueryArguments& arguments,
                                                  Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  scope.Over(*descriptor_);
  auto written = RunWrite(arguments, deadline);
  // Where the library put the values to send them; a connection that is kept keeps it.
  if (connection_->net.buff != nullptr)
    explicit_bzero(connection_->net.buff, connection_->net.max_packet);
  return written;
}

std::expected<Written, SqlError> Statement::RunWrite(const QueryArguments& arguments,
                                                     Deadline deadline) {
  std::optional<DescribedResults> described;
  if (mysql_stmt_field_count(statement_) == 0) described.emplace(*connection_);
  if (!Send(arguments)) return std::unexpected(WriteFailure("execute", deadline));
  // A procedure's results follow each other, the last of which says what it did. They are asked for
  // on the connection: the library's way for statements prepares buffers for rows, as many as the
  // server says.
  for (bool more = true; more;) {
    if (connection_->field_count != 0 && !ReadAway())
      return std::unexpected(WriteFailure("execute", deadline));
    more = (connection_->server_status & SERVER_MORE_RESULTS_EXIST) != 0;
    if (more && mysql_next_result(connection_) != 0)
      return std::unexpected(WriteFailure("execute", deadline));
  }
  if (connection_->field_count != 0) return Written{};
  return Written{mysql_affected_rows(connection_)};
}

bool Statement::ReadAway() {
  // The first result is the statement's, and those behind it are not.
  if (connection_->status != MYSQL_STATUS_GET_RESULT) {
    mysql_stmt_free_result(statement_);
    return mysql_errno(connection_) == 0;
  }
  MYSQL_RES* const result = mysql_use_result(connection_);
  if (result == nullptr) return false;
  mysql_free_result(result);
  return mysql_errno(connection_) == 0;
}

bool Statement::Finish(Deadline deadline) {
  CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
  scope.Over(*descriptor_);
  return mysql_stmt_free_result(statement_) == 0 && !deadline.passed();
}

void Statement::WipeRows() {
  if (buffers_ == nullptr) return;
  for (Buffers::Column& column : buffers_->columns)
    explicit_bzero(column.text.data(), column.text.size());
}

}  // namespace sqlmap
