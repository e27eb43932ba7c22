#include "snapshots.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sqlmap::test {
namespace {

void Require(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::abort();
}

}  // namespace

Accounts SmallSite() {
  return {{{.name = "alice", .uid = 2001, .gecos = "Alice"},
           {.name = "bob", .uid = 2002, .home = "/srv/bob"},
           {.name = "shop.acme.example", .uid = 2002},
           {.name = "ann", .uid = 2002},
           {.name = "carol", .uid = 2003, .password = "*"}},
          {{"staff", 3001, {"alice", "bob"}},
           {"www", 3002, {"alice", "box@acme.example"}},
           {"empty", 3003, {}},
           {"web", 3002, {"carol", "alice"}}}};
}

Accounts ManyUsers(unsigned count) {
  Accounts accounts;
  for (unsigned i = 1; i <= count; ++i) {
    char name[16];
    std::snprintf(name, sizeof name, "user%06u", i);
    accounts.users.push_back(
        {.name = name, .uid = 100'000 + i, .home = std::string("/home/") + name});
    if (i % 1000 == 1) accounts.groups.push_back({"group" + std::to_string(i), 5'000'000 + i, {}});
    accounts.groups.back().members.push_back(name);
  }
  return accounts;
}

std::vector<char> Write(const Accounts& accounts, std::uint64_t generation, std::uint64_t seed,
                        SnapshotSummary* summary) {
  const int fd = memfd_create("snapshot", MFD_CLOEXEC);
  Require(fd >= 0, "memfd_create");
  SnapshotWriter writer(fd);
  for (const auto& [uid, name] : accounts.owners) writer.SetOwner(uid, name);
  for (const User& user : accounts.users) writer.AddUser(user.record());
  for (const Group& group : accounts.groups) {
    std::string members;
    for (const std::string& member : group.members) members += member + '\0';
    writer.AddGroup({group.name, "x", group.gid, {members, group.members.size()}});
  }
  const auto result = writer.Finish({generation, 1'700'000'000, seed, accounts.listed});
  if (!result) std::fprintf(stderr, "%s\n", result.error().c_str());
  Require(result.has_value(), "Finish");
  if (summary != nullptr) *summary = *result;
  std::vector<char> bytes(result->file_size);
  Require(pread(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), "pread");
  close(fd);
  return bytes;
}

SnapshotView ViewOf(const std::vector<char>& file) {
  const auto view = SnapshotView::Of(file);
  Require(view.has_value(), "SnapshotView::Of");
  return *view;
}

SnapshotRules Rules() { return {NameRules::Default(), IdRules{}, IdRules{}}; }

std::int64_t MonotonicSeconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

Site::Site() {
  char name[] = "/tmp/sqlmap-snapshot-XXXXXX";
  Require(mkdtemp(name) != nullptr && chmod(name, 0755) == 0, "mkdtemp");
  directory_ = name;
  run_ = Path("run");
  persistent_ = Path("persistent");
  Require(mkdir(run_.c_str(), 0755) == 0, "mkdir");
}

Site::~Site() { std::filesystem::remove_all(directory_); }

ControlPageWriter& Site::control() {
  if (!control_) {
    auto writer = ControlPageWriter::Open(Path("run/control"));
    if (!writer) std::fprintf(stderr, "%s\n", writer.error().c_str());
    Require(writer.has_value(), "control page");
    control_.emplace(std::move(*writer));
  }
  return *control_;
}

void Site::Put(const std::string& path, const std::vector<char>& bytes) {
  const std::string fresh = path + ".new";
  const int fd = open(fresh.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  Require(fd >= 0, fresh.c_str());
  Require(write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()), "write");
  Require(fchmod(fd, 0444) == 0 && rename(fresh.c_str(), path.c_str()) == 0, "rename");
  close(fd);
}

void Site::Publish(std::uint64_t generation, const std::vector<char>& bytes) {
  Put(SnapshotPath(generation), bytes);
  const std::uint64_t before = control().generation();
  control().Publish(generation, true);
  if (before != 0 && before != generation) unlink(SnapshotPath(before).c_str());
}

void Site::Confirm() {
  Beat();
  control().ConfirmUntil(MonotonicSeconds() + 5);
}

std::size_t Mappings(std::string_view text) {
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line);) {
    if (line.contains(text)) ++lines;
  }
  return lines;
}

}  // namespace sqlmap::test
