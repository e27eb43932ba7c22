#include "common/snapshot/verify.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "common/snapshot/check.h"

namespace sqlmap {
namespace {

using snapshot::Bucket;
using snapshot::Header;
using snapshot::Index;
using snapshot::Kind;
using snapshot::Section;
using snapshot::Table;

using Result = std::expected<void, std::string>;

std::unexpected<std::string> Wrong(std::string_view what, std::uint64_t number) {
  return std::unexpected("snapshot: " + std::string(what) + ", number " + std::to_string(number));
}

bool IsPublicPassword(std::string_view password) {
  return password == "x" || password == "*" || password == "!";
}

// A text of the record in its place, with its NUL and without any other.
bool IsText(std::string_view text) {
  return !text.contains('\0') && text.data()[text.size()] == '\0';
}

const Section& SectionOf(const SnapshotView& view, Kind kind) {
  return view.header().sections[static_cast<std::size_t>(kind)];
}

// The buckets are whole, and hold as many entries as the header says, each of them in the section.
// Together with one successful look-up per record this leaves no room for any other entry.
Result VerifyIndex(const SnapshotView& view, Table table, std::uint32_t expected) {
  const auto number = static_cast<std::uint64_t>(table);
  const Index& index = view.header().indices[number];
  if (index.entries != expected) return Wrong("wrong number of entries in index", number);
  const SnapshotTable place = view.table(table);
  std::uint64_t entries = 0;
  for (std::uint64_t i = 0; i < place.buckets; ++i) {
    Bucket bucket;
    std::memcpy(&bucket, place.file + place.index + i * sizeof bucket, sizeof bucket);
    if (bucket.check != snapshot::CheckBefore(&bucket, sizeof bucket, place.seed + i))
      return Wrong("damaged bucket in index", number);
    for (const std::uint32_t position : bucket.positions) {
      if (position == 0) continue;
      const std::uint64_t offset = position * snapshot::kUnit;
      if (offset < place.begin || offset >= place.end) return Wrong("stray entry in index", number);
      ++entries;
    }
  }
  if (entries != expected) return Wrong("stray entries in index", number);
  return {};
}

// The parts of the file lie one behind the other in the order in which the writer puts them.
Result VerifyPlan(const SnapshotView& view) {
  const Header& header = view.header();
  std::uint64_t end = sizeof(Header);
  const auto follows = [&end](std::uint64_t offset, std::uint64_t size) {
    const bool good = offset >= end && offset - end < sizeof(Bucket);
    end = offset + size;
    return good;
  };
  const auto section = [&](Kind kind) {
    const Section& place = SectionOf(view, kind);
    return follows(place.offset, place.size);
  };
  const auto index = [&](Table table) {
    const Index& place = header.indices[static_cast<std::size_t>(table)];
    return follows(place.offset, place.buckets * sizeof(Bucket));
  };
  if (!section(Kind::kUser) || !section(Kind::kGroup) || !index(Table::kUserByName) ||
      !index(Table::kUserByUid) || !index(Table::kGroupByName) || !index(Table::kGroupByGid) ||
      !section(Kind::kMembership) || !index(Table::kGidsByUserName) || end != header.file_size) {
    return std::unexpected("snapshot: its parts overlap or leave gaps");
  }
  return {};
}

bool KeepsRules(const UserRecord& user, const SnapshotRules& rules) {
  return rules.names.Allows(user.name) && rules.uids.Allows(user.uid) &&
         rules.uids.AllowsName(user.name, user.uid) && rules.gids.Allows(user.gid) &&
         IsPublicPassword(user.password) && IsCleanField(user.gecos) && IsCleanPath(user.home) &&
         IsCleanPath(user.shell) && IsText(user.name) && IsText(user.password) &&
         IsText(user.gecos) && IsText(user.home) && IsText(user.shell);
}

bool KeepsRules(const GroupRecord& group, const SnapshotRules& rules) {
  std::size_t count = 0;
  bool good = rules.names.AllowsGroup(group.name) && rules.gids.Allows(group.gid) &&
              rules.gids.AllowsName(group.name, group.gid) && IsPublicPassword(group.password) &&
              IsText(group.name) && IsText(group.password) &&
              (group.members.bytes.empty() || group.members.bytes.back() == '\0');
  group.members.ForEach([&](std::string_view member) {
    good = good && rules.names.Allows(member);
    ++count;
  });
  return good && count == group.members.count;
}

bool KeepsRules(const MembershipRecord& membership, const SnapshotRules& rules) {
  return rules.names.Allows(membership.name) && IsText(membership.name) &&
         !membership.gids.empty() &&
         std::ranges::all_of(membership.gids, [&](Gid gid) { return rules.gids.Allows(gid); }) &&
         std::ranges::adjacent_find(membership.gids, std::greater_equal()) == membership.gids.end();
}

// Calls visit(record) for each record; it says what is wrong, or "".
template <class Record, class Visit>
Result ForEach(SnapshotWalk<Record> walk, std::string_view kind, Visit visit) {
  Record record;
  for (std::uint64_t number = 1;; ++number) {
    const Probe probe = walk.Next(record);
    if (probe == Probe::kAbsent) return {};
    const std::string_view wrong = probe == Probe::kFound ? visit(record) : "is damaged";
    if (!wrong.empty()) return Wrong(std::string(kind) + " " + std::string(wrong), number);
  }
}

// Counts in `owners` how many records answer for their id.
template <class Record, class Id>
Result VerifyAccounts(const SnapshotView& view, SnapshotWalk<Record> walk, std::string_view kind,
                      const SnapshotRules& rules, Id Record::*id, std::uint32_t& owners,
                      Probe (SnapshotView::*by_name)(std::string_view, Record&) const noexcept,
                      Probe (SnapshotView::*by_id)(Id, Record&) const noexcept) {
  return ForEach(walk, kind, [&](const Record& record) -> std::string_view {
    if (!KeepsRules(record, rules)) return "breaks the rules";
    Record found;
    if ((view.*by_name)(record.name, found) != Probe::kFound ||
        found.name.data() != record.name.data()) {
      return "is not found by its name";
    }
    if ((view.*by_id)(record.*id, found) != Probe::kFound || found.*id != record.*id)
      return "has an id that is not found";
    if (found.name.data() == record.name.data()) ++owners;
    return {};
  });
}

std::string_view WrongInMembership(const SnapshotView& view, const MembershipRecord& membership) {
  std::span<const Gid> gids;
  if (view.FindGroupsOfUser(membership.name, gids) != Probe::kFound ||
      gids.data() != membership.gids.data()) {
    return "is not found by its name";
  }
  GroupRecord group;
  for (const Gid gid : gids) {
    if (view.FindGroupById(gid, group) != Probe::kFound) return "is in a group that is not there";
  }
  return {};
}

}  // namespace

Result VerifyWhole(const SnapshotView& view, const SnapshotRules& rules) {
  std::uint32_t uids = 0;
  std::uint32_t gids = 0;
  const auto indices = [&]() -> Result {
    const auto records = [&](Kind kind) { return SectionOf(view, kind).records; };
    const std::pair<Table, std::uint32_t> expected[] = {
        {Table::kUserByName, records(Kind::kUser)},
        {Table::kUserByUid, uids},
        {Table::kGroupByName, records(Kind::kGroup)},
        {Table::kGroupByGid, gids},
        {Table::kGidsByUserName, records(Kind::kMembership)}};
    for (const auto& [table, entries] : expected) {
      if (Result result = VerifyIndex(view, table, entries); !result) return result;
    }
    return {};
  };
  Result result = VerifyPlan(view);
  if (result) {
    result = VerifyAccounts(view, view.Users(), "user", rules, &UserRecord::uid, uids,
                            &SnapshotView::FindUserByName, &SnapshotView::FindUserById);
  }
  if (result) {
    result = VerifyAccounts(view, view.Groups(), "group", rules, &GroupRecord::gid, gids,
                            &SnapshotView::FindGroupByName, &SnapshotView::FindGroupById);
  }
  if (result) {
    result = ForEach(view.Memberships(), "membership",
                     [&](const MembershipRecord& membership) -> std::string_view {
                       return KeepsRules(membership, rules) ? WrongInMembership(view, membership)
                                                            : "breaks the rules";
                     });
  }
  return result ? indices() : result;
}

}  // namespace sqlmap
