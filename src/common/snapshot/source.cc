#include "common/snapshot/source.h"

#include <sys/mman.h>

#include <new>

#include "common/account/rules.h"
#include "common/process/call_guard.h"

namespace sqlmap {
namespace {

// A walk over a mapping of its own. The object has pages of its own, too: there is no allocator
// here.
template <class Record>
class MappedCursor final : public Cursor<Record> {
 public:
  MappedCursor(std::span<char> memory, SnapshotWalk<Record> walk) noexcept
      : memory_(memory), walk_(walk) {}

  static Answer Open(SnapshotMap& map, SnapshotWalk<Record> (SnapshotView::*walk)() const noexcept,
                     Cursor<Record>*& cursor) noexcept {
    const CallGuard guard;
    std::span<char> memory;
    if (const Answer answer = map.Duplicate(memory); !answer.found()) return answer;
    const auto view = SnapshotView::Of(memory);
    void* const place = mmap(nullptr, sizeof(MappedCursor), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (view && place != MAP_FAILED) {
      cursor = new (place) MappedCursor(memory, ((*view).*walk)());
      return Answer::Found();
    }
    if (place != MAP_FAILED) munmap(place, sizeof(MappedCursor));
    munmap(memory.data(), memory.size());
    return Answer::Unavailable(view ? Reason::kNoMemory : Reason::kServerError);
  }

  Answer Next(Record& record) noexcept override {
    switch (walk_.Next(record)) {
      case Probe::kFound:
        return Answer::Found();
      case Probe::kAbsent:
        return Answer::Absent();
      case Probe::kDamaged:
      case Probe::kUnknown:
        break;
    }
    return Answer::Unavailable(Reason::kServerError);
  }

  void Close() noexcept override {
    const CallGuard guard;
    munmap(memory_.data(), memory_.size());
    munmap(this, sizeof *this);
  }

 private:
  std::span<char> memory_;
  SnapshotWalk<Record> walk_;
};

}  // namespace

bool SnapshotSource::MayExist(std::string_view name) const noexcept {
  return CanBeName(name) && map_.MayBeName(name);
}

template <class Found, class Key, class Sink>
Answer SnapshotSource::Look(snapshot::Table table, Key key, const Sink& sink) noexcept {
  constexpr int kTries = 16;
  final_ = false;
  for (int i = 0; i < kTries; ++i) {
    SnapshotReading reading;
    if (!map_.Begin(table, reading)) return map_.Missing();
    Found found;
    const Probe probe = Find(reading.table, key, found);
    if (probe == Probe::kFound) sink(found);
    if (!map_.Stands(reading)) continue;
    if (probe == Probe::kFound) return Answer::Found();
    if (probe != Probe::kAbsent) return Answer::Unavailable(Reason::kServerError);
    final_ = map_.MissIsFinal(reading.generation);
    return Answer::Absent();
  }
  return Answer::Unavailable(Reason::kTimeout);
}

template <class Found, class Sink>
Answer SnapshotSource::LookByName(snapshot::Table table, std::string_view name,
                                  const Sink& sink) noexcept {
  const Answer answer = Look<Found>(table, name, sink);
  if (answer.found() || final_ || MayExist(name)) return answer;
  final_ = true;
  return Answer::Absent();
}

Answer SnapshotSource::FindUserByName(std::string_view name, UserSink found) noexcept {
  return LookByName<UserRecord>(snapshot::Table::kUserByName, name, found);
}

Answer SnapshotSource::FindUserById(Uid uid, UserSink found) noexcept {
  return Look<UserRecord>(snapshot::Table::kUserByUid, uid, found);
}

Answer SnapshotSource::FindGroupByName(std::string_view name, GroupSink found) noexcept {
  return LookByName<GroupRecord>(snapshot::Table::kGroupByName, name, found);
}

Answer SnapshotSource::FindGroupById(Gid gid, GroupSink found) noexcept {
  return Look<GroupRecord>(snapshot::Table::kGroupByGid, gid, found);
}

Answer SnapshotSource::FindGroupsOfUser(std::string_view name, GidsSink found) noexcept {
  const auto gids = [&found](const MembershipRecord& user) { found(user.gids); };
  return LookByName<MembershipRecord>(snapshot::Table::kGidsByUserName, name, gids);
}

Answer SnapshotSource::FindShadow(std::string_view name, ShadowSink) noexcept {
  map_.Look();
  final_ = !MayExist(name);
  return final_ ? Answer::Absent() : Answer::Unavailable(Reason::kNotConfigured);
}

// The last word where lists are not allowed: nobody needs to be asked for an empty one.
template <class Record>
Answer SnapshotSource::List(SnapshotWalk<Record> (SnapshotView::*walk)() const noexcept,
                            Cursor<Record>*& cursor) noexcept {
  final_ = !map_.MayList();
  if (final_) return Answer::Absent();
  return MappedCursor<Record>::Open(map_, walk, cursor);
}

Answer SnapshotSource::ListUsers(Cursor<UserRecord>*& cursor) noexcept {
  return List(&SnapshotView::Users, cursor);
}

Answer SnapshotSource::ListGroups(Cursor<GroupRecord>*& cursor) noexcept {
  return List(&SnapshotView::Groups, cursor);
}

Answer SnapshotSource::ListShadows(Cursor<ShadowRecord>*&) noexcept {
  map_.Look();
  final_ = false;
  return Answer::Unavailable(Reason::kNotConfigured);
}

}  // namespace sqlmap
