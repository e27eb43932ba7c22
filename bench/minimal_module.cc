// The least that a look-up through glibc can cost that finds its answer in the same table as
// sqlmap's: one probe of a snapshot, one copy, and nobody else is asked. Built twice.
//
//   libnss_minimal.so.2  believes the file, and that there is no newer one
//   libnss_checked.so.2  looks whether a newer one is there, as sqlmap's does: at a word that the
//                        daemon would change, and at the clock, because the daemon may be gone; and
//                        believes a record only in its place and if its check is right. Still the
//                        file cannot be replaced, and the answer is not looked at
//
// They read kFile, a copy of a snapshot (doc/snapshot-format.md), which bench/daemon.py makes.
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "common/snapshot/check.h"
#include "common/snapshot/hash.h"
#include "common/snapshot/layout.h"

#pragma GCC visibility push(default)
extern "C" {
#ifdef SQLMAP_BENCH_CHECKED
#define SQLMAP_BENCH_ENTRY(name) _nss_checked_##name
NSS_DECLARE_MODULE_FUNCTIONS(checked)
#else
#define SQLMAP_BENCH_ENTRY(name) _nss_minimal_##name
NSS_DECLARE_MODULE_FUNCTIONS(minimal)
#endif
}
#pragma GCC visibility pop

namespace {

using namespace sqlmap::snapshot;

constexpr const char* kFile = "/run/minimal-snapshot";

#ifdef SQLMAP_BENCH_CHECKED
constexpr bool kChecked = true;
#else
constexpr bool kChecked = false;
#endif

std::atomic<const char*> g_file{nullptr};

// What a daemon would write, and what was seen of it; when to look for another daemon's.
std::atomic<std::uint64_t> g_generation{0};
std::atomic<std::uint64_t> g_seen{0};
std::atomic<time_t> g_next_look{INT64_MAX};

bool IsCurrent() {
  const time_t now = time(nullptr);
  return g_generation.load(std::memory_order_acquire) == g_seen.load(std::memory_order_relaxed) &&
         now < g_next_look.load(std::memory_order_relaxed);
}

const char* Map() {
  const int fd = open(kFile, O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (fd < 0) return nullptr;
  void* mapped = MAP_FAILED;
  if (fstat(fd, &status) == 0)
    mapped = mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped == MAP_FAILED) return nullptr;
  g_file.store(static_cast<const char*>(mapped), std::memory_order_release);
  return static_cast<const char*>(mapped);
}

inline const char* File() {
  if (kChecked && !IsCurrent()) return nullptr;
  const char* const file = g_file.load(std::memory_order_acquire);
  return file != nullptr ? file : Map();
}

inline const Header& HeaderOf(const char* file) { return *reinterpret_cast<const Header*>(file); }

template <class Head>
const char* TextOf(const Head* head) {
  return reinterpret_cast<const char*>(head + 1);
}

// A record of this kind in its place, and whole.
template <class Head>
inline bool IsSound(const char* file, Table table, std::uint64_t offset) {
  const Section& section = HeaderOf(file).sections[static_cast<std::size_t>(KindIn(table))];
  const std::uint64_t end = section.offset + section.size;
  if (offset < section.offset || offset > end || end - offset < sizeof(Head)) return false;
  const auto* const head = reinterpret_cast<const Head*>(file + offset);
  return head->size % kUnit == 0 && head->size <= end - offset &&
         head->check == CheckBehind(head, head->size, HeaderOf(file).seed + offset);
}

// The record in this table that matches; nullptr: there is none.
template <class Head, class Matches>
inline const Head* Find(const char* file, Table table, std::uint64_t hash, Matches matches) {
  const Index& index = HeaderOf(file).indices[static_cast<std::size_t>(table)];
  const auto tag = static_cast<std::uint32_t>(hash);
  std::uint64_t number = (hash >> 32) * index.buckets >> 32;
  for (;;) {
    const auto& bucket =
        *reinterpret_cast<const Bucket*>(file + index.offset + number * sizeof(Bucket));
    unsigned candidates = 0;
#pragma GCC unroll 7
    for (unsigned i = 0; i < kBucketEntries; ++i)
      candidates |= static_cast<unsigned>(bucket.tags[i] == tag) << i;
    for (; candidates != 0; candidates &= candidates - 1) {
      const std::uint64_t at = bucket.positions[std::countr_zero(candidates)];
      const auto* const head = reinterpret_cast<const Head*>(file + at * kUnit);
      if (kChecked && !IsSound<Head>(file, table, at * kUnit)) return nullptr;
      if (at != 0 && matches(head)) return head;
    }
    if (kChecked &&
        bucket.check != CheckBefore(&bucket, sizeof bucket, HeaderOf(file).seed + number))
      return nullptr;
    if ((bucket.flags & kOverflowed) == 0) return nullptr;
    if (++number == index.buckets) number = 0;
  }
}

template <class Head>
inline const Head* FindByName(const char* file, Table table, const char* name, auto name_in) {
  const std::size_t length = strlen(name);
  return Find<Head>(file, table, Hash({name, length}, HeaderOf(file).seed), [&](const Head* head) {
    return head->name == length && memcmp(name_in(head), name, length) == 0;
  });
}

const char* NameOf(const GroupHead* group) { return TextOf(group) + group->members_bytes; }

const char* NameOf(const MembershipHead* user) { return TextOf(user) + user->gids * sizeof(gid_t); }

nss_status TooSmall(int* error) {
  *error = ERANGE;
  return NSS_STATUS_TRYAGAIN;
}

nss_status Give(const UserHead* user, passwd* entry, char* buffer, size_t size, int* error) {
  if (user == nullptr) return NSS_STATUS_NOTFOUND;
  const std::size_t password = user->name + std::size_t{1};
  const std::size_t gecos = password + user->password + 1;
  const std::size_t home = gecos + user->gecos + 1;
  const std::size_t shell = home + user->home + 1;
  const std::size_t used = shell + user->shell + 1;
  if (used > size) return TooSmall(error);
  memcpy(buffer, TextOf(user), used);
  *entry = {buffer,         buffer + password, user->uid,     user->gid,
            buffer + gecos, buffer + home,     buffer + shell};
  return NSS_STATUS_SUCCESS;
}

nss_status Give(const GroupHead* found, group* entry, char* buffer, size_t size, int* error) {
  if (found == nullptr) return NSS_STATUS_NOTFOUND;
  const std::size_t padding = -reinterpret_cast<std::uintptr_t>(buffer) % sizeof(char*);
  const std::size_t pointers = (found->members + std::size_t{1}) * sizeof(char*);
  const std::size_t used = found->members_bytes + found->name + found->password + std::size_t{2};
  if (padding + pointers + used > size) return TooSmall(error);
  auto** const members = reinterpret_cast<char**>(buffer + padding);
  char* const text = buffer + padding + pointers;
  memcpy(text, TextOf(found), used);
  char* member = text;
  for (std::uint32_t i = 0; i < found->members; ++i) {
    members[i] = member;
    member += strlen(member) + 1;
  }
  members[found->members] = nullptr;
  *entry = {member, member + found->name + 1, found->gid, members};
  return NSS_STATUS_SUCCESS;
}

std::uint64_t g_next_user = 0;

}  // namespace

nss_status SQLMAP_BENCH_ENTRY(getpwnam_r)(const char* name, passwd* entry, char* buffer,
                                          size_t size, int* error) {
  const char* const file = File();
  if (file == nullptr) return NSS_STATUS_UNAVAIL;
  return Give(FindByName<UserHead>(file, Table::kUserByName, name, TextOf<UserHead>), entry, buffer,
              size, error);
}

nss_status SQLMAP_BENCH_ENTRY(getpwuid_r)(uid_t uid, passwd* entry, char* buffer, size_t size,
                                          int* error) {
  const char* const file = File();
  if (file == nullptr) return NSS_STATUS_UNAVAIL;
  return Give(Find<UserHead>(file, Table::kUserByUid, Hash(uid, HeaderOf(file).seed),
                             [&](const UserHead* user) {
                               return user->uid == uid && (user->flags & kOwnsId) != 0;
                             }),
              entry, buffer, size, error);
}

nss_status SQLMAP_BENCH_ENTRY(getgrnam_r)(const char* name, group* entry, char* buffer, size_t size,
                                          int* error) {
  const char* const file = File();
  if (file == nullptr) return NSS_STATUS_UNAVAIL;
  return Give(FindByName<GroupHead>(file, Table::kGroupByName, name,
                                    [](const GroupHead* found) { return NameOf(found); }),
              entry, buffer, size, error);
}

nss_status SQLMAP_BENCH_ENTRY(getgrgid_r)(gid_t gid, group* entry, char* buffer, size_t size,
                                          int* error) {
  const char* const file = File();
  if (file == nullptr) return NSS_STATUS_UNAVAIL;
  return Give(Find<GroupHead>(file, Table::kGroupByGid, Hash(gid, HeaderOf(file).seed),
                              [&](const GroupHead* found) {
                                return found->gid == gid && (found->flags & kOwnsId) != 0;
                              }),
              entry, buffer, size, error);
}

nss_status SQLMAP_BENCH_ENTRY(initgroups_dyn)(const char* name, gid_t primary, long* start,
                                              long* size, gid_t** groups, long limit, int* error) {
  const char* const file = File();
  if (file == nullptr) return NSS_STATUS_UNAVAIL;
  const auto* const user = FindByName<MembershipHead>(
      file, Table::kGidsByUserName, name, [](const MembershipHead* head) { return NameOf(head); });
  if (user == nullptr) return NSS_STATUS_NOTFOUND;
  const auto* const gids = reinterpret_cast<const gid_t*>(TextOf(user));
  for (std::uint32_t i = 0; i < user->gids; ++i) {
    if (gids[i] == primary) continue;
    if (limit > 0 && *start == limit) break;
    if (*start == *size) {
      auto* const larger = static_cast<gid_t*>(
          realloc(*groups, static_cast<std::size_t>(*size) * 2 * sizeof(gid_t)));
      if (larger == nullptr) {
        *error = ENOMEM;
        return NSS_STATUS_TRYAGAIN;
      }
      *groups = larger;
      *size *= 2;
    }
    (*groups)[(*start)++] = gids[i];
  }
  return NSS_STATUS_SUCCESS;
}

nss_status SQLMAP_BENCH_ENTRY(setpwent)(int) {
  g_next_user = 0;
  return NSS_STATUS_SUCCESS;
}

nss_status SQLMAP_BENCH_ENTRY(getpwent_r)(passwd* entry, char* buffer, size_t size, int* error) {
  const char* const file = File();
  if (file == nullptr) return NSS_STATUS_UNAVAIL;
  const Section& users = HeaderOf(file).sections[static_cast<std::size_t>(Kind::kUser)];
  if (g_next_user == users.size) {
    *error = ENOENT;
    return NSS_STATUS_NOTFOUND;
  }
  const auto* const user = reinterpret_cast<const UserHead*>(file + users.offset + g_next_user);
  const nss_status status = Give(user, entry, buffer, size, error);
  if (status == NSS_STATUS_SUCCESS) g_next_user += user->size;
  return status;
}

nss_status SQLMAP_BENCH_ENTRY(endpwent)() {
  g_next_user = 0;
  return NSS_STATUS_SUCCESS;
}
