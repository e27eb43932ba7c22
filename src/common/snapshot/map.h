// SnapshotMap: the current snapshot as this process has it mapped.
//
// It lives in every process that resolves accounts: constant-initialised, no destructor, no
// allocation, no descriptor kept, no lock that a forked child could wait for. A look-up that finds
// the current generation mapped makes no system call, and once a second one of them writes one word
// to memory.
//
// How an old generation is let go without counting its readers: files are mapped in turn over a few
// ranges of addresses, the arenas, each with a sequence number, and an address that was once handed
// out is never unmapped. A thread that sleeps in a look-up while its arena is mapped anew reads
// garbage at worst, learns so from the sequence number, and asks again; it never faults.
#ifndef SQLMAP_COMMON_SNAPSHOT_MAP_H_
#define SQLMAP_COMMON_SNAPSHOT_MAP_H_

#include <sys/types.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/account/answer.h"
#include "common/process/fork_lock.h"
#include "common/snapshot/control.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/view.h"

namespace sqlmap {

struct SnapshotPaths {
  const char* directory = "/run/sqlmapd";  // holds `control` and `snapshot.<generation>`
  // Until something has been published; null: of all files the control page alone is mapped.
  const char* persistent = "/var/lib/sqlmapd/snapshot";
};

// What a look-up works on.
struct SnapshotReading {
  SnapshotTable table;
  std::uint64_t generation;
  std::uint64_t sequence;
  std::uint32_t arena;
};

// All of it may be called by any thread at any time, and leaves errno and cancellation state as
// they were.
class SnapshotMap {
 public:
  constexpr explicit SnapshotMap(SnapshotPaths paths = {}) : paths_(paths) {}
  SnapshotMap(const SnapshotMap&) = delete;
  SnapshotMap& operator=(const SnapshotMap&) = delete;

  // Begins a look-up in the newest snapshot that there is. False: there is none, see Missing.
  [[gnu::always_inline]] bool Begin(snapshot::Table table, SnapshotReading& reading) noexcept {
    Look();
    return Take(table, reading);
  }
  // The same, but also false if it is being replaced in this moment.
  [[gnu::always_inline]] bool Glance(snapshot::Table table, SnapshotReading& reading) noexcept {
    Look();
    reading.arena = current_.load(std::memory_order_acquire);
    return reading.arena != kNone && Read(table, reading);
  }
  // Whether all that was read since Begin was of that generation. False: forget it and begin again.
  bool Stands(const SnapshotReading& reading) const noexcept {
    return AfterReads(arenas_[reading.arena].sequence) == reading.sequence;
  }
  // Why there is no snapshot.
  Answer Missing() const noexcept {
    return Answer::Unavailable(missing_.load(std::memory_order_relaxed));
  }

  // No control page and no snapshot: none was there, now or before, rather than one that may not be
  // read or believed. After Look.
  bool SawNothing() const noexcept {
    return control_.load(std::memory_order_acquire) == nullptr &&
           current_.load(std::memory_order_acquire) == kNone &&
           missing_.load(std::memory_order_relaxed) == Reason::kNotConfigured;
  }

  // Whether an absence that was found in this generation needs no second opinion.
  bool MissIsFinal(std::uint64_t generation) const noexcept {
    const ControlPage* const control = control_.load(std::memory_order_acquire);
    if (control == nullptr) return false;
    // The writer withdraws the promise before it names a new generation.
    const std::int64_t until = control->confirmed_until.load(std::memory_order_acquire);
    // In its last second the promise is held to the exact clock, before that to the one of the last
    // look around, which is not older than a second unless somebody has set the wall clock back.
    auto now = static_cast<std::int64_t>(looked_.load(std::memory_order_relaxed) >> 32) + 1;
    if (now > until) now = Now();
    return control->generation.load(std::memory_order_acquire) == generation &&
           (control->flags.load(std::memory_order_relaxed) & control::kComplete) != 0 &&
           now <= until && until <= now + kMaxPromiseSeconds;
  }
  // What Begin does first. For a question that is not put to the snapshot, and may be the first of
  // a process: what is said below depends on it.
  [[gnu::always_inline]] void Look() noexcept {
    const auto second = static_cast<std::uint32_t>(time(nullptr));  // the cheapest of all clocks
    if (second != static_cast<std::uint32_t>(looked_.load(std::memory_order_relaxed)) ||
        Wanted() != seen_.load(std::memory_order_relaxed)) [[unlikely]]
      LookAround(second);
  }
  // Whether users and groups may be listed. Without a control page it is the snapshot's word. May
  // be the first question of a process.
  bool MayList() noexcept;
  // Whether sqlmapd gave a sign of life within the last seconds.
  bool DaemonLives() const noexcept;
  // Whether the configuration lets an account have this name. True if there is no control page.
  bool MayBeName(std::string_view name) const noexcept;
  // Whether it lets an account have this id. Yes, unless it is reserved, if there is no control
  // page; no if there is one that this process cannot map: whoever runs a set-uid program must not
  // be able to switch the rule off (RLIMIT_AS).
  bool MayHaveId(IdKind kind, std::uint32_t id) noexcept;

  // A mapping of the newest snapshot, read-only, in which nobody replaces it. The caller unmaps it.
  // Works without the file: also after chroot(2), or with no descriptor free.
  Answer Duplicate(std::span<char>& memory) noexcept;

 private:
  static constexpr std::uint32_t kArenas = 3;
  static constexpr std::uint32_t kNone = kArenas;

  // A SnapshotTable that may change while it is read. Word by word: a struct that is put together
  // in memory would cost more than the look-up.
  class Table {
   public:
    SnapshotTable Load() const noexcept {
      constexpr auto kOrder = std::memory_order_relaxed;
      return {file_.load(kOrder),  index_.load(kOrder), buckets_.load(kOrder),
              begin_.load(kOrder), end_.load(kOrder),   seed_.load(kOrder)};
    }
    void Store(const SnapshotTable& table) noexcept {
      constexpr auto kOrder = std::memory_order_relaxed;
      file_.store(table.file, kOrder);
      index_.store(table.index, kOrder);
      buckets_.store(table.buckets, kOrder);
      begin_.store(table.begin, kOrder);
      end_.store(table.end, kOrder);
      seed_.store(table.seed, kOrder);
    }

   private:
    std::atomic<const char*> file_{nullptr};
    std::atomic<std::uint64_t> index_{0};
    std::atomic<std::uint64_t> buckets_{0};
    std::atomic<std::uint64_t> begin_{0};
    std::atomic<std::uint64_t> end_{0};
    std::atomic<std::uint64_t> seed_{0};
  };

  // An odd sequence: it is being mapped anew. What stands beside it is valid as long as the
  // sequence is even and unchanged; base and capacity are for the holder of lock_ alone.
  struct alignas(64) Arena {
    std::atomic<std::uint64_t> sequence{0};
    std::atomic<std::uint64_t> generation{0};
    std::atomic<std::uint64_t> size{0};  // of the file
    std::atomic<char*> base{nullptr};
    std::atomic<std::uint64_t> capacity{0};  // of the range of addresses; 0: there is none
    Table tables[snapshot::kTables];
    std::atomic<bool> listed{true};
  };
  struct Inode {
    dev_t device = 0;
    ino_t number = 0;
    friend bool operator==(const Inode&, const Inode&) = default;
  };
  class Directory;
  struct File;

  // Coarse seconds of CLOCK_MONOTONIC.
  static std::int64_t Now() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);  // no system call
    return now.tv_sec;
  }

  // A load that happens after all that was read before it.
  static std::uint64_t AfterReads(const std::atomic<std::uint64_t>& sequence) noexcept {
#ifdef __SANITIZE_THREAD__  // which knows no fences
    return const_cast<std::atomic<std::uint64_t>&>(sequence).fetch_add(0,
                                                                       std::memory_order_acq_rel);
#else
    std::atomic_thread_fence(std::memory_order_acquire);
    return sequence.load(std::memory_order_relaxed);
#endif
  }

  std::uint64_t Wanted() const noexcept {
    const ControlPage* const control = control_.load(std::memory_order_acquire);
    if (control == nullptr) [[unlikely]]
      return 0;
    return control->generation.load(std::memory_order_acquire);
  }
  bool RefreshIsDue(std::int64_t now) const noexcept {
    return Wanted() != seen_.load(std::memory_order_relaxed) ||
           LookIsDue(next_look_.load(std::memory_order_relaxed), now);
  }
  // Also if it is further away than we ever put it: then the clock is another one, since this is a
  // child in a time namespace of its own.
  static bool LookIsDue(std::int64_t next, std::int64_t now) noexcept {
    return next <= now || next > now + kHeartbeatSeconds;
  }

  [[gnu::always_inline]] bool Take(snapshot::Table table, SnapshotReading& reading) const noexcept {
    // It takes a remapping in the few instructions between the loads to come around again.
    for (;;) {
      reading.arena = current_.load(std::memory_order_acquire);
      if (reading.arena == kNone) return false;
      if (Read(table, reading)) return true;
    }
  }
  [[gnu::always_inline]] bool Read(snapshot::Table table, SnapshotReading& reading) const noexcept {
    const Arena& arena = arenas_[reading.arena];
    reading.sequence = arena.sequence.load(std::memory_order_acquire);
    reading.generation = arena.generation.load(std::memory_order_relaxed);
    reading.table = arena.tables[static_cast<std::size_t>(table)].Load();
    return reading.sequence % 2 == 0 && Stands(reading);
  }

  void LookAround(std::uint32_t second) noexcept;
  void Refresh() noexcept;
  bool TakeTurn() noexcept;
  bool DaemonLives(std::int64_t now) const noexcept;
  bool Withdrawn() const noexcept;
  Reason LookForControl(Directory& directory) noexcept;
  Reason MapNewest(std::uint64_t wanted, Directory& directory) noexcept;
  Reason MapFile(const char* path, std::uint64_t generation) noexcept;
  Reason MapInto(Arena& arena, const File& file) noexcept;
  static Reason MapRange(Arena& arena, const File& file, std::uint64_t needed) noexcept;

  const SnapshotPaths paths_;

  // Read by each look-up.
  // When it was last found out that no Refresh is due, in seconds: of the wall clock, modulo 2 to
  // the 32nd, and, in the upper half, of the monotonic one. One word, so that they belong together.
  alignas(64) std::atomic<std::uint64_t> looked_{UINT32_MAX};
  std::atomic<const ControlPage*> control_{nullptr};
  std::atomic<std::uint64_t> seen_{0};      // the control page's generation at the last Refresh
  std::atomic<std::int64_t> next_look_{0};  // when the next Refresh is due in any case
  std::atomic<std::uint32_t> current_{kNone};
  std::atomic<Reason> missing_{Reason::kNotConfigured};
  std::atomic<Reason> no_control_{Reason::kNone};  // why there is no control page; kNone: unknown
  Arena arenas_[kArenas];

  // Under lock_. A child may be forked between any two stores, so that they are stored in this
  // order: what is mapped, then what is known about it; what is not known any more, before it goes.
  // It may then map once more what it has.
  ForkLock lock_;
  Inode control_inode_;
  Inode mapped_inode_;
  bool published_ = false;  // current_ is a file that the control page named
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SNAPSHOT_MAP_H_
