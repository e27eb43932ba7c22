#include "common/snapshot/writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "common/account/rules.h"
#include "common/snapshot/allocate.h"
#include "common/snapshot/check.h"
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
using snapshot::Table;
using snapshot::UserHead;

constexpr std::size_t kBufferSize = std::size_t{1} << 20;
constexpr std::uint64_t kMaxGroupSize = std::uint64_t{1} << 30;
constexpr std::uint32_t kEntriesPerBucket = 4;  // on average: then one in twenty overflows

constexpr std::uint64_t RoundUp(std::uint64_t size, std::uint64_t unit) {
  return (size + unit - 1) / unit * unit;
}

template <class Head>
std::string_view BytesOf(const Head& head) {
  return {reinterpret_cast<const char*>(&head), sizeof head};
}

bool IsText(std::string_view text) {
  return text.size() <= std::numeric_limits<std::uint16_t>::max() && !text.contains('\0');
}

std::string_view PublicPassword(std::string_view password) {
  return password == "*" || password == "!" ? password : "x";
}

std::uint16_t Length(std::string_view text) { return static_cast<std::uint16_t>(text.size()); }

std::size_t Slot(auto enumerator) { return static_cast<std::size_t>(enumerator); }

// A user's membership in a group, by where the name stands among the group's members.
struct Membership {
  std::uint64_t hash;     // of the member's name
  std::uint32_t group;    // position of the group's record
  std::uint32_t name_at;  // offset among the group's members
};

// What an owner takes beside his name, about.
constexpr std::uint64_t kOwnerSize = sizeof(std::pair<const Uid, std::string>) + 4 * sizeof(void*);

// Gives an index its place behind `end`, and returns where it ends.
std::uint64_t PlaceIndex(Index& index, std::uint64_t end, std::uint64_t entries) {
  const std::uint64_t buckets =
      std::max<std::uint64_t>(1, (entries + kEntriesPerBucket - 1) / kEntriesPerBucket);
  index.offset = RoundUp(end, sizeof(Bucket));
  index.buckets = static_cast<std::uint32_t>(buckets);
  return index.offset + buckets * sizeof(Bucket);
}

// Likewise those that stand behind the users and groups.
std::uint64_t PlaceIndices(std::span<Index, snapshot::kTables> indices, const Section& users,
                           const Section& groups) {
  std::uint64_t end = sizeof(Header) + users.size + groups.size;
  end = PlaceIndex(indices[Slot(Table::kUserByName)], end, users.records);
  end = PlaceIndex(indices[Slot(Table::kUserByUid)], end, users.records);
  end = PlaceIndex(indices[Slot(Table::kGroupByName)], end, groups.records);
  return PlaceIndex(indices[Slot(Table::kGroupByGid)], end, groups.records);
}

// The whole file in memory, for what can be written only when all records are there. All its blocks
// are allocated, so that no store fails.
class Mapping {
 public:
  Mapping() = default;
  ~Mapping() { Unmap(); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // Returns an errno, 0 if it worked. May be called again with a larger size.
  int Map(int fd, std::uint64_t size) {
    Unmap();
    if (const int error = snapshot::Allocate(fd, static_cast<off_t>(size)); error != 0)
      return error;
    void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) return errno;
    base_ = static_cast<char*>(mapped);
    size_ = size;
    return 0;
  }

  template <class Head>
  Head& At(std::uint64_t offset) const {
    return *reinterpret_cast<Head*>(base_ + offset);
  }
  const char* Text(std::uint64_t offset) const { return base_ + offset; }

  // Calls visit(offset, Head&) for each record.
  template <class Head, class Visit>
  void ForEach(const Section& section, Visit visit) const {
    for (std::uint64_t at = section.offset; at < section.offset + section.size;) {
      Head& head = At<Head>(at);
      visit(at, head);
      at += head.size;
    }
  }

  template <class Head>
  void CheckRecords(const Section& section, std::uint64_t seed) const {
    ForEach<Head>(section, [&](std::uint64_t at, Head& head) {
      head.check = snapshot::CheckBehind(&head, head.size, seed + at);
    });
  }

  void CheckBuckets(const Index& index, std::uint64_t seed) const {
    for (std::uint64_t i = 0; i < index.buckets; ++i) {
      Bucket& bucket = At<Bucket>(index.offset + i * sizeof(Bucket));
      bucket.check = snapshot::CheckBefore(&bucket, sizeof bucket, seed + i);
    }
  }

 private:
  void Unmap() {
    if (base_ != nullptr) munmap(base_, size_);
    base_ = nullptr;
  }

  char* base_ = nullptr;
  std::uint64_t size_ = 0;
};

// An index that is being filled. The mapping's bytes are zero at first.
class IndexBuilder {
 public:
  IndexBuilder(const Mapping& file, Index& index) : file_(file), index_(index) {}

  // Gives `offset` the place of the entry for which same(offset of its record) holds, if there is
  // one, and returns that offset; or a place of its own, and returns 0. replace(old) says whether
  // an old entry gives way.
  template <class Same, class Replace>
  std::uint64_t Insert(std::uint64_t hash, std::uint64_t offset, Same same, Replace replace) {
    const auto tag = static_cast<std::uint32_t>(hash);
    const auto position = static_cast<std::uint32_t>(offset / kUnit);
    for (std::uint64_t number = (hash >> 32) * index_.buckets >> 32;;
         number = (number + 1) % index_.buckets) {
      Bucket& bucket = file_.At<Bucket>(index_.offset + number * sizeof(Bucket));
      for (std::size_t i = 0; i < snapshot::kBucketEntries; ++i) {
        if (bucket.positions[i] == 0) {
          bucket.tags[i] = tag;
          bucket.positions[i] = position;
          ++index_.entries;
          return 0;
        }
        const std::uint64_t old = bucket.positions[i] * kUnit;
        if (bucket.tags[i] != tag || !same(old)) continue;
        if (replace(old)) bucket.positions[i] = position;
        return old;
      }
      bucket.flags |= snapshot::kOverflowed;
    }
  }

 private:
  const Mapping& file_;
  Index& index_;
};

std::string_view NameIn(const Mapping& file, std::uint64_t offset, const UserHead& head) {
  return {file.Text(offset + sizeof head), head.name};
}
std::string_view NameIn(const Mapping& file, std::uint64_t offset, const GroupHead& head) {
  return {file.Text(offset + sizeof head + head.members_bytes), head.name};
}

struct IndexedKind {
  std::uint32_t rows = 0;
  std::uint32_t live = 0;
  std::string first_duplicate;
};

// Indices by name and by id over the users or groups, and the records' flags. answers(id, name,
// other) says whether the account of the name answers for the id, or the other one that has it.
template <class Head, class IdOf, class Answers>
IndexedKind FillIndices(const Mapping& file, const Section& section, Index& by_name, Index& by_id,
                        std::uint64_t seed, IdOf id_of, Answers answers) {
  IndexBuilder names(file, by_name);
  IndexBuilder ids(file, by_id);
  IndexedKind result;
  const auto name_at = [&](std::uint64_t at) { return NameIn(file, at, file.At<Head>(at)); };
  file.ForEach<Head>(section, [&](std::uint64_t at, Head& head) {
    ++result.rows;
    const std::string_view name = name_at(at);
    const bool first =
        names.Insert(
            snapshot::Hash(name, seed), at, [&](std::uint64_t old) { return name_at(old) == name; },
            [](std::uint64_t) { return false; }) == 0;
    if (!first) {
      if (result.first_duplicate.empty()) result.first_duplicate = name;
      head.flags = snapshot::kSuperseded;
      return;
    }
    ++result.live;
    head.flags = snapshot::kOwnsId;
    ids.Insert(
        snapshot::Hash(id_of(head), seed), at,
        [&](std::uint64_t old) { return id_of(file.At<Head>(old)) == id_of(head); },
        [&](std::uint64_t old) {
          const bool better = answers(id_of(head), name, name_at(old));
          (better ? file.At<Head>(old) : head).flags = 0;
          return better;
        });
  });
  return result;
}

std::string_view MemberName(const Mapping& file, const Membership& membership) {
  return file.Text(membership.group * kUnit + sizeof(GroupHead) + membership.name_at);
}

Gid GidOf(const Mapping& file, const Membership& membership) {
  return file.At<GroupHead>(membership.group * kUnit).gid;
}

// Sorted, so that those of one name stand together, by gid.
std::vector<Membership> CollectMemberships(const Mapping& file, const Section& groups,
                                           std::uint64_t count, std::uint64_t seed) {
  std::vector<Membership> memberships;
  memberships.reserve(count);
  file.ForEach<GroupHead>(groups, [&](std::uint64_t at, const GroupHead& head) {
    if ((head.flags & snapshot::kSuperseded) != 0) return;
    const char* const text = file.Text(at + sizeof head);
    NameList{{text, head.members_bytes}, head.members}.ForEach([&](std::string_view name) {
      memberships.push_back({snapshot::Hash(name, seed), static_cast<std::uint32_t>(at / kUnit),
                             static_cast<std::uint32_t>(name.data() - text)});
    });
  });
  std::ranges::sort(memberships, [&](const Membership& a, const Membership& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    const int order = MemberName(file, a).compare(MemberName(file, b));
    return order != 0 ? order < 0 : GidOf(file, a) < GidOf(file, b);
  });
  return memberships;
}

// Calls visit(name, its memberships) for each name.
template <class Visit>
void ForEachMember(const Mapping& file, std::span<const Membership> memberships, Visit visit) {
  while (!memberships.empty()) {
    const std::string_view name = MemberName(file, memberships[0]);
    std::size_t count = 1;
    while (count < memberships.size() && memberships[count].hash == memberships[0].hash &&
           MemberName(file, memberships[count]) == name) {
      ++count;
    }
    visit(name, memberships.first(count));
    memberships = memberships.subspan(count);
  }
}

// Calls visit(gid) for each group, once.
template <class Visit>
void ForEachGid(const Mapping& file, std::span<const Membership> of_user, Visit visit) {
  for (std::size_t i = 0; i < of_user.size(); ++i) {
    const Gid gid = GidOf(file, of_user[i]);
    if (i == 0 || GidOf(file, of_user[i - 1]) != gid) visit(gid);
  }
}

std::uint32_t CountGids(const Mapping& file, std::span<const Membership> of_user) {
  std::uint32_t count = 0;
  ForEachGid(file, of_user, [&](Gid) { ++count; });
  return count;
}

std::uint64_t MembershipSize(std::string_view name, std::uint64_t gids) {
  return RoundUp(sizeof(MembershipHead) + gids * sizeof(Gid) + name.size() + 1, kUnit);
}

void WriteMemberships(const Mapping& file, std::span<const Membership> memberships,
                      const Section& section, Index& index) {
  IndexBuilder names(file, index);
  std::uint64_t at = section.offset;
  ForEachMember(file, memberships, [&](std::string_view name, std::span<const Membership> of_user) {
    MembershipHead& head = file.At<MembershipHead>(at);
    ForEachGid(file, of_user, [&](Gid gid) {
      file.At<Gid>(at + sizeof head + head.gids * sizeof(Gid)) = gid;
      ++head.gids;
    });
    head.name = Length(name);
    std::memcpy(&file.At<char>(at + sizeof head + head.gids * sizeof(Gid)), name.data(),
                name.size());
    head.size = static_cast<std::uint32_t>(MembershipSize(name, head.gids));
    names.Insert(
        of_user[0].hash, at, [](std::uint64_t) { return false; },
        [](std::uint64_t) { return false; });
    at += head.size;
  });
}

}  // namespace

SnapshotWriter::SnapshotWriter(int fd, std::uint64_t most_bytes)
    : fd_(fd), most_bytes_(most_bytes), written_(0) {
  buffer_.reserve(kBufferSize);
  buffer_.assign(sizeof(Header), '\0');
  users_.offset = groups_.offset = sizeof(Header);
}

bool SnapshotWriter::Fail(const char* what, int error) {
  if (error_.empty())
    error_ = std::string("snapshot: ") + what + ": " + std::system_category().message(error);
  return false;
}

bool SnapshotWriter::TooLarge() {
  if (error_.empty()) {
    error_ = "more than " + std::to_string(most_bytes_) + " bytes with " +
             std::to_string(users_.records) + " users, " + std::to_string(groups_.records) +
             " groups, " + std::to_string(member_names_) + " members and " +
             std::to_string(summary_.refused) +
             " rows left out; see whether a view joins without ON";
  }
  return false;
}

// Whether the records that are counted have room, with their indices, and with what Finish needs
// beside the file.
bool SnapshotWriter::Fits() {
  Index indices[snapshot::kTables];
  const std::uint64_t beside = member_names_ * sizeof(Membership) + owners_bytes_;
  if (PlaceIndices(indices, users_, groups_) > most_bytes_ || beside > most_bytes_)
    return TooLarge();
  return true;
}

bool SnapshotWriter::Refuse(std::string_view name) {
  if (summary_.refused++ == 0) summary_.first_refused = name.substr(0, kNameMax);
  return summary_.refused <= most_bytes_ / kUnit || TooLarge();
}

bool SnapshotWriter::SetOwner(Uid uid, std::string_view name) {
  if (!error_.empty()) return false;
  owners_bytes_ += kOwnerSize + name.size();
  if (!Fits()) return false;
  owners_.insert_or_assign(uid, name);
  return true;
}

bool SnapshotWriter::Flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t count = pwrite(fd_, rest.data(), rest.size(), static_cast<off_t>(written_));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return Fail("write", count < 0 ? errno : ENOSPC);
    rest.remove_prefix(static_cast<std::size_t>(count));
    written_ += static_cast<std::uint64_t>(count);
  }
  buffer_.clear();
  return true;
}

// One record: the strings are followed by a NUL each.
bool SnapshotWriter::Append(std::string_view head,
                            std::initializer_list<std::string_view> strings) {
  buffer_ += head;
  for (const std::string_view text : strings) {
    buffer_ += text;
    buffer_ += '\0';
  }
  buffer_.resize(RoundUp(buffer_.size(), kUnit));
  return buffer_.size() < kBufferSize || Flush();
}

bool SnapshotWriter::AddUser(const UserRecord& user) {
  if (!error_.empty()) return false;
  if (groups_.records != 0) return Fail("a user after the groups", EINVAL);
  const std::string_view password = PublicPassword(user.password);
  const auto texts = {user.name, password, user.gecos, user.home, user.shell};
  if (user.name.empty() || !std::ranges::all_of(texts, IsText)) {
    return Refuse(user.name);
  }
  std::uint64_t size = sizeof(UserHead);
  for (const std::string_view text : texts) size += text.size() + 1;
  const UserHead head{.check = 0,
                      .size = static_cast<std::uint32_t>(RoundUp(size, kUnit)),
                      .uid = user.uid,
                      .gid = user.gid,
                      .name = Length(user.name),
                      .password = Length(password),
                      .gecos = Length(user.gecos),
                      .home = Length(user.home),
                      .shell = Length(user.shell),
                      .flags = 0};
  ++users_.records;
  users_.size += head.size;
  return Fits() && Append(BytesOf(head), texts);
}

bool SnapshotWriter::AddGroup(const GroupRecord& group) {
  if (!error_.empty()) return false;
  const std::string_view password = PublicPassword(group.password);
  std::uint64_t members = 0;
  std::uint64_t members_bytes = 0;
  bool members_sound = true;
  group.members.ForEach([&](std::string_view member) {
    members_sound = members_sound && !member.empty() && IsText(member);
    members_bytes += member.size() + 1;
    ++members;
  });
  const std::uint64_t size =
      sizeof(GroupHead) + members_bytes + group.name.size() + 1 + password.size() + 1;
  if (group.name.empty() || !IsText(group.name) || !members_sound ||
      members_bytes != group.members.bytes.size() || size > kMaxGroupSize) {
    return Refuse(group.name);
  }
  const GroupHead head{.check = 0,
                       .size = static_cast<std::uint32_t>(RoundUp(size, kUnit)),
                       .gid = group.gid,
                       .members = static_cast<std::uint32_t>(members),
                       .members_bytes = static_cast<std::uint32_t>(members_bytes),
                       .name = Length(group.name),
                       .password = Length(password),
                       .flags = 0,
                       .zero = 0};
  ++groups_.records;
  groups_.size += head.size;
  member_names_ += members;
  if (!Fits()) return false;
  // The members bring their last NUL along.
  if (members == 0) return Append(BytesOf(head), {group.name, password});
  return Append(BytesOf(head),
                {group.members.bytes.substr(0, members_bytes - 1), group.name, password});
}

std::expected<SnapshotSummary, std::string> SnapshotWriter::Finish(const Facts& facts) {
  if (error_.empty() && facts.generation == 0) Fail("generation 0", EINVAL);
  if (error_.empty() && Fits()) Flush();
  if (error_.empty()) Complete(facts);
  if (!error_.empty()) return std::unexpected(error_);
  return summary_;
}

bool SnapshotWriter::Complete(const Facts& facts) {
  groups_.offset = users_.offset + users_.size;
  Header header{};
  header.magic = snapshot::kMagic;
  header.version = snapshot::kVersion;
  header.header_size = sizeof(Header);
  header.generation = facts.generation;
  header.created = facts.created;
  header.seed = facts.seed;
  header.flags = facts.listed ? 0 : snapshot::kNotListed;
  std::uint64_t end = PlaceIndices(header.indices, users_, groups_);
  Mapping file;
  if (const int error = file.Map(fd_, end); error != 0) return Fail("allocate the indices", error);

  const auto index = [&](Table table) -> Index& { return header.indices[Slot(table)]; };
  const IndexedKind users = FillIndices<UserHead>(
      file, users_, index(Table::kUserByName), index(Table::kUserByUid), facts.seed,
      [](const UserHead& head) { return head.uid; },
      [this](Uid uid, std::string_view name, std::string_view other) {
        const auto owner = owners_.find(uid);
        if (owner != owners_.end() && other == owner->second) return false;
        return (owner != owners_.end() && name == owner->second) || AnswersForId(name, other);
      });
  const IndexedKind groups = FillIndices<GroupHead>(
      file, groups_, index(Table::kGroupByName), index(Table::kGroupByGid), facts.seed,
      [](const GroupHead& head) { return head.gid; },
      [](Gid, std::string_view name, std::string_view other) { return AnswersForId(name, other); });
  summary_.users = users_.records = users.live;
  summary_.groups = groups_.records = groups.live;
  summary_.duplicate_users = users.rows - users.live;
  summary_.duplicate_groups = groups.rows - groups.live;
  summary_.first_duplicate =
      users.first_duplicate.empty() ? groups.first_duplicate : users.first_duplicate;
  summary_.shared_uids = users.live - index(Table::kUserByUid).entries;

  std::vector<Membership> memberships =
      CollectMemberships(file, groups_, member_names_, facts.seed);
  Section members{.offset = end, .size = 0, .records = 0, .zero = 0};
  ForEachMember(file, memberships, [&](std::string_view name, std::span<const Membership> of_user) {
    members.size += MembershipSize(name, CountGids(file, of_user));
    ++members.records;
  });
  summary_.memberships = members.records;
  end = PlaceIndex(index(Table::kGidsByUserName), members.offset + members.size, members.records);
  if (end > most_bytes_) return TooLarge();
  if (const int error = file.Map(fd_, end); error != 0)
    return Fail("allocate the memberships", error);
  WriteMemberships(file, memberships, members, index(Table::kGidsByUserName));

  header.file_size = summary_.file_size = end;
  header.sections[Slot(snapshot::Kind::kUser)] = users_;
  header.sections[Slot(snapshot::Kind::kGroup)] = groups_;
  header.sections[Slot(snapshot::Kind::kMembership)] = members;
  header.check = snapshot::CheckBefore(&header, sizeof header, 0);
  file.CheckRecords<UserHead>(users_, facts.seed);
  file.CheckRecords<GroupHead>(groups_, facts.seed);
  file.CheckRecords<MembershipHead>(members, facts.seed);
  for (const Index& each : header.indices) file.CheckBuckets(each, facts.seed);
  file.At<Header>(0) = header;
  return true;
}

}  // namespace sqlmap
