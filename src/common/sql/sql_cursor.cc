#include "common/sql/sql_cursor.h"

#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "common/sql/wiped_string.h"

namespace sqlmap {
namespace {

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

// A walk. What goes wrong once stays wrong.
template <class Record, class Rows>
class StreamCursor final : public Cursor<Record> {
 public:
  StreamCursor(Rows rows, Complaints& complaints)
      : rows_(std::move(rows)), complaints_(complaints) {}

  Answer Next(Record& record) noexcept override {
    if (broken_) return Answer::Unavailable(Reason::kUnreachable);
    const Answer answer =
        Guarded(complaints_, Rows::kQuery, [&](Deadline deadline) -> std::expected<bool, SqlError> {
          auto read = rows_.Next(deadline);
          if (!read) return std::unexpected(std::move(read.error()));
          if (*read) record = **read;
          return read->has_value();
        });
    if (answer.unavailable()) {
      broken_ = true;
      rows_.stream().Break();
    }
    return answer;
  }
  void Close() noexcept override { delete this; }

 private:
  ~StreamCursor() = default;

  Rows rows_;
  Complaints& complaints_;
  bool broken_ = false;
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
    cursor = new StreamCursor<UserRecord, UserRows>(
        UserRows(std::move(*stream), reader, complaints), complaints);
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
    cursor = new StreamCursor<GroupRecord, GroupRows>(
        GroupRows(std::move(*stream), reader, complaints, std::move(members)), complaints);
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
