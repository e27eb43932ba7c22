#include "common/snapshot/view.h"

#include <cstring>

#include "common/snapshot/check.h"

namespace sqlmap {
namespace {

using snapshot::Bucket;
using snapshot::Header;
using snapshot::Index;
using snapshot::kUnit;
using snapshot::Section;

// Whether `size` bytes from `offset` on lie in the file, behind the header.
bool Inside(const Header& header, std::uint64_t offset, std::uint64_t size) noexcept {
  return offset >= sizeof(Header) && offset <= header.file_size &&
         size <= header.file_size - offset;
}

bool IsSound(const Header& header) noexcept {
  if (header.magic != snapshot::kMagic || header.version != snapshot::kVersion ||
      header.header_size != sizeof(Header) || header.file_size > snapshot::kMaxFileSize ||
      header.generation == 0 || header.check != snapshot::CheckBefore(&header, sizeof header, 0)) {
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

}  // namespace

template <class Record>
Probe SnapshotWalk<Record>::Next(Record& record) noexcept {
  while (at_ < table_.end) {
    typename snapshot::HeadOf<Record>::Type head;
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
