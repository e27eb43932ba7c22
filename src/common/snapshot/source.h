// The snapshot as an AccountSource.
#ifndef SQLMAP_COMMON_SNAPSHOT_SOURCE_H_
#define SQLMAP_COMMON_SNAPSHOT_SOURCE_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "common/account/account_source.h"
#include "common/snapshot/map.h"

namespace sqlmap {

// A few words, no destructor: make one for each call, on the stack. One thread at a time; any
// number of them over one map.
//
//   found        the snapshot has it
//   absent       a complete snapshot does not; MissIsFinal() says whether that may be out of date
//   unavailable  kNotConfigured: there is no snapshot; kNotAllowed: its path is not root's alone;
//                kServerError: it is damaged; kNoMemory: it could not be mapped (RLIMIT_AS, no
//                descriptor free); kTimeout: it was replaced faster than it could be read. Shadow
//                rows are in no snapshot: kNotConfigured
//
// A sink may run several times before a call returns: the last run counts, and the ones before it
// may have been given garbage, even text that changes while they look at it. A sink must therefore
// take every length from the record once, and must not search the text for its end: copy, then look
// at the copy.
class SnapshotSource final : public AccountSource {
 public:
  explicit SnapshotSource(SnapshotMap& map) noexcept : map_(map) {}

  Answer FindUserByName(std::string_view name, UserSink found) noexcept override;
  Answer FindUserById(Uid uid, UserSink found) noexcept override;
  Answer FindGroupByName(std::string_view name, GroupSink found) noexcept override;
  Answer FindGroupById(Gid gid, GroupSink found) noexcept override;
  Answer FindGroupsOfUser(std::string_view name, GidsSink found) noexcept override;
  Answer FindShadow(std::string_view name, ShadowSink found) noexcept override;

  // A cursor walks a mapping of its own: it is not disturbed by new generations, needs no
  // descriptor, and may be used and closed in a forked child.
  Answer ListUsers(Cursor<UserRecord>*& cursor) noexcept override;
  Answer ListGroups(Cursor<GroupRecord>*& cursor) noexcept override;
  Answer ListShadows(Cursor<ShadowRecord>*& cursor) noexcept override;

  // About the last call, if it did not return found: nobody needs to be asked any more. Either
  // sqlmapd says that nothing has changed in the database since the snapshot, or no account may
  // have such a name.
  bool MissIsFinal() const noexcept { return final_; }

 private:
  template <class Found, class Key, class Sink>
  Answer Look(snapshot::Table table, Key key, const Sink& sink) noexcept;
  template <class Found, class Sink>
  Answer LookByName(snapshot::Table table, std::string_view name, const Sink& sink) noexcept;
  // Whether an account may have this name.
  bool MayExist(std::string_view name) const noexcept;

  template <class Record>
  Answer List(SnapshotWalk<Record> (SnapshotView::*walk)() const noexcept,
              Cursor<Record>*& cursor) noexcept;

  SnapshotMap& map_;
  bool final_ = false;
};

// What SnapshotSource would find at once, compiled into who asks as one piece with the sink, which
// may be of any type: a few nanoseconds.
//
//   found, absent   as SnapshotSource has it; the absent is final
//   unavailable     anything else: SnapshotSource knows
class SnapshotGlance {
 public:
  explicit SnapshotGlance(SnapshotMap& map) noexcept : map_(map) {}

  template <class Sink>
  [[gnu::always_inline]] Answer FindUserByName(std::string_view name, Sink&& found) noexcept {
    return Look<UserRecord>(snapshot::Table::kUserByName, name, found);
  }
  template <class Sink>
  [[gnu::always_inline]] Answer FindUserById(Uid uid, Sink&& found) noexcept {
    return Look<UserRecord>(snapshot::Table::kUserByUid, uid, found);
  }
  template <class Sink>
  [[gnu::always_inline]] Answer FindGroupByName(std::string_view name, Sink&& found) noexcept {
    return Look<GroupRecord>(snapshot::Table::kGroupByName, name, found);
  }
  template <class Sink>
  [[gnu::always_inline]] Answer FindGroupById(Gid gid, Sink&& found) noexcept {
    return Look<GroupRecord>(snapshot::Table::kGroupByGid, gid, found);
  }
  template <class Sink>
  [[gnu::always_inline]] Answer FindGroupsOfUser(std::string_view name, Sink&& found) noexcept {
    return Look<MembershipRecord>(snapshot::Table::kGidsByUserName, name,
                                  [&found](const MembershipRecord& user) { found(user.gids); });
  }

 private:
  template <class Found, class Key, class Sink>
  [[gnu::always_inline]] Answer Look(snapshot::Table table, Key key, Sink&& sink) noexcept {
    constexpr Answer kAskTheSource = Answer::Unavailable(Reason::kTimeout);
    SnapshotReading reading;
    if (!map_.Glance(table, reading)) [[unlikely]]
      return kAskTheSource;
    Found found;
    const Probe probe = Find<Found, Effort::kGlance>(reading.table, key, found);
    if (probe == Probe::kFound) sink(found);
    if (!map_.Stands(reading)) [[unlikely]]
      return kAskTheSource;
    if (probe == Probe::kFound) return Answer::Found();
    const bool final = probe == Probe::kAbsent && map_.MissIsFinal(reading.generation);
    return final ? Answer::Absent() : kAskTheSource;
  }

  SnapshotMap& map_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SNAPSHOT_SOURCE_H_
