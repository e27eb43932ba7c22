#include "common/sql/sql_cursor.h"

#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "common/sql/wiped_string.h"

namespace sqlmap {
namespace {

// The rows of one list query, on a connection of their own.
class RowStream {
 public:
  static std::expected<RowStream, SqlError> Open(QueryRunner& runner, QueryId id, std::string_view host) {
    const Deadline deadline = Deadline::In(QueryRunner::kCallBudgetMs);
    auto opened = runner.OpenStream(deadline);
    if (!opened) return std::unexpected(std::move(opened.error()));
    RowStream stream(std::move(opened->connection));
    const auto prepared = stream.connection_->Prepared(id, runner.settings().query(id), deadline);
    if (!prepared) return std::unexpected(prepared.error());
    stream.query_ = *prepared;
    if (auto executed = stream.query_->statement->Execute({.host = host}, deadline); !executed) {
      return std::unexpected(executed.error());
    }
    return stream;
  }

  // The next row, nullopt at the end. After an error, or in a child of the process that opened it, the error again: a walk
  // that broke off never looks like one that ended.
  std::expected<std::optional<Row>, SqlError> Next() {
    if (connection_ == nullptr || connection_->Inherited()) {
      return std::unexpected(SqlError{SqlError::Kind::kLost, "the walk broke off"});
    }
    if (ended_) return std::nullopt;
    if (!connection_->descriptor().Same()) {
      connection_.reset();
      return std::unexpected(SqlError{SqlError::Kind::kLost, "somebody else closed the descriptor"});
    }
    auto row = query_->statement->Fetch(Deadline::In(QueryRunner::kCallBudgetMs));
    if (!row) connection_.reset();
    ended_ = row && !*row;
    return row;
  }

  const FieldMap& fields() const { return query_->fields; }

 private:
  explicit RowStream(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  std::unique_ptr<Connection> connection_;
  PreparedQuery* query_ = nullptr;  // belongs to the connection
  bool ended_ = false;
};

template <class Work>
Answer Guarded(Complaints& complaints, QueryId id, Work work) noexcept {
  try {
    std::expected<bool, SqlError> found = work();
    if (!found) {
      complaints.OnError(id, found.error());
      return Answer::Unavailable(found.error().reason());
    }
    return *found ? Answer::Found() : Answer::Absent();
  } catch (...) {
    return Answer::Unavailable(Reason::kNoMemory);
  }
}

class UserCursor final : public Cursor<UserRecord> {
 public:
  UserCursor(RowStream stream, const RowReader& reader, Complaints& complaints)
      : stream_(std::move(stream)), reader_(reader), complaints_(complaints) {}

  Answer Next(UserRecord& record) noexcept override {
    return Guarded(complaints_, QueryId::kGetpwent, [&]() -> std::expected<bool, SqlError> {
      for (;;) {
        const auto row = stream_.Next();
        if (!row) return std::unexpected(row.error());
        if (!*row) return false;
        const auto user = reader_.User(stream_.fields(), **row, text_);
        if (user) {
          record = *user;
          return true;
        }
        complaints_.OnBadRow(QueryId::kGetpwent, user.error());
      }
    });
  }
  void Close() noexcept override { delete this; }

 private:
  ~UserCursor() = default;

  RowStream stream_;
  const RowReader& reader_;
  Complaints& complaints_;
  RecordText text_;
};

class GroupCursor final : public Cursor<GroupRecord> {
 public:
  GroupCursor(RowStream stream, const RowReader& reader, Complaints& complaints, MemberQuery members)
      : stream_(std::move(stream)), reader_(reader), complaints_(complaints), members_(std::move(members)) {}

  Answer Next(GroupRecord& record) noexcept override {
    return Guarded(complaints_, QueryId::kGetgrent, [&]() -> std::expected<bool, SqlError> {
      if (!ahead_.set) {
        if (auto read = ReadRow(); !read) return std::unexpected(read.error());
        if (!ahead_.set) return false;
      }
      std::swap(current_, ahead_);
      const bool members_in_rows = stream_.fields().Has(Field::kMember);
      do {
        ahead_.set = false;
        if (auto read = ReadRow(); !read) return std::unexpected(read.error());
        if (!ahead_.set || ahead_.name != current_.name || ahead_.gid != current_.gid) break;
        current_.members += ahead_.members;
        current_.count += ahead_.count;
      } while (true);
      if (!members_in_rows) {
        if (auto read = members_(current_.gid, current_.members, current_.count); !read) return std::unexpected(read.error());
      }
      record = {current_.name, current_.password, current_.gid, {current_.members, current_.count}};
      return true;
    });
  }
  void Close() noexcept override { delete this; }

 private:
  struct Group {
    bool set = false;
    std::string name;
    std::string password;
    Gid gid = 0;
    std::string members;
    std::size_t count = 0;
  };

  ~GroupCursor() = default;

  // Fills ahead_ with the next good row; leaves it unset at the end.
  std::expected<void, SqlError> ReadRow() {
    for (;;) {
      const auto row = stream_.Next();
      if (!row) return std::unexpected(row.error());
      if (!*row) return {};
      const auto group = reader_.Group(stream_.fields(), **row, text_);
      if (!group) {
        complaints_.OnBadRow(QueryId::kGetgrent, group.error());
        continue;
      }
      ahead_.set = true;
      ahead_.name = group->name;
      ahead_.password = group->password;
      ahead_.gid = group->gid;
      ahead_.members.clear();
      ahead_.count = 0;
      if (const Cell member = stream_.fields().In(**row, Field::kMember); member) {
        reader_.AppendMembers(*member, ahead_.members, ahead_.count);
      }
      return {};
    }
  }

  RowStream stream_;
  const RowReader& reader_;
  Complaints& complaints_;
  MemberQuery members_;
  RecordText text_;
  Group current_;
  Group ahead_;  // the first row of the group after the current one
};

class ShadowCursor final : public Cursor<ShadowRecord> {
 public:
  void Add(const ShadowRecord& shadow) { rows_.emplace_back(shadow); }

  Answer Next(ShadowRecord& record) noexcept override {
    if (next_ == rows_.size()) return Answer::Absent();
    record = rows_[next_].view();
    ++next_;
    return Answer::Found();
  }
  void Close() noexcept override { delete this; }

 private:
  struct Owned {
    explicit Owned(const ShadowRecord& shadow) : name(shadow.name), hash(shadow.hash), numbers(shadow) {}
    ShadowRecord view() const {
      ShadowRecord shadow = numbers;
      shadow.name = name;
      shadow.hash = hash.view();
      return shadow;
    }
    std::string name;
    WipedString hash;
    ShadowRecord numbers;
  };

  ~ShadowCursor() = default;

  std::vector<Owned> rows_;
  std::size_t next_ = 0;
};

struct Closer {
  template <class T>
  void operator()(T* cursor) const {
    cursor->Close();
  }
};

// Whether there is something to walk over; otherwise `answer` says what to answer.
bool MayList(const Settings& settings, QueryId id, Answer& answer) {
  if (!settings.query(id).configured()) {
    answer = Answer::Unavailable(Reason::kNotConfigured);
    return false;
  }
  answer = Answer::Absent();
  return settings.accounts.enumerate;
}

}  // namespace

Answer OpenUserCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints, std::string_view host,
                      Cursor<UserRecord>*& cursor) {
  Answer answer;
  if (!MayList(runner.settings(), QueryId::kGetpwent, answer)) return answer;
  return Guarded(complaints, QueryId::kGetpwent, [&]() -> std::expected<bool, SqlError> {
    auto stream = RowStream::Open(runner, QueryId::kGetpwent, host);
    if (!stream) return std::unexpected(std::move(stream.error()));
    cursor = new UserCursor(std::move(*stream), reader, complaints);
    return true;
  });
}

Answer OpenGroupCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints, std::string_view host,
                       MemberQuery members, Cursor<GroupRecord>*& cursor) {
  Answer answer;
  if (!MayList(runner.settings(), QueryId::kGetgrent, answer)) return answer;
  return Guarded(complaints, QueryId::kGetgrent, [&]() -> std::expected<bool, SqlError> {
    auto stream = RowStream::Open(runner, QueryId::kGetgrent, host);
    if (!stream) return std::unexpected(std::move(stream.error()));
    cursor = new GroupCursor(std::move(*stream), reader, complaints, std::move(members));
    return true;
  });
}

Answer OpenShadowCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints, std::string_view host,
                        Cursor<ShadowRecord>*& cursor) {
  Answer answer;
  if (!MayList(runner.settings(), QueryId::kGetspent, answer)) return answer;
  return Guarded(complaints, QueryId::kGetspent, [&]() -> std::expected<bool, SqlError> {
    std::unique_ptr<ShadowCursor, Closer> rows(new ShadowCursor);
    RecordText text;
    const auto read = runner.Run(QueryId::kGetspent, {.host = host}, Deadline::In(QueryRunner::kCallBudgetMs),
                                 [&](const FieldMap& fields, Row row) {
                                   const auto shadow = reader.Shadow(fields, row, text);
                                   if (shadow) {
                                     rows->Add(*shadow);
                                   } else {
                                     complaints.OnBadRow(QueryId::kGetspent, shadow.error());
                                   }
                                   return true;
                                 });
    if (!read) return std::unexpected(read.error());
    cursor = rows.release();
    return true;
  });
}

}  // namespace sqlmap
