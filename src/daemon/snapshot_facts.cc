#include "daemon/snapshot_facts.h"

#include <cstdint>

#include "common/snapshot/hash.h"

namespace sqlmap {
namespace {

// Chained, so that each text has its place.
std::uint64_t Chain(std::uint64_t so_far, std::string_view text) {
  return snapshot::Hash(text, so_far);
}

std::uint64_t ContentOf(const UserRecord& user) {
  std::uint64_t content = snapshot::Hash(user.uid, snapshot::Hash(user.gid, 1));
  for (const std::string_view text :
       {user.name, user.password, user.gecos, user.home, user.shell}) {
    content = Chain(content, text);
  }
  return content;
}

std::uint64_t ContentOf(const GroupRecord& group) {
  std::uint64_t members = 0;
  group.members.ForEach([&](std::string_view name) { members += Chain(3, name); });
  return Chain(Chain(snapshot::Hash(group.gid, 2 + members), group.name), group.password);
}

template <class Record>
std::uint64_t Sum(SnapshotWalk<Record> walk, std::uint64_t& content) {
  std::uint64_t count = 0;
  for (Record record; walk.Next(record) == Probe::kFound; ++count) content += ContentOf(record);
  return count;
}

// Who answers for which uid.
std::uint64_t OwnersOf(const SnapshotView& view) {
  std::uint64_t content = 0;
  SnapshotWalk<UserRecord> walk = view.Users();
  UserRecord owner;
  for (UserRecord user; walk.Next(user) == Probe::kFound;) {
    const bool owns = view.FindUserById(user.uid, owner) == Probe::kFound &&
                      owner.name.data() == user.name.data();
    if (owns) content += Chain(snapshot::Hash(user.uid, 4), user.name);
  }
  return content;
}

}  // namespace

TableFacts FactsOf(const SnapshotView& view) {
  TableFacts facts;
  facts.content = view.header().flags;
  facts.read_time = view.header().created;
  facts.users = Sum(view.Users(), facts.content);
  facts.content += OwnersOf(view);
  facts.groups = Sum(view.Groups(), facts.content);
  return facts;
}

}  // namespace sqlmap
