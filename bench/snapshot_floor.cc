// A look-up in a snapshot beside the least that one can cost: a probe of an open-addressing table
// of the same rows, and one copy.
//
//   snapshot_floor ACCOUNTS   prints a line per kind of look-up: ns in the snapshot, ns of the
//   floor snapshot_floor build ACCOUNTS   prints what it takes to write and verify a file of so
//   many
//
// Both tables lie in memory of the same kind (a file in memory, mapped). An answer other than the
// expected one ends the program with 1.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>

#include "common/account/rules.h"
#include "common/snapshot/control_writer.h"
#include "common/snapshot/hash.h"
#include "common/snapshot/source.h"
#include "common/snapshot/verify.h"
#include "common/snapshot/writer.h"
#include "samples.h"

namespace {

using namespace sqlmap;
using bench::Count;
using bench::Fail;
using bench::kFirstUid;
using bench::NowNs;
using bench::RandomAccount;
using bench::UserName;

constexpr unsigned kUsersPerGroup = 100;
constexpr std::size_t kBufferSize = 1024;

std::string HomeOf(unsigned number) { return std::string("/home/") + UserName(number).text; }

UserRecord User(const char* name, const std::string& home, unsigned number) {
  return {.name = name,
          .password = "x",
          .uid = kFirstUid + number,
          .gid = kFirstUid,
          .gecos = "Site of a customer",
          .home = home,
          .shell = "/usr/sbin/nologin"};
}

SnapshotSummary WriteSnapshot(int fd, unsigned accounts) {
  SnapshotWriter writer(fd);
  for (unsigned i = 1; i <= accounts; ++i) writer.AddUser(User(UserName(i).text, HomeOf(i), i));
  std::string members;
  for (unsigned i = 1; i <= accounts; ++i) {
    members += UserName(i).text;
    members += '\0';
    if (i % kUsersPerGroup != 0 && i != accounts) continue;
    const std::string name = "group" + std::to_string(i);
    writer.AddGroup({.name = name,
                     .password = "x",
                     .gid = 20'000'000 + i,
                     .members = {members, (i - 1) % kUsersPerGroup + 1}});
    members.clear();
  }
  const auto summary = writer.Finish({.generation = 1, .created = 0, .seed = 0x5eed});
  if (!summary) Fail("cannot write", summary.error().c_str());
  return *summary;
}

std::span<char> Map(int fd, std::size_t size) {
  void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) Fail("mmap");
  return {static_cast<char*>(mapped), size};
}

// {hash, offset} slots, half of them free, linear probing; records are a length and the strings.
class Floor {
 public:
  explicit Floor(unsigned accounts) {
    std::size_t slots = 16;
    while (slots < std::size_t{accounts} * 2) slots *= 2;
    mask_ = slots - 1;
    const std::size_t size = slots * sizeof(Slot) + std::size_t{accounts} * 128;
    const int fd = memfd_create("floor", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, static_cast<off_t>(size)) != 0) Fail("memfd_create");
    base_ = Map(fd, size).data();
    close(fd);
    std::uint32_t at = static_cast<std::uint32_t>(slots * sizeof(Slot));
    for (unsigned i = 1; i <= accounts; ++i) {
      std::string text = UserName(i).text;
      const std::string home = HomeOf(i);
      for (const char* const field :
           {"x", "Site of a customer", home.c_str(), "/usr/sbin/nologin"}) {
        text += '\0';
        text += field;
      }
      text += '\0';
      const Record head{static_cast<std::uint32_t>(text.size()), kFirstUid + i, kFirstUid};
      std::memcpy(base_ + at, &head, sizeof head);
      std::memcpy(base_ + at + sizeof head, text.data(), text.size());
      const auto hash = static_cast<std::uint32_t>(snapshot::Hash(UserName(i).text, 1));
      std::size_t slot = hash & mask_;
      while (SlotAt(slot).offset != 0) slot = (slot + 1) & mask_;
      SlotAt(slot) = {hash, at};
      at += static_cast<std::uint32_t>((sizeof head + text.size() + 7) / 8 * 8);
    }
  }

  bool Find(std::string_view name, char* buffer, Uid& uid) const {
    const auto hash = static_cast<std::uint32_t>(snapshot::Hash(name, 1));
    for (std::size_t slot = hash & mask_; SlotAt(slot).offset != 0; slot = (slot + 1) & mask_) {
      if (SlotAt(slot).hash != hash) continue;
      const char* const at = base_ + SlotAt(slot).offset;
      Record head;
      std::memcpy(&head, at, sizeof head);
      if (std::memcmp(at + sizeof head, name.data(), name.size()) != 0 ||
          at[sizeof head + name.size()] != '\0' || head.size > kBufferSize) {
        continue;
      }
      std::memcpy(buffer, at + sizeof head, head.size);
      uid = head.uid;
      return true;
    }
    return false;
  }

 private:
  struct Slot {
    std::uint32_t hash;
    std::uint32_t offset;
  };
  struct Record {
    std::uint32_t size;
    std::uint32_t uid;
    std::uint32_t gid;
  };
  Slot& SlotAt(std::size_t slot) const { return reinterpret_cast<Slot*>(base_)[slot]; }

  char* base_ = nullptr;
  std::size_t mask_ = 0;
};

// What the module does with a record: one copy.
bool CopyOut(const UserRecord& user, char* buffer) {
  if (user.packed.size() > kBufferSize) return false;
  std::memcpy(buffer, user.packed.data(), user.packed.size());
  return true;
}

// Nanoseconds per call: of many short passes the one that only a tenth of them beat, so that what
// else the machine does hardly counts.
template <class Ask>
double Measure(unsigned accounts, Ask ask) {
  constexpr int kPasses = 3'000;
  constexpr unsigned kCalls = 200;
  std::vector<double> passes;
  RandomAccount random(accounts, 7);
  for (int pass = 0; pass < kPasses; ++pass) {
    const double start = NowNs();
    for (unsigned i = 0; i < kCalls; ++i) ask(random());
    passes.push_back((NowNs() - start) / kCalls);
  }
  const auto tenth = passes.begin() + kPasses / 10;
  std::nth_element(passes.begin(), tenth, passes.end());
  return *tenth;
}

void Lookups(unsigned accounts) {
  std::string directory = "/dev/shm/snapshot-floor-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr || chmod(directory.c_str(), 0755) != 0)
    Fail("cannot make", directory.c_str());
  const std::string file = directory + "/snapshot.1";
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) Fail("cannot make", file.c_str());
  WriteSnapshot(fd, accounts);
  close(fd);
  auto control = ControlPageWriter::Open(directory + "/control");
  if (!control) Fail("cannot make the control page", control.error().c_str());
  control->SetNameRules(NameRules::Default());
  control->Publish(1, true);
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  control->Beat(now.tv_sec);
  control->ConfirmUntil(now.tv_sec + kMaxPromiseSeconds);

  SnapshotMap map({directory.c_str(), "/nonexistent"});
  const Floor floor(accounts);
  std::vector<bench::Name> names;
  std::vector<bench::Name> missing;
  for (unsigned i = 0; i <= accounts; ++i) {
    names.push_back(UserName(i));
    missing.push_back(UserName(i));
    std::memcpy(missing.back().text, "none", 4);
  }
  char buffer[kBufferSize];
  const auto print = [](const char* what, double ns, double floor_ns) {
    std::printf("%-8s %7.1f %7.1f\n", what, ns, floor_ns);
  };
  const double idle = Measure(accounts, [&](unsigned i) {
    const std::string_view name = names[i].text;
    asm volatile("" : : "r"(name.data()), "r"(name.size()) : "memory");
  });
  const double floor_hit = Measure(accounts, [&](unsigned i) {
    Uid uid = 0;
    if (!floor.Find(names[i].text, buffer, uid) || uid != kFirstUid + i) Fail("floor");
  });
  const double floor_miss = Measure(accounts, [&](unsigned i) {
    Uid uid = 0;
    if (floor.Find(missing[i].text, buffer, uid)) Fail("floor");
  });
  print("name",
        Measure(accounts,
                [&](unsigned i) {
                  SnapshotGlance source(map);
                  Uid uid = 0;
                  const Answer answer =
                      source.FindUserByName(names[i].text, [&](const UserRecord& user) {
                        if (CopyOut(user, buffer)) uid = user.uid;
                      });
                  if (!answer.found() || uid != kFirstUid + i) Fail("by name");
                }) -
            idle,
        floor_hit - idle);
  print("uid",
        Measure(accounts,
                [&](unsigned i) {
                  SnapshotGlance source(map);
                  bool copied = false;
                  const Answer answer = source.FindUserById(
                      kFirstUid + i,
                      [&](const UserRecord& user) { copied = CopyOut(user, buffer); });
                  if (!answer.found() || !copied) Fail("by uid");
                }) -
            idle,
        floor_hit - idle);
  print("gids",
        Measure(accounts,
                [&](unsigned i) {
                  SnapshotGlance source(map);
                  std::size_t count = 0;
                  const Answer answer = source.FindGroupsOfUser(
                      names[i].text, [&](std::span<const Gid> gids) { count = gids.size(); });
                  if (!answer.found() || count != 1) Fail("groups");
                }) -
            idle,
        floor_hit - idle);
  print("miss",
        Measure(accounts,
                [&](unsigned i) {
                  SnapshotGlance source(map);
                  const Answer answer =
                      source.FindUserByName(missing[i].text, [](const UserRecord&) {});
                  if (!answer.absent()) Fail("miss");
                }) -
            idle,
        floor_miss - idle);
  print("rules",
        Measure(accounts,
                [&](unsigned i) {
                  if (!CanBeName(names[i].text)) Fail("CanBeName");
                }) -
            idle,
        0);

  const double start = NowNs();
  Cursor<UserRecord>* cursor = nullptr;
  SnapshotSource source(map);
  if (!source.ListUsers(cursor).found()) Fail("enumeration");
  unsigned rows = 0;
  for (UserRecord user; cursor->Next(user).found(); ++rows) CopyOut(user, buffer);
  cursor->Close();
  if (rows != accounts) Fail("enumeration");
  print("row", (NowNs() - start) / rows, 0);
  std::filesystem::remove_all(directory);
}

// proc(5): KiB of a line of /proc/self/status.
long Kib(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return std::strtol(line.c_str() + name.size() + 1, nullptr, 10);
  }
  Fail("no such line in /proc/self/status");
}

void Build(unsigned accounts) {
  const long before = Kib("VmHWM");
  const int fd = memfd_create("snapshot", MFD_CLOEXEC);
  const double start = NowNs();
  const SnapshotSummary summary = WriteSnapshot(fd, accounts);
  const double written = NowNs();
  const long peak = Kib("VmHWM") - before;
  const std::span<char> file = Map(fd, summary.file_size);
  const auto view = SnapshotView::Of(file);
  if (!view) Fail("not sound");
  const auto verified = VerifyWhole(*view, {NameRules::Default(), IdRules{}, IdRules{}});
  if (!verified) Fail("not sound", verified.error().c_str());
  std::printf(
      "file %.1f MiB; write %.2f s, verify %.2f s; peak of memory %.1f MiB, file included\n",
      static_cast<double>(summary.file_size) / 1048576, (written - start) / 1e9,
      (NowNs() - written) / 1e9, static_cast<double>(peak) / 1024);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "build") {
    Build(Count(argv[2]));
  } else if (argc == 2) {
    Lookups(Count(argv[1]));
  } else {
    Fail("usage: snapshot_floor ACCOUNTS | build ACCOUNTS");
  }
}
