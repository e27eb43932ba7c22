#include "common/sql/list_rows.h"

#include <utility>

#include "common/sql/client_library/call_scope.h"

namespace sqlmap {
namespace {

SqlError NoGoodRow() { return {SqlError::Kind::kTimeout, "no good row in time"}; }

}  // namespace

std::expected<RowStream, SqlError> RowStream::Open(QueryRunner& runner, QueryId id,
                                                   std::string_view host) {
  const Deadline deadline = Deadline::In(QueryRunner::kCallBudgetMs);
  auto opened = runner.OpenStream(deadline);
  if (!opened) return std::unexpected(std::move(opened.error()));
  return On(std::move(opened->connection), runner.DescribeServer(opened->server), runner, id,
            {.host = host}, deadline);
}

std::expected<RowStream, SqlError> RowStream::On(std::shared_ptr<Connection> connection,
                                                 const std::string& server, QueryRunner& runner,
                                                 QueryId id, const QueryArguments& arguments,
                                                 Deadline deadline) {
  RowStream stream(
      std::move(connection),
      server + ": " + std::string(QueryDescriptions()[static_cast<std::size_t>(id)].key) + ": ");
  const auto prepared = stream.connection_->Prepared(id, runner.settings().query(id), deadline);
  if (!prepared) return stream.Broken(prepared.error());
  stream.query_ = *prepared;
  if (auto executed = stream.query_->statement->Execute(arguments, deadline); !executed) {
    return stream.Broken(executed.error());
  }
  return stream;
}

std::expected<std::optional<Row>, SqlError> RowStream::Next(Deadline deadline) {
  if (connection_ == nullptr || connection_->Inherited())
    return Broken({SqlError::Kind::kLost, "the walk broke off"});
  if (ended_) return std::nullopt;
  std::expected<std::optional<Row>, SqlError> row;
  {
    // A host that closed the descriptor and opened its own with the number keeps what is in it.
    CallScope scope(deadline.at_ms(), CallScope::Mode::kTalk);
    scope.LookAtEachReceive();
    row = query_->statement->Fetch(deadline);
  }
  if (!row) return Broken(std::move(row.error()));
  ended_ = !*row;
  return row;
}

std::unexpected<SqlError> RowStream::Broken(SqlError error) {
  Break();
  error.text = where_ + error.text;
  return std::unexpected(std::move(error));
}

std::expected<std::optional<UserRecord>, SqlError> UserRows::Next(Deadline deadline) {
  for (;;) {
    const auto row = stream_.Next(deadline);
    if (!row) return std::unexpected(row.error());
    if (!*row) return std::nullopt;
    const auto user = reader_.User(stream_.fields(), **row, text_);
    if (user) return *user;
    complaints_.OnBadRow(kQuery, user.error());
    if (deadline.passed()) return stream_.Broken(NoGoodRow());
  }
}

std::expected<std::optional<GroupRecord>, SqlError> GroupRows::Next(Deadline deadline) {
  if (!ahead_.set) {
    if (auto read = ReadRow(deadline); !read) return std::unexpected(read.error());
    if (!ahead_.set) return std::nullopt;
  }
  std::swap(current_, ahead_);
  for (;;) {
    ahead_.set = false;
    if (auto read = ReadRow(deadline); !read) return std::unexpected(read.error());
    if (!ahead_.set || ahead_.name != current_.name || ahead_.gid != current_.gid) break;
    current_.members += ahead_.members;
    current_.count += ahead_.count;
    if (current_.members.size() > QueryRunner::kMaxBytes) {
      return stream_.Broken({SqlError::Kind::kServer, "a group with more than 256 MiB of members"});
    }
  }
  if (!stream_.fields().Has(Field::kMember)) {
    if (auto read = members_(current_.gid, deadline, current_.members, current_.count); !read) {
      return std::unexpected(read.error());
    }
  }
  return GroupRecord{
      current_.name, current_.password, current_.gid, {current_.members, current_.count}};
}

// Fills ahead_ with the next good row; leaves it unset at the end.
std::expected<void, SqlError> GroupRows::ReadRow(Deadline deadline) {
  for (;;) {
    const auto row = stream_.Next(deadline);
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    const auto group = reader_.Group(stream_.fields(), **row, text_);
    if (!group) {
      complaints_.OnBadRow(kQuery, group.error());
      if (deadline.passed()) return stream_.Broken(NoGoodRow());
      continue;
    }
    ahead_.set = true;
    ahead_.name = group->name;
    ahead_.password = group->password;
    ahead_.gid = group->gid;
    ahead_.members.clear();
    ahead_.count = 0;
    const Cell member = stream_.fields().In(**row, Field::kMember);
    if (member && reader_.AppendMembers(*member, ahead_.members, ahead_.count) != 0) {
      complaints_.OnBadRow(kQuery,
                           {ahead_.name, "a member's name breaks the name rules of [accounts]"});
    }
    return {};
  }
}

}  // namespace sqlmap
