#include "common/snapshot/map.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "common/account/trusted_path.h"
#include "common/process/call_guard.h"
#include "common/process/owned_fd.h"

namespace sqlmap {
namespace {

using snapshot::Header;

constexpr std::size_t kPathSize = 256;
constexpr int kMaxWaits = 200;
constexpr long kWaitNs = 100'000;

Reason ReasonOf(PathTrust trust) {
  switch (trust) {
    case PathTrust::kTrusted:
      return Reason::kNone;
    case PathTrust::kMissing:
      return Reason::kNotConfigured;
    case PathTrust::kForeign:
      break;
  }
  return Reason::kNotAllowed;
}

// To whole pages.
std::uint64_t RoundUp(std::uint64_t size) {
  const std::uint64_t page = getauxval(AT_PAGESZ);
  return (size + page - 1) / page * page;
}

// What is stored behind it is not seen, nor inherited by a child, before what is stored in front.
void BetweenStores() {
#ifdef __SANITIZE_THREAD__  // which knows no fences
  std::atomic_signal_fence(std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_release);
#endif
}

// directory + name + number, in `path`. False if it does not fit.
bool Compose(char (&path)[kPathSize], const char* directory, std::string_view name,
             std::uint64_t number, bool with_number) {
  const std::size_t length = strnlen(directory, kPathSize);
  constexpr std::size_t kDigits = 20;
  if (length + name.size() + kDigits + 1 > kPathSize) return false;
  std::memcpy(path, directory, length);
  std::memcpy(path + length, name.data(), name.size());
  char* end = path + length + name.size();
  if (with_number) end = std::to_chars(end, path + kPathSize - 1, number).ptr;
  *end = '\0';
  return true;
}

Reason ReasonOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return Reason::kNotConfigured;
    case ENOMEM:
    case EAGAIN:  // RLIMIT_MEMLOCK after mlockall(MCL_FUTURE)
    case EMFILE:
    case ENFILE:
    case EINVAL:  // no descriptor above 2: RLIMIT_NOFILE
      return Reason::kNoMemory;
    default:
      return Reason::kNotAllowed;
  }
}

// Nothing but zeros, and readable for ever. False, with errno: `at` may be a hole now.
bool Blank(char* at, std::uint64_t size) {
  return size == 0 ||
         mmap(at, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

// The same if it is a hole; what has been mapped there stays.
void FillHole(char* at, std::uint64_t size) {
  if (size == 0) return;
  void* const filled =
      mmap(at, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (filled != MAP_FAILED && filled != at) munmap(filled, size);  // a kernel before 4.17
}

}  // namespace

// An open file that root alone can have put there.
struct SnapshotMap::File {
  int fd = -1;
  std::uint64_t size = 0;
  Inode inode;

  File() = default;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) close(fd);
  }

  // `path` lies in a directory that is known to be root's alone.
  Reason Open(const char* path) noexcept {
    fd =
        AboveStandardStreams(open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
    if (fd < 0) return ReasonOf(errno);
    struct stat status {};
    if (fstat(fd, &status) != 0) return ReasonOf(errno);
    if (!S_ISREG(status.st_mode) || status.st_uid != 0 ||
        (status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
      return Reason::kNotAllowed;
    }
    size = static_cast<std::uint64_t>(status.st_size);
    inode = {status.st_dev, status.st_ino};
    return Reason::kNone;
  }
};

// Whether the directory is root's alone, looked at when it is first asked for.
class SnapshotMap::Directory {
 public:
  explicit Directory(const char* path) : path_(path) {}

  Reason Trust() noexcept {
    if (!trust_) trust_ = TrustOfDirectory(path_);
    return ReasonOf(*trust_);
  }

 private:
  const char* const path_;
  std::optional<PathTrust> trust_;
};

// Only the first look-ups of a process wait for one another; the others have an older generation.
bool SnapshotMap::TakeTurn() noexcept {
  for (int waits = 0; !lock_.TryLock(); ++waits) {
    if (current_.load(std::memory_order_acquire) != kNone || waits == kMaxWaits) return false;
    const timespec pause{0, kWaitNs};
    nanosleep(&pause, nullptr);
  }
  return true;
}

bool SnapshotMap::DaemonLives(std::int64_t now) const noexcept {
  const ControlPage* const control = control_.load(std::memory_order_acquire);
  if (control == nullptr) return false;
  const std::int64_t beat = control->heartbeat.load(std::memory_order_relaxed);
  return beat >= now - kHeartbeatSeconds && beat <= now + kHeartbeatSeconds;
}

bool SnapshotMap::Withdrawn() const noexcept {
  const ControlPage* const control = control_.load(std::memory_order_acquire);
  return control != nullptr &&
         (control->flags.load(std::memory_order_relaxed) & control::kWithdrawn) != 0;
}

// Once a second, and whenever there is a new generation. The wall clock tells that time has passed,
// and nothing else: what is due when is counted by the monotonic one. A program whose wall clock is
// made to stand still (libfaketime) keeps what it has until the control page names another
// generation.
void SnapshotMap::LookAround(std::uint32_t second) noexcept {
  if (RefreshIsDue(Now())) Refresh();
  const std::int64_t now = Now();
  if (!RefreshIsDue(now)) {
    looked_.store(static_cast<std::uint64_t>(now) << 32 | second, std::memory_order_relaxed);
  }
}

void SnapshotMap::Refresh() noexcept {
  const CallGuard guard;
  if (!TakeTurn()) return;
  const std::int64_t now = Now();
  if (RefreshIsDue(now)) {
    Directory directory(paths_.directory);
    const Reason no_control = DaemonLives(now) ? Reason::kNone : LookForControl(directory);
    no_control_.store(no_control, std::memory_order_relaxed);
    std::uint64_t wanted = 0;
    Reason why = Reason::kNone;
    // A file may be gone by the time that we open it, because the next one is there.
    constexpr int kTries = 4;
    for (int i = 0; i < kTries; ++i) {
      wanted = Wanted();
      why = paths_.persistent == nullptr ? Reason::kNotConfigured : MapNewest(wanted, directory);
      if (why == Reason::kNone || Wanted() == wanted) break;
    }
    // Of a directory that is not to be believed, or for want of memory, more is known than that
    // there is no file.
    if (why == Reason::kNotConfigured && no_control != Reason::kNone) why = no_control;
    if (why != Reason::kNone) missing_.store(why, std::memory_order_relaxed);
    const bool content = why == Reason::kNone && DaemonLives(now);
    next_look_.store(now + (content ? kHeartbeatSeconds : 1), std::memory_order_relaxed);
    seen_.store(wanted, std::memory_order_relaxed);
  }
  lock_.Unlock();
}

// kNone: the page that is there now is mapped.
Reason SnapshotMap::LookForControl(Directory& directory) noexcept {
  char path[kPathSize];
  File file;
  if (!Compose(path, paths_.directory, "/control", 0, false)) return Reason::kNotConfigured;
  if (const Reason why = directory.Trust(); why != Reason::kNone) return why;
  if (const Reason why = file.Open(path); why != Reason::kNone) return why;
  if (control_.load(std::memory_order_relaxed) != nullptr && file.inode == control_inode_)
    return Reason::kNone;
  if (file.size != kControlSize) return Reason::kServerError;
  // A page that was there before stays: others may be reading it, and MAP_FIXED may fail only after
  // it has unmapped. sqlmapd replaces a sound one never.
  void* const page = mmap(nullptr, kControlSize, PROT_READ, MAP_SHARED, file.fd, 0);
  if (page == MAP_FAILED) return ReasonOf(errno);
  const auto* const control = static_cast<const ControlPage*>(page);
  if (control->magic != kControlMagic || control->version != kControlVersion) {
    munmap(page, kControlSize);
    return Reason::kServerError;
  }
  control_.store(control, std::memory_order_release);
  BetweenStores();
  control_inode_ = file.inode;
  return Reason::kNone;
}

// kNone: the newest is mapped now.
Reason SnapshotMap::MapNewest(std::uint64_t wanted, Directory& directory) noexcept {
  const std::uint32_t current = current_.load(std::memory_order_relaxed);
  if (wanted == 0) {
    if (Withdrawn()) {
      published_ = false;
      BetweenStores();
      current_.store(kNone, std::memory_order_release);
      return Reason::kNotConfigured;
    }
    // What has been published is newer than what lies on the disk.
    if (published_) return Reason::kNone;
    const Reason why = ReasonOf(TrustOfFile(paths_.persistent));
    return why != Reason::kNone ? why : MapFile(paths_.persistent, 0);
  }
  if (published_ && current != kNone &&
      arenas_[current].generation.load(std::memory_order_relaxed) == wanted) {
    return Reason::kNone;
  }
  char path[kPathSize];
  if (!Compose(path, paths_.directory, "/snapshot.", wanted, true)) return Reason::kNotConfigured;
  if (const Reason why = directory.Trust(); why != Reason::kNone) return why;
  return MapFile(path, wanted);
}

// `generation` is the one that the file must be of; 0: any.
Reason SnapshotMap::MapFile(const char* path, std::uint64_t generation) noexcept {
  File file;
  if (const Reason why = file.Open(path); why != Reason::kNone) return why;
  const std::uint32_t current = current_.load(std::memory_order_relaxed);
  if (generation == 0 && current != kNone && file.inode == mapped_inode_) return Reason::kNone;
  if (file.size < sizeof(Header) || file.size > snapshot::kMaxFileSize) return Reason::kServerError;

  const std::uint32_t next = current == kNone ? 0 : (current + 1) % kArenas;
  Arena& arena = arenas_[next];
  const std::uint64_t odd = arena.sequence.load(std::memory_order_relaxed) | 1;
  arena.sequence.exchange(odd, std::memory_order_seq_cst);
  BetweenStores();
  Reason why = MapInto(arena, file);
  if (why == Reason::kNone && generation != 0 &&
      arena.generation.load(std::memory_order_relaxed) != generation) {
    why = Reason::kServerError;
  }
  arena.sequence.store(odd + 1, std::memory_order_release);
  if (why != Reason::kNone) return why;
  current_.store(next, std::memory_order_release);
  BetweenStores();
  mapped_inode_ = file.inode;
  published_ = generation != 0;
  return Reason::kNone;
}

// A range of addresses for it that is large enough.
Reason SnapshotMap::MapRange(Arena& arena, const File& file, std::uint64_t needed) noexcept {
  rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
  getrlimit(RLIMIT_AS, &limit);
  const bool limited = limit.rlim_cur != RLIM_INFINITY;
  // The arenas are never given back. Where addresses are scarce they take a quarter of them at
  // most; the daemon can be asked instead.
  if (limited && needed > limit.rlim_cur / 4 / kArenas) return Reason::kNoMemory;
  // Some room, so that a growing snapshot seldom needs a new range. Behind the file's end lies
  // nothing that anybody would read.
  std::uint64_t capacity = limited ? needed : RoundUp(needed + needed / 4);
  void* mapped = mmap(nullptr, capacity, PROT_READ, MAP_SHARED, file.fd, 0);
  if (mapped == MAP_FAILED && capacity != needed) {
    capacity = needed;
    mapped = mmap(nullptr, capacity, PROT_READ, MAP_SHARED, file.fd, 0);
  }
  if (mapped == MAP_FAILED) return ReasonOf(errno);
  // A child that is forked in between must not take the old range for as large as the new one, nor
  // may a range be used again that could not be blanked.
  const std::uint64_t old_capacity = arena.capacity.exchange(0, std::memory_order_seq_cst);
  char* const old = arena.base.exchange(static_cast<char*>(mapped), std::memory_order_seq_cst);
  arena.capacity.store(capacity, std::memory_order_release);
  if (!Blank(old, old_capacity)) FillHole(old, old_capacity);
  return Reason::kNone;
}

Reason SnapshotMap::MapInto(Arena& arena, const File& file) noexcept {
  const std::uint64_t needed = RoundUp(file.size);
  const std::uint64_t capacity = arena.capacity.load(std::memory_order_relaxed);
  if (capacity < needed) {
    if (const Reason why = MapRange(arena, file, needed); why != Reason::kNone) return why;
  } else {
    char* const at = arena.base.load(std::memory_order_relaxed);
    if (mmap(at, needed, PROT_READ, MAP_SHARED | MAP_FIXED, file.fd, 0) == MAP_FAILED ||
        !Blank(at + needed, capacity - needed)) {
      const Reason why = ReasonOf(errno);
      // It may have left a hole, where the host can map something before we fill it: from now on
      // the range is nobody's.
      arena.capacity.store(0, std::memory_order_release);
      FillHole(at, needed);
      FillHole(at + needed, capacity - needed);
      return why;
    }
  }

  const char* const base = arena.base.load(std::memory_order_relaxed);
  const std::optional<SnapshotView> view = SnapshotView::Of({base, file.size});
  if (!view) return Reason::kServerError;
  for (std::size_t table = 0; table < snapshot::kTables; ++table)
    arena.tables[table].Store(view->table(static_cast<snapshot::Table>(table)));
  arena.generation.store(view->generation(), std::memory_order_relaxed);
  arena.size.store(file.size, std::memory_order_relaxed);
  arena.listed.store((view->header().flags & snapshot::kNotListed) == 0, std::memory_order_relaxed);
  return Reason::kNone;
}

bool SnapshotMap::MayList() noexcept {
  Look();
  if (const ControlPage* const control = control_.load(std::memory_order_acquire))
    return (control->flags.load(std::memory_order_relaxed) & control::kNoLists) == 0;
  const std::uint32_t current = current_.load(std::memory_order_acquire);
  return current == kNone || arenas_[current].listed.load(std::memory_order_relaxed);
}

bool SnapshotMap::DaemonLives() const noexcept { return DaemonLives(Now()); }

bool SnapshotMap::MayBeName(std::string_view name) const noexcept {
  const ControlPage* const control = control_.load(std::memory_order_acquire);
  return control == nullptr || sqlmap::MayBeName(*control, name);
}

bool SnapshotMap::MayHaveId(IdKind kind, std::uint32_t id) noexcept {
  Look();
  const ControlPage* const control = control_.load(std::memory_order_acquire);
  if (control != nullptr) return sqlmap::MayHaveId(*control, kind, id);
  return no_control_.load(std::memory_order_relaxed) == Reason::kNotConfigured &&
         MayHaveAllButReserved(kind, id);
}

Answer SnapshotMap::Duplicate(std::span<char>& memory) noexcept {
  const CallGuard guard;
  constexpr int kTries = 16;
  for (int i = 0; i < kTries; ++i) {
    SnapshotReading reading;
    if (!Begin(snapshot::Table::kUserByName, reading)) return Missing();
    const std::uint64_t size = arenas_[reading.arena].size.load(std::memory_order_relaxed);
    if (!Stands(reading)) continue;
    // mremap(2): of a shared mapping, an old size of 0 makes a second one.
    void* const copy = mremap(const_cast<char*>(reading.table.file), 0, size, MREMAP_MAYMOVE);
    const Reason why = copy == MAP_FAILED ? ReasonOf(errno) : Reason::kNone;
    const bool stands = Stands(reading);
    if (copy != MAP_FAILED && stands) {
      memory = {static_cast<char*>(copy), size};
      return Answer::Found();
    }
    if (copy != MAP_FAILED) munmap(copy, size);
    // It also fails if the arena has just been given up.
    if (stands) return Answer::Unavailable(why);
  }
  return Answer::Unavailable(Reason::kTimeout);
}

}  // namespace sqlmap
