// A private plugin that answers from a table in memory. No lock and no allocation after loading, so
// that a child forked at any moment may use it: what hangs in a child is then the module's fault.
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <type_traits>

#include "common/plugin/direct_plugin.h"
#include "fake_table.h"

namespace sqlmap {
namespace {

FakeTable& Table() {
  static FakeTable table;
  static const bool filled = (FillWithAccounts(table), true);
  (void)filled;
  return table;
}

UserRecord ToRecord(const FakeUser& user) {
  return {user.name, user.password, user.uid, user.gid, user.gecos, user.home, user.shell};
}

GroupRecord ToRecord(const FakeGroup& group) {
  const auto count = std::count(group.members.begin(), group.members.end(), '\0');
  return {group.name, group.password, group.gid, {group.members, static_cast<std::size_t>(count)}};
}

ShadowRecord ToRecord(const FakeShadow& shadow) {
  return {.name = shadow.name, .hash = shadow.hash, .lstchg = shadow.lstchg};
}

// The text of the current row, and of no other: what the last row left behind is overwritten.
class RowText {
 public:
  void Forget() {
    bytes_.fill('#');
    used_ = 0;
  }
  std::string_view Keep(std::string_view text) {
    char* const copy = bytes_.data() + used_;
    std::copy(text.begin(), text.end(), copy);
    used_ += text.size();
    return {copy, text.size()};
  }

 private:
  std::array<char, 1 << 20> bytes_{};
  std::size_t used_ = 0;
};

void KeepText(RowText& text, UserRecord& user) {
  for (std::string_view* field : {&user.name, &user.password, &user.gecos, &user.home, &user.shell})
    *field = text.Keep(*field);
}
void KeepText(RowText& text, GroupRecord& group) {
  for (std::string_view* field : {&group.name, &group.password, &group.members.bytes})
    *field = text.Keep(*field);
}
void KeepText(RowText& text, ShadowRecord& shadow) {
  for (std::string_view* field : {&shadow.name, &shadow.hash}) *field = text.Keep(*field);
}

template <class Record, class Row>
class FakeCursor final : public Cursor<Record> {
 public:
  void Open(const std::vector<Row>& rows) {
    rows_ = &rows;
    at_ = 0;
    ++Table().open_cursors;
  }
  Answer Next(Record& record) noexcept override {
    FakeTable& table = Table();
    ++table.held;
    while (table.hold) {
      pthread_testcancel();
      ++table.held_rounds;
      sched_yield();
    }
    --table.held;
    text_.Forget();
    if (at_ >= table.break_after) return Answer::Unavailable(Reason::kTimeout);
    if (at_ == rows_->size()) return Answer::Absent();
    record = ToRecord((*rows_)[at_++]);
    KeepText(text_, record);
    return Answer::Found();
  }
  void Close() noexcept override {
    errno = EXDEV;
    text_.Forget();
    --Table().open_cursors;
  }

 private:
  const std::vector<Row>* rows_ = nullptr;
  std::size_t at_ = 0;
  RowText text_;
};

class FakeAccounts final : public AccountSource {
 public:
  Answer FindUserByName(std::string_view name, UserSink found) noexcept override {
    return Find(Table().users, found, [&](const FakeUser& user) { return user.name == name; });
  }
  Answer FindUserById(Uid uid, UserSink found) noexcept override {
    return Find(Table().users, found, [&](const FakeUser& user) { return user.uid == uid; });
  }
  Answer FindGroupByName(std::string_view name, GroupSink found) noexcept override {
    return Find(Table().groups, found, [&](const FakeGroup& group) { return group.name == name; });
  }
  Answer FindGroupById(Gid gid, GroupSink found) noexcept override {
    return Find(Table().groups, found, [&](const FakeGroup& group) { return group.gid == gid; });
  }
  Answer FindShadow(std::string_view name, ShadowSink found) noexcept override {
    return Find(Table().shadows, found,
                [&](const FakeShadow& shadow) { return shadow.name == name; });
  }
  Answer FindGroupsOfUser(std::string_view name, GidsSink found) noexcept override {
    const FakeTable& table = Table();
    if (const Answer answer = Begin(); !answer.found()) return answer;
    for (const FakeMembership& membership : table.memberships) {
      if (membership.name != name) continue;
      const std::size_t count =
          table.claimed_gids != 0 ? table.claimed_gids : membership.gids.size();
      found({membership.gids.data(), count});
      return Answer::Found();
    }
    return Answer::Absent();
  }

  Answer ListUsers(Cursor<UserRecord>*& cursor) noexcept override {
    return Open(users_, Table().users, cursor);
  }
  Answer ListGroups(Cursor<GroupRecord>*& cursor) noexcept override {
    return Open(groups_, Table().groups, cursor);
  }
  Answer ListShadows(Cursor<ShadowRecord>*& cursor) noexcept override {
    return Open(shadows_, Table().shadows, cursor);
  }

 private:
  static Answer Begin() {
    errno = EXDEV;
    ++Table().questions;
    return Table().answer;
  }

  template <class Row, class Sink, class Matches>
  static Answer Find(const std::vector<Row>& rows, Sink found, Matches matches) {
    if (const Answer answer = Begin(); !answer.found()) return answer;
    if (Table().silent) return Answer::Found();
    auto row = std::find_if(rows.begin(), rows.end(), matches);
    if (Table().impostor) row = rows.begin();
    if (row == rows.end()) return Answer::Absent();
    found(ToRecord(*row));
    return Answer::Found();
  }

  template <class Fake, class Row, class Record>
  static Answer Open(Fake& fake, const std::vector<Row>& rows, Cursor<Record>*& cursor) {
    if (const Answer answer = Begin(); !answer.found()) return answer;
    fake.Open(rows);
    cursor = &fake;
    return Answer::Found();
  }

  FakeCursor<UserRecord, FakeUser> users_;
  FakeCursor<GroupRecord, FakeGroup> groups_;
  FakeCursor<ShadowRecord, FakeShadow> shadows_;
};

FakeAccounts g_accounts;
const DirectPlugin g_plugin{.accounts = &g_accounts};

}  // namespace
}  // namespace sqlmap

extern "C" [[gnu::visibility("default")]] const sqlmap::DirectPlugin*
sqlmap_direct_plugin() noexcept {
  return &sqlmap::g_plugin;
}
extern "C" [[gnu::visibility("default")]] sqlmap::FakeTable* sqlmap_fake_table() {
  return &sqlmap::Table();
}
