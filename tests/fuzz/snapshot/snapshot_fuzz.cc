// Forged snapshots: a sound one with words replaced, all checks right (in this build there are
// none). No byte outside of the file is read, nothing hangs, and what VerifyWhole passes keeps the
// rules.
//
// An input is a list of {u16 number of the word, u32 value}.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "common/snapshot/verify.h"
#include "common/snapshot/view.h"
#include "common/snapshot/writer.h"

namespace {

using namespace sqlmap;

void Require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::uint32_t> SoundFile() {
  using namespace std::string_view_literals;
  const int fd = memfd_create("snapshot", MFD_CLOEXEC);
  SnapshotWriter writer(fd);
  for (const std::string_view name : {"alice"sv, "bob"sv, "carol"sv, "shop.acme.example"sv})
    writer.AddUser({name, "x", 2000 + static_cast<Uid>(name.size()), 3000, "", "/home", "/bin/sh"});
  writer.AddGroup({"staff", "x", 3000, {"alice\0bob\0"sv, 2}});
  writer.AddGroup({"www", "x", 3001, {"bob\0box@acme.example\0"sv, 2}});
  const auto summary = writer.Finish({1, 0, 42});
  Require(summary.has_value());
  std::vector<std::uint32_t> words((summary->file_size + 3) / 4);
  Require(pread(fd, words.data(), summary->file_size, 0) ==
          static_cast<ssize_t>(summary->file_size));
  close(fd);
  return words;
}

std::uint64_t Touch(std::string_view text) {
  std::uint64_t sum = 0;
  for (const char c : text) sum += static_cast<unsigned char>(c);
  return sum;
}
std::uint64_t Touch(const UserRecord& user) {
  return Touch(user.name) + Touch(user.shell) + Touch(user.packed);
}
std::uint64_t Touch(const GroupRecord& group) {
  std::uint64_t sum = Touch(group.name) + Touch(group.packed);
  group.members.ForEach([&](std::string_view name) { sum += Touch(name); });
  return sum;
}
std::uint64_t Touch(const MembershipRecord& membership) {
  std::uint64_t sum = Touch(membership.name);
  for (const Gid gid : membership.gids) sum += gid;
  return sum;
}

template <class Record>
std::uint64_t Walk(SnapshotWalk<Record> walk) {
  std::uint64_t sum = 0;
  for (Record record; walk.Next(record) == Probe::kFound;) sum += Touch(record);
  return sum;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<std::uint32_t> sound = SoundFile();
  std::vector<std::uint32_t> words = sound;
  for (; size >= 6; data += 6, size -= 6) {
    std::uint16_t number = 0;
    std::memcpy(&number, data, sizeof number);
    std::memcpy(&words[number % words.size()], data + 2, sizeof words[0]);
  }
  // Of exactly that size, so that the sanitizer sees what is behind it.
  const std::size_t bytes = words.size() * sizeof words[0];
  const auto file = std::make_unique<char[]>(bytes);
  std::memcpy(file.get(), words.data(), bytes);
  const auto view = SnapshotView::Of({file.get(), bytes});
  if (!view) return 0;

  UserRecord user;
  GroupRecord group;
  std::span<const Gid> gids;
  std::uint64_t sum = 0;
  for (const char* const name : {"alice", "bob", "carol", "shop.acme.example", "nobody-there"}) {
    if (view->FindUserByName(name, user) == Probe::kFound) {
      Require(user.name == name);
      sum += Touch(user);
    }
    if (view->FindGroupsOfUser(name, gids) == Probe::kFound)
      sum += Touch(MembershipRecord{name, gids});
  }
  for (const char* const name : {"staff", "www", "nobody-there"}) {
    if (view->FindGroupByName(name, group) == Probe::kFound) {
      Require(group.name == name);
      sum += Touch(group);
    }
  }
  for (const std::uint32_t id : {2003U, 2005U, 3000U, 3001U, 0U}) {
    if (view->FindUserById(id, user) == Probe::kFound) {
      Require(user.uid == id);
      sum += Touch(user);
    }
    if (view->FindGroupById(id, group) == Probe::kFound) {
      Require(group.gid == id);
      sum += Touch(group);
    }
  }
  sum += Walk(view->Users()) + Walk(view->Groups()) + Walk(view->Memberships());

  // Read, not optimised away.
  asm volatile("" : : "r"(sum));

  const SnapshotRules rules{NameRules::Default(), IdRules{}, IdRules{}};
  if (VerifyWhole(*view, rules)) {
    auto users = view->Users();
    Probe probe;
    while ((probe = users.Next(user)) == Probe::kFound)
      Require(rules.names.Allows(user.name) && rules.uids.Allows(user.uid));
    Require(probe == Probe::kAbsent);
  }
  return 0;
}
