// The control page, /run/sqlmapd/control: one page that sqlmapd writes and every process that
// resolves accounts has mapped. It says which snapshot is the current one and whether a miss in it
// may be believed. doc/snapshot-format.md has it byte by byte.
#ifndef SQLMAP_COMMON_SNAPSHOT_CONTROL_H_
#define SQLMAP_COMMON_SNAPSHOT_CONTROL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/account/id_kind.h"
#include "common/account/rules.h"

namespace sqlmap {

inline constexpr std::uint64_t kControlMagic = 0x4c544350414d5153;  // "SQMAPCTL"
inline constexpr std::uint32_t kControlVersion = 1;
inline constexpr std::size_t kControlSize = 4096;
// A heartbeat that is older belongs to a daemon that is gone.
inline constexpr std::int64_t kHeartbeatSeconds = 3;
// A promise beyond that was not made by a clock like ours (another time namespace, an earlier
// boot).
inline constexpr std::int64_t kMaxPromiseSeconds = 10;

namespace control {
inline constexpr std::uint32_t kComplete = 1;     // the snapshot holds every account
inline constexpr std::uint32_t kBackendDown = 2;  // the database does not answer at present
inline constexpr std::uint32_t kRetired = 4;      // sqlmapd was stopped; the last snapshot stands
inline constexpr std::uint32_t kWithdrawn = 8;    // there are no snapshots any more: none stands
inline constexpr std::uint32_t kNoLists = 16;  // accounts.enumerate is false: all lists are empty
inline constexpr std::uint32_t kAll = kComplete | kBackendDown | kRetired | kWithdrawn | kNoLists;
static_assert(kComplete + kBackendDown + kRetired + kWithdrawn + kNoLists == kAll, "bits differ");
}  // namespace control

// Times are seconds of CLOCK_MONOTONIC. Everything from `generation` on may change at any moment.
struct ControlPage {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t size;
  std::atomic<std::uint64_t> generation;      // of the current snapshot; 0: none yet
  std::atomic<std::int64_t> heartbeat;        // when sqlmapd was last known to live
  std::atomic<std::int64_t> confirmed_until;  // until then a miss needs no second opinion; 0: never
  std::atomic<std::uint32_t> flags;
  std::uint32_t zero;
  std::atomic<std::int64_t> backend_down_since;  // kBackendDown: seconds since 1970
  std::uint64_t spare;
  // accounts.name_first, name_rest, name_max as bit sets and a number; a configuration with
  // name_case = "lower" leaves the capitals out. The check is XXH3 of the nine words.
  static constexpr std::size_t kRuleWords = 9;
  std::atomic<std::uint64_t> rules[kRuleWords];
  std::atomic<std::uint64_t> rules_check;
  // The ids that an account may have: an IdBlock. The sequence is odd while it is being changed; 0:
  // there is none yet, and no account may have any.
  static constexpr std::size_t kIdWords = 493;
  std::atomic<std::uint64_t> ids[kIdWords];
  std::atomic<std::uint64_t> ids_sequence;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
              sizeof(ControlPage) == kControlSize);

// IdRules, without its pointers.
struct IdLimits {
  std::uint32_t min = 0;
  std::uint32_t max = 0;
  std::span<const std::uint32_t> also;   // single ids outside, kMostSingleIds at most; not owned
  std::span<const std::uint32_t> never;  // ids of the host's own inside; not owned
};
struct AccountIds {
  IdLimits uids;
  IdLimits gids;
};

struct IdBlock {
  struct Kind {
    std::uint32_t min;
    std::uint32_t max;
    std::uint32_t also;   // how many
    std::uint32_t never;  // likewise
  };
  static constexpr std::size_t kMost = 2 * ControlPage::kIdWords - 8;

  Kind uids;
  Kind gids;
  std::uint32_t ids[kMost];  // also and never of the uids, then those of the gids
};
static_assert(sizeof(IdBlock) == sizeof ControlPage::ids && IdBlock::kMost > 2 * kMostSingleIds);

// Whether an account may have this name, as far as the page knows: true if its rules are not whole.
bool MayBeName(const ControlPage& page, std::string_view name) noexcept;
void StoreNameRules(ControlPage& page, const NameRules& rules) noexcept;

// Whether an account may have this id. No as well if the page does not say, or is being changed all
// the time. No copy is made: the caller's stack may be small.
bool MayHaveId(const ControlPage& page, IdKind kind, std::uint32_t id) noexcept;
// Of what does not fit the last ones of `never` are left out.
void StoreIds(ControlPage& page, const AccountIds& ids) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SNAPSHOT_CONTROL_H_
