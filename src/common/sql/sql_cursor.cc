#include "common/sql/sql_cursor.h"

#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "common/sql/client_library/call_scope.h"
#include "common/sql/wiped_string.h"

namespace sqlmap {
namespace {

// The rows of one list query, on a connection of their own.
class RowStream {
 public:
  static std::expected<RowStream, SqlError> Open(QueryRunner& runner, QueryId id,
                                                 std::string_view host) {
    const Deadline deadline = Deadline::In(QueryRunner::kCallBudgetMs);
    auto opened = runner.OpenStream(deadline);
    if (!opened) return std::unexpected(std::move(opened.error()));
    RowStream stream(std::move(opened->connection),
                     runner.DescribeServer(opened->server) + ": " +
                         std::string(QueryDescriptions()[static_cast<std::size_t>(id)].key) + ": ");
    const auto prepared = stream.connection_->Prepared(id, runner.settings().query(id), deadline);
    if (!prepared) return stream.Broken(prepared.error());
    stream.query_ = *prepared;
    if (auto executed = stream.query_->statement->Execute({.host = host}, deadline); !executed) {
      return stream.Broken(executed.error());
    }
    return stream;
  }

  // The next row, nullopt at the end. After an error, or in a child of the process that opened it,
  // the error again: a walk that broke off never looks like one that ended.
  std::expected<std::optional<Row>, SqlError> Next(Deadline deadline) {
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
  void Break() { connection_.reset(); }
  std::unexpected<SqlError> NoGoodRow() {
    return Broken({SqlError::Kind::kTimeout, "no good row in time"});
  }
  std::unexpected<SqlError> TooManyMembers() {
    return Broken({SqlError::Kind::kServer, "a group with more than 256 MiB of members"});
  }

  const FieldMap& fields() const { return query_->fields; }

 private:
  RowStream(std::unique_ptr<Connection> connection, std::string where)
      : connection_(std::move(connection)), where_(std::move(where)) {}

  std::unexpected<SqlError> Broken(SqlError error) {
    Break();
    error.text = where_ + error.text;
    return std::unexpected(std::move(error));
  }

  std::unique_ptr<Connection> connection_;
  std::string where_;               // for errors: which server, which query
  PreparedQuery* query_ = nullptr;  // belongs to the connection
  bool ended_ = false;
};

template <class Work>
Answer Guarded(Complaints& complaints, QueryId id, Work work) noexcept {
  try {
    std::expected<bool, SqlError> found = work(Deadline::In(QueryRunner::kCallBudgetMs));
    if (!found) {
      complaints.OnError(id, found.error());
      return Answer::Unavailable(found.error().reason());
    }
    return *found ? Answer::Found() : Answer::Absent();
  } catch (...) {
    return Answer::Unavailable(Reason::kNoMemory);
  }
}

// A walk. Derived classes say how to read one record; what goes wrong once stays wrong.
template <class Record>
class StreamCursor : public Cursor<Record> {
 public:
  Answer Next(Record& record) noexcept final {
    if (broken_) return Answer::Unavailable(Reason::kUnreachable);
    const Answer answer =
        Guarded(complaints_, id_, [&](Deadline deadline) { return Read(record, deadline); });
    if (answer.unavailable()) {
      broken_ = true;
      stream_.Break();
    }
    return answer;
  }
  void Close() noexcept final { delete this; }

 protected:
  StreamCursor(QueryId id, RowStream stream, const RowReader& reader, Complaints& complaints)
      : id_(id), stream_(std::move(stream)), reader_(reader), complaints_(complaints) {}
  virtual ~StreamCursor() = default;

  // False: the end.
  virtual std::expected<bool, SqlError> Read(Record& record, Deadline deadline) = 0;

  const QueryId id_;
  RowStream stream_;
  const RowReader& reader_;
  Complaints& complaints_;
  RecordText text_;

 private:
  bool broken_ = false;
};

class UserCursor final : public StreamCursor<UserRecord> {
 public:
  UserCursor(RowStream stream, const RowReader& reader, Complaints& complaints)
      : StreamCursor(QueryId::kGetpwent, std::move(stream), reader, complaints) {}

 private:
  ~UserCursor() override = default;

  std::expected<bool, SqlError> Read(UserRecord& record, Deadline deadline) override {
    for (;;) {
      const auto row = stream_.Next(deadline);
      if (!row) return std::unexpected(row.error());
      if (!*row) return false;
      const auto user = reader_.User(stream_.fields(), **row, text_);
      if (user) {
        record = *user;
        return true;
      }
      complaints_.OnBadRow(id_, user.error());
      if (deadline.passed()) return stream_.NoGoodRow();
    }
  }
};

class GroupCursor final : public StreamCursor<GroupRecord> {
 public:
  GroupCursor(RowStream stream, const RowReader& reader, Complaints& complaints,
              MemberQuery members)
      : StreamCursor(QueryId::kGetgrent, std::move(stream), reader, complaints),
        members_(std::move(members)) {}

 private:
  struct Group {
    bool set = false;
    std::string name;
    std::string password;
    Gid gid = 0;
    std::string members;
    std::size_t count = 0;
  };

  ~GroupCursor() override = default;

  std::expected<bool, SqlError> Read(GroupRecord& record, Deadline deadline) override {
    if (!ahead_.set) {
      if (auto read = ReadRow(deadline); !read) return std::unexpected(read.error());
      if (!ahead_.set) return false;
    }
    std::swap(current_, ahead_);
    for (;;) {
      ahead_.set = false;
      if (auto read = ReadRow(deadline); !read) return std::unexpected(read.error());
      if (!ahead_.set || ahead_.name != current_.name || ahead_.gid != current_.gid) break;
      current_.members += ahead_.members;
      current_.count += ahead_.count;
      if (current_.members.size() > QueryRunner::kMaxBytes) return stream_.TooManyMembers();
    }
    if (!stream_.fields().Has(Field::kMember)) {
      if (auto read = members_(current_.gid, deadline, current_.members, current_.count); !read) {
        return std::unexpected(read.error());
      }
    }
    record = {current_.name, current_.password, current_.gid, {current_.members, current_.count}};
    return true;
  }

  // Fills ahead_ with the next good row; leaves it unset at the end.
  std::expected<void, SqlError> ReadRow(Deadline deadline) {
    for (;;) {
      const auto row = stream_.Next(deadline);
      if (!row) return std::unexpected(row.error());
      if (!*row) return {};
      const auto group = reader_.Group(stream_.fields(), **row, text_);
      if (!group) {
        complaints_.OnBadRow(id_, group.error());
        if (deadline.passed()) return stream_.NoGoodRow();
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
        complaints_.OnBadRow(id_,
                             {ahead_.name, "a member's name breaks the name rules of [accounts]"});
      }
      return {};
    }
  }

  MemberQuery members_;
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
    explicit Owned(const ShadowRecord& shadow)
        : name(shadow.name), hash(shadow.hash), numbers(shadow) {}
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

Answer OpenUserCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints,
                      std::string_view host, Cursor<UserRecord>*& cursor) {
  Answer answer;
  if (!MayList(runner.settings(), QueryId::kGetpwent, answer)) return answer;
  return Guarded(complaints, QueryId::kGetpwent, [&](Deadline) -> std::expected<bool, SqlError> {
    auto stream = RowStream::Open(runner, QueryId::kGetpwent, host);
    if (!stream) return std::unexpected(std::move(stream.error()));
    cursor = new UserCursor(std::move(*stream), reader, complaints);
    return true;
  });
}

Answer OpenGroupCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints,
                       std::string_view host, MemberQuery members, Cursor<GroupRecord>*& cursor) {
  Answer answer;
  if (!MayList(runner.settings(), QueryId::kGetgrent, answer)) return answer;
  return Guarded(complaints, QueryId::kGetgrent, [&](Deadline) -> std::expected<bool, SqlError> {
    auto stream = RowStream::Open(runner, QueryId::kGetgrent, host);
    if (!stream) return std::unexpected(std::move(stream.error()));
    cursor = new GroupCursor(std::move(*stream), reader, complaints, std::move(members));
    return true;
  });
}

Answer OpenShadowCursor(QueryRunner& runner, const RowReader& reader, Complaints& complaints,
                        std::string_view host, Cursor<ShadowRecord>*& cursor) {
  Answer answer;
  if (!MayList(runner.settings(), QueryId::kGetspent, answer)) return answer;
  return Guarded(
      complaints, QueryId::kGetspent, [&](Deadline deadline) -> std::expected<bool, SqlError> {
        std::unique_ptr<ShadowCursor, Closer> rows(new ShadowCursor);
        RecordText text;
        const auto read = runner.Run(QueryId::kGetspent, {.host = host}, deadline,
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
