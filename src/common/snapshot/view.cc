#include "common/snapshot/view.h"

#include <bit>
#include <cstring>

#include "common/snapshot/hash.h"

namespace sqlmap {
namespace {

using snapshot::Bucket;
using snapshot::GroupHead;
using snapshot::Header;
using snapshot::Index;
using snapshot::kUnit;
using snapshot::MembershipHead;
using snapshot::Section;
using snapshot::UserHead;

// These read each field once, whatever the compiler would like: what was checked must be what is
// used, also when the memory changes. Field by field, so that they stay in registers.
UserHead ReadOnce(const volatile UserHead& head) noexcept {
  return {head.check,    head.size,  head.uid,  head.gid,   head.name,
          head.password, head.gecos, head.home, head.shell, head.flags};
}
GroupHead ReadOnce(const volatile GroupHead& head) noexcept {
  return {head.check, head.size,     head.gid,   head.members, head.members_bytes,
          head.name,  head.password, head.flags, head.zero};
}
MembershipHead ReadOnce(const volatile MembershipHead& head) noexcept {
  return {head.check, head.size, head.gids, head.name, head.flags};
}

// What a head says of the bytes behind it.
std::uint64_t TextSize(const UserHead& head) noexcept {
  return std::uint64_t{head.name} + head.password + head.gecos + head.home + head.shell + 5;
}
std::uint64_t TextSize(const GroupHead& head) noexcept {
  return std::uint64_t{head.members_bytes} + head.name + head.password + 2;
}
std::uint64_t TextSize(const MembershipHead& head) noexcept {
  return std::uint64_t{head.gids} * sizeof(Gid) + head.name + 1;
}

// A record in its place, whole and unharmed. False: damaged.
template <class Head>
bool ReadRecord(const SnapshotTable& table, std::uint64_t offset, Head& head) noexcept {
  if (offset < table.begin || offset > table.end || table.end - offset < sizeof(Head)) return false;
  const char* const record = table.file + offset;
  head = ReadOnce(*reinterpret_cast<const volatile Head*>(record));
  if (head.size % kUnit != 0 || head.size > table.end - offset) return false;
  const std::uint64_t used = sizeof(Head) + TextSize(head);
  if (used > head.size || head.size - used >= kUnit) return false;
  constexpr std::size_t kChecked = sizeof head.check;
  return head.check ==
         snapshot::Check(record + kChecked, head.size - kChecked, table.seed + offset);
}

void Describe(const char* record, const UserHead& head, UserRecord& user) noexcept {
  const char* at = record + sizeof head;
  user.packed = {at, TextSize(head)};
  const auto next = [&at](std::uint16_t length) {
    const std::string_view text(at, length);
    at += length + 1;
    return text;
  };
  user.name = next(head.name);
  user.password = next(head.password);
  user.uid = head.uid;
  user.gid = head.gid;
  user.gecos = next(head.gecos);
  user.home = next(head.home);
  user.shell = next(head.shell);
}

void Describe(const char* record, const GroupHead& head, GroupRecord& group) noexcept {
  const char* const text = record + sizeof head;
  group.packed = {text, TextSize(head)};
  group.members = {{text, head.members_bytes}, head.members};
  group.name = {text + head.members_bytes, head.name};
  group.password = {group.name.data() + head.name + 1, head.password};
  group.gid = head.gid;
}

void Describe(const char* record, const MembershipHead& head,
              MembershipRecord& membership) noexcept {
  const char* const gids = record + sizeof head;
  membership.gids = {reinterpret_cast<const Gid*>(gids), head.gids};
  membership.name = {gids + std::uint64_t{head.gids} * sizeof(Gid), head.name};
}

// Where the name stands in the record.
std::string_view NameIn(const char* record, const UserHead& head) noexcept {
  return {record + sizeof head, head.name};
}
std::string_view NameIn(const char* record, const GroupHead& head) noexcept {
  return {record + sizeof head + head.members_bytes, head.name};
}
std::string_view NameIn(const char* record, const MembershipHead& head) noexcept {
  return {record + sizeof head + std::uint64_t{head.gids} * sizeof(Gid), head.name};
}

template <class Head>
struct HasName {
  std::string_view name;
  bool operator()(const char* record, const Head& head) const noexcept {
    return NameIn(record, head) == name;
  }
};
struct OwnsUid {
  Uid uid;
  bool operator()(const char*, const UserHead& head) const noexcept {
    return head.uid == uid && (head.flags & snapshot::kOwnsId) != 0;
  }
};
struct OwnsGid {
  Gid gid;
  bool operator()(const char*, const GroupHead& head) const noexcept {
    return head.gid == gid && (head.flags & snapshot::kOwnsId) != 0;
  }
};

template <class Head, class Matches, class Found>
Probe Find(const SnapshotTable& table, std::uint64_t hash, Matches matches, Found& found) noexcept {
  const auto tag = static_cast<std::uint32_t>(hash);
  std::uint64_t number = (hash >> 32) * table.buckets >> 32;
  for (std::uint64_t probed = 0; probed < table.buckets; ++probed) {
    const char* const bucket = table.file + table.index + number * sizeof(Bucket);
    const auto* const words = reinterpret_cast<const volatile std::uint32_t*>(bucket);
    // All seven at once: a loop that stops at the first would be mispredicted every time.
    unsigned candidates = 0;
#pragma GCC unroll 7
    for (unsigned i = 0; i < snapshot::kBucketEntries; ++i)
      candidates |= static_cast<unsigned>(words[i] == tag) << i;
    for (; candidates != 0; candidates &= candidates - 1) {
      const auto i = static_cast<unsigned>(std::countr_zero(candidates));
      const std::uint64_t offset = words[snapshot::kBucketEntries + 1 + i] * kUnit;
      if (offset == 0) continue;
      // Most records are two cache lines; the second is needed as soon as the first is there.
      __builtin_prefetch(table.file + offset + sizeof(Bucket));
      Head head;
      if (!ReadRecord(table, offset, head)) return Probe::kDamaged;
      const char* const record = table.file + offset;
      if (!matches(record, head)) continue;
      Describe(record, head, found);
      return Probe::kFound;
    }
    constexpr std::size_t kChecked = offsetof(Bucket, check);
    if (words[kChecked / sizeof(std::uint32_t)] !=
        snapshot::Check(bucket, kChecked, table.seed + number)) {
      return Probe::kDamaged;
    }
    if ((words[snapshot::kBucketEntries] & snapshot::kOverflowed) == 0) return Probe::kAbsent;
    if (++number == table.buckets) number = 0;
  }
  return Probe::kAbsent;
}

// Whether `size` bytes from `offset` on lie in the file, behind the header.
bool Inside(const Header& header, std::uint64_t offset, std::uint64_t size) noexcept {
  return offset >= sizeof(Header) && offset <= header.file_size &&
         size <= header.file_size - offset;
}

bool IsSound(const Header& header) noexcept {
  if (header.magic != snapshot::kMagic || header.version != snapshot::kVersion ||
      header.header_size != sizeof(Header) || header.file_size > snapshot::kMaxFileSize ||
      header.generation == 0 ||
      header.check != snapshot::Check(&header, offsetof(Header, check), 0)) {
    return false;
  }
  for (const Section& section : header.sections) {
    if (section.offset % kUnit != 0 || !Inside(header, section.offset, section.size) ||
        section.zero != 0) {
      return false;
    }
  }
  for (const Index& index : header.indices) {
    if (index.offset % sizeof(Bucket) != 0 || index.buckets == 0 ||
        !Inside(header, index.offset, index.buckets * sizeof(Bucket))) {
      return false;
    }
  }
  return true;
}

template <class Record>
struct HeadOf;
template <>
struct HeadOf<UserRecord> {
  using Type = UserHead;
};
template <>
struct HeadOf<GroupRecord> {
  using Type = GroupHead;
};
template <>
struct HeadOf<MembershipRecord> {
  using Type = MembershipHead;
};

}  // namespace

Probe FindUser(const SnapshotTable& by_name, std::string_view name, UserRecord& user) noexcept {
  return Find<UserHead>(by_name, snapshot::Hash(name, by_name.seed), HasName<UserHead>{name}, user);
}

Probe FindUser(const SnapshotTable& by_uid, Uid uid, UserRecord& user) noexcept {
  return Find<UserHead>(by_uid, snapshot::Hash(uid, by_uid.seed), OwnsUid{uid}, user);
}

Probe FindGroup(const SnapshotTable& by_name, std::string_view name, GroupRecord& group) noexcept {
  return Find<GroupHead>(by_name, snapshot::Hash(name, by_name.seed), HasName<GroupHead>{name},
                         group);
}

Probe FindGroup(const SnapshotTable& by_gid, Gid gid, GroupRecord& group) noexcept {
  return Find<GroupHead>(by_gid, snapshot::Hash(gid, by_gid.seed), OwnsGid{gid}, group);
}

Probe FindGids(const SnapshotTable& by_name, std::string_view name,
               std::span<const Gid>& gids) noexcept {
  MembershipRecord membership;
  const Probe probe = Find<MembershipHead>(by_name, snapshot::Hash(name, by_name.seed),
                                           HasName<MembershipHead>{name}, membership);
  gids = membership.gids;
  return probe;
}

template <class Record>
Probe SnapshotWalk<Record>::Next(Record& record) noexcept {
  while (at_ < table_.end) {
    typename HeadOf<Record>::Type head;
    if (!ReadRecord(table_, at_, head)) break;
    const char* const place = table_.file + at_;
    at_ += head.size;
    if ((head.flags & snapshot::kSuperseded) != 0) continue;
    if (left_-- == 0) break;
    Describe(place, head, record);
    return Probe::kFound;
  }
  if (at_ == table_.end && left_ == 0) return Probe::kAbsent;
  at_ = table_.end;
  left_ = 1;  // whatever is asked from now on: damaged
  return Probe::kDamaged;
}

template class SnapshotWalk<UserRecord>;
template class SnapshotWalk<GroupRecord>;
template class SnapshotWalk<MembershipRecord>;

std::optional<SnapshotView> SnapshotView::Of(std::span<const char> file) noexcept {
  if (file.size() < sizeof(Header)) return std::nullopt;
  Header header;
  std::memcpy(&header, file.data(), sizeof header);
  if (header.file_size != file.size() || !IsSound(header)) return std::nullopt;
  return SnapshotView(file.data(), header);
}

SnapshotTable SnapshotView::table(snapshot::Table table) const noexcept {
  const Index& index = header_.indices[static_cast<std::size_t>(table)];
  const Section& section = header_.sections[static_cast<std::size_t>(KindIn(table))];
  return {file_,       index.offset, index.buckets, section.offset, section.offset + section.size,
          header_.seed};
}

template <class Record>
SnapshotWalk<Record> SnapshotView::Walk(snapshot::Table by_name) const noexcept {
  return {table(by_name), header_.sections[static_cast<std::size_t>(KindIn(by_name))].records};
}

SnapshotWalk<UserRecord> SnapshotView::Users() const noexcept {
  return Walk<UserRecord>(snapshot::Table::kUserByName);
}
SnapshotWalk<GroupRecord> SnapshotView::Groups() const noexcept {
  return Walk<GroupRecord>(snapshot::Table::kGroupByName);
}
SnapshotWalk<MembershipRecord> SnapshotView::Memberships() const noexcept {
  return Walk<MembershipRecord>(snapshot::Table::kGidsByUserName);
}

}  // namespace sqlmap
