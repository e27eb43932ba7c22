// A whole snapshot that lies in memory: its header, its five tables (table.h), and walks over all
// of its records. Nothing in it is believed, and it may change during a call, as table.h has it.
#ifndef SQLMAP_COMMON_SNAPSHOT_VIEW_H_
#define SQLMAP_COMMON_SNAPSHOT_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "common/account/record.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/table.h"

namespace sqlmap {

// Walks the records of one kind in the order in which they were written.
template <class Record>
class SnapshotWalk {
 public:
  SnapshotWalk(const SnapshotTable& table, std::uint32_t records) noexcept
      : table_(table), at_(table.begin), left_(records) {}

  // kAbsent: the end, and as many as the header says have been there. kDamaged: the walk is over.
  Probe Next(Record& record) noexcept;

 private:
  SnapshotTable table_;
  std::uint64_t at_;
  std::uint32_t left_;
};

extern template class SnapshotWalk<UserRecord>;
extern template class SnapshotWalk<GroupRecord>;
extern template class SnapshotWalk<MembershipRecord>;

// A file whose header is sound. A value; the memory is somebody else's.
class SnapshotView {
 public:
  // nullopt: not a snapshot of this version, or not whole. `file` is aligned to 8 bytes.
  static std::optional<SnapshotView> Of(std::span<const char> file) noexcept;

  const snapshot::Header& header() const { return header_; }
  std::uint64_t generation() const { return header_.generation; }
  std::span<const char> bytes() const { return {file_, header_.file_size}; }
  SnapshotTable table(snapshot::Table table) const noexcept;

  Probe FindUserByName(std::string_view name, UserRecord& user) const noexcept {
    return Find(table(snapshot::Table::kUserByName), name, user);
  }
  Probe FindUserById(Uid uid, UserRecord& user) const noexcept {
    return Find(table(snapshot::Table::kUserByUid), uid, user);
  }
  Probe FindGroupByName(std::string_view name, GroupRecord& group) const noexcept {
    return Find(table(snapshot::Table::kGroupByName), name, group);
  }
  Probe FindGroupById(Gid gid, GroupRecord& group) const noexcept {
    return Find(table(snapshot::Table::kGroupByGid), gid, group);
  }
  Probe FindGroupsOfUser(std::string_view name, std::span<const Gid>& gids) const noexcept {
    MembershipRecord user;
    const Probe probe = Find(table(snapshot::Table::kGidsByUserName), name, user);
    gids = user.gids;
    return probe;
  }
  SnapshotWalk<UserRecord> Users() const noexcept;
  SnapshotWalk<GroupRecord> Groups() const noexcept;
  SnapshotWalk<MembershipRecord> Memberships() const noexcept;

 private:
  template <class Record>
  SnapshotWalk<Record> Walk(snapshot::Table table) const noexcept;

  SnapshotView(const char* file, const snapshot::Header& header) : file_(file), header_(header) {}

  const char* file_;
  snapshot::Header header_;  // a copy: it was checked, the memory may change
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SNAPSHOT_VIEW_H_
