// One look-up in one table of a snapshot that lies in memory. Nothing in it is believed: every
// offset and length is checked against the file's size, every record against its check, and an
// "absent" against the checks of the buckets that say so.
//
// The memory may change during a call (map.h says when): then the outcome means nothing, but no
// byte outside of the file is read. No allocation, no system call, no exceptions. All of it is
// compiled into who asks, so that a record goes from the file to the caller in registers.
#ifndef SQLMAP_COMMON_SNAPSHOT_TABLE_H_
#define SQLMAP_COMMON_SNAPSHOT_TABLE_H_

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/account/record.h"
#include "common/snapshot/check.h"
#include "common/snapshot/hash.h"
#include "common/snapshot/layout.h"

namespace sqlmap {

enum class Probe : std::uint8_t {
  kFound,
  kAbsent,
  kDamaged,  // the file is not what its writer wrote
  kUnknown,  // a glance does not show it
};

// How far a look-up goes before it gives up: to wherever the key can be; or no further than the
// place where almost every key is that is there, in code of which no loop runs twice.
enum class Effort : bool { kWhole, kGlance };

// All that a look-up in one of the five tables depends on.
struct SnapshotTable {
  const char* file;
  std::uint64_t index;    // offset of the first bucket
  std::uint64_t buckets;  // how many
  std::uint64_t begin;    // offsets of the section that holds the records
  std::uint64_t end;
  std::uint64_t seed;
};

// The groups of a user, by gid. The user need not be in the file.
struct MembershipRecord {
  std::string_view name;
  std::span<const Gid> gids;
};

// What Find, at the end, is made of.
namespace snapshot {

static_assert(kUnit % kCheckBlock == 0 && sizeof(Bucket) % kCheckBlock == 0 &&
                  sizeof(Header) % kCheckBlock == 0,
              "a check takes whole blocks");

template <class Record>
struct HeadOf;
template <>
struct HeadOf<UserRecord> {
  using Type = UserHead;
};
template <>
struct HeadOf<GroupRecord> {
  using Type = GroupHead;
};
template <>
struct HeadOf<MembershipRecord> {
  using Type = MembershipHead;
};

// These read each field once, whatever the compiler would like: what was checked must be what is
// used, also when the memory changes. Field by field, so that they stay in registers.
inline UserHead ReadOnce(const volatile UserHead& head) noexcept {
  return {head.check,    head.size,  head.uid,  head.gid,   head.name,
          head.password, head.gecos, head.home, head.shell, head.flags};
}
inline GroupHead ReadOnce(const volatile GroupHead& head) noexcept {
  return {head.check, head.size,     head.gid,   head.members, head.members_bytes,
          head.name,  head.password, head.flags, head.zero};
}
inline MembershipHead ReadOnce(const volatile MembershipHead& head) noexcept {
  return {head.check, head.size, head.gids, head.name, head.flags};
}

// What a head says of the bytes behind it.
inline std::uint64_t TextSize(const UserHead& head) noexcept {
  return std::uint64_t{head.name} + head.password + head.gecos + head.home + head.shell + 5;
}
inline std::uint64_t TextSize(const GroupHead& head) noexcept {
  return std::uint64_t{head.members_bytes} + head.name + head.password + 2;
}
inline std::uint64_t TextSize(const MembershipHead& head) noexcept {
  return std::uint64_t{head.gids} * sizeof(Gid) + head.name + 1;
}

// A record in its place, whole and unharmed. False: damaged.
template <class Head>
[[gnu::always_inline]] inline bool ReadRecord(const SnapshotTable& table, std::uint64_t offset,
                                              Head& head) noexcept {
  if (offset < table.begin || offset > table.end || table.end - offset < sizeof(Head)) return false;
  const char* const record = table.file + offset;
  head = ReadOnce(*reinterpret_cast<const volatile Head*>(record));
  if (head.size % kUnit != 0 || head.size > table.end - offset) return false;
  const std::uint64_t used = sizeof(Head) + TextSize(head);
  if (used > head.size || head.size - used >= kUnit) return false;
  return head.check == CheckBehind(record, head.size, table.seed + offset);
}

[[gnu::always_inline]] inline void Describe(const char* record, const UserHead& head,
                                            UserRecord& user) noexcept {
  const char* at = record + sizeof head;
  user.packed = {at, TextSize(head)};
  const auto next = [&at](std::uint16_t length) {
    const std::string_view text(at, length);
    at += length + 1;
    return text;
  };
  user.name = next(head.name);
  user.password = next(head.password);
  user.uid = head.uid;
  user.gid = head.gid;
  user.gecos = next(head.gecos);
  user.home = next(head.home);
  user.shell = next(head.shell);
}

[[gnu::always_inline]] inline void Describe(const char* record, const GroupHead& head,
                                            GroupRecord& group) noexcept {
  const char* const text = record + sizeof head;
  group.packed = {text, TextSize(head)};
  group.members = {{text, head.members_bytes}, head.members};
  group.name = {text + head.members_bytes, head.name};
  group.password = {group.name.data() + head.name + 1, head.password};
  group.gid = head.gid;
}

[[gnu::always_inline]] inline void Describe(const char* record, const MembershipHead& head,
                                            MembershipRecord& membership) noexcept {
  const char* const gids = record + sizeof head;
  membership.gids = {reinterpret_cast<const Gid*>(gids), head.gids};
  membership.name = {gids + std::uint64_t{head.gids} * sizeof(Gid), head.name};
}

inline std::uint32_t IdOf(const UserHead& head) noexcept { return head.uid; }
inline std::uint32_t IdOf(const GroupHead& head) noexcept { return head.gid; }

// A bit for each entry of the bucket that has this tag. All seven at once: a loop that stops at the
// first would be mispredicted every time.
inline unsigned Candidates(const char* bucket, std::uint32_t tag) noexcept {
#ifdef __SSE2__
  const __m128i wanted = _mm_set1_epi32(static_cast<int>(tag));
  const auto equal = [wanted](const char* four) {
    const __m128i tags = _mm_loadu_si128(reinterpret_cast<const __m128i*>(four));
    return static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(tags, wanted))));
  };
  return (equal(bucket) | equal(bucket + 16) << 4) & ((1U << kBucketEntries) - 1);
#else
  const auto* const tags = reinterpret_cast<const volatile std::uint32_t*>(bucket);
  unsigned candidates = 0;
#pragma GCC unroll 7
  for (unsigned i = 0; i < kBucketEntries; ++i)
    candidates |= static_cast<unsigned>(tags[i] == tag) << i;
  return candidates;
#endif
}

// `matches` is asked after `found` has been filled in.
template <class Head, Effort kEffort, class Matches, class Found>
[[gnu::always_inline]] inline Probe Find(const SnapshotTable& table, std::uint64_t hash,
                                         Matches matches, Found& found) noexcept {
  const auto tag = static_cast<std::uint32_t>(hash);
  std::uint64_t number = (hash >> 32) * table.buckets >> 32;
  for (std::uint64_t probed = 0; probed < table.buckets; ++probed) {
    const char* const bucket = table.file + table.index + number * sizeof(Bucket);
    const auto* const words = reinterpret_cast<const volatile std::uint32_t*>(bucket);
    unsigned candidates = Candidates(bucket, tag);
    for (; candidates != 0; candidates &= candidates - 1) {
      const auto i = static_cast<unsigned>(std::countr_zero(candidates));
      const std::uint64_t offset = words[kBucketEntries + 1 + i] * kUnit;
      if (offset == 0 && kEffort == Effort::kWhole) continue;
      // Most records are two cache lines; the second is needed as soon as the first is there.
      __builtin_prefetch(table.file + offset + sizeof(Bucket));
      Head head;
      if (!ReadRecord(table, offset, head)) return Probe::kDamaged;
      Describe(table.file + offset, head, found);
      if (matches(head)) return Probe::kFound;
      if constexpr (kEffort == Effort::kGlance) return Probe::kUnknown;
    }
    if (words[offsetof(Bucket, check) / sizeof(std::uint32_t)] !=
        CheckBefore(bucket, sizeof(Bucket), table.seed + number)) {
      return Probe::kDamaged;
    }
    if ((words[kBucketEntries] & kOverflowed) == 0) return Probe::kAbsent;
    if constexpr (kEffort == Effort::kGlance) return Probe::kUnknown;
    if (++number == table.buckets) number = 0;
  }
  return Probe::kAbsent;
}

}  // namespace snapshot

// What is found points into the file. By name: `table` is that of the records' kind, by name.
template <class Record, Effort kEffort = Effort::kWhole>
[[gnu::always_inline]] inline Probe Find(const SnapshotTable& table, std::string_view name,
                                         Record& record) noexcept {
  using Head = typename snapshot::HeadOf<Record>::Type;
  return snapshot::Find<Head, kEffort>(
      table, snapshot::Hash(name, table.seed), [&](const Head&) { return record.name == name; },
      record);
}

// By uid or gid.
template <class Record, Effort kEffort = Effort::kWhole>
[[gnu::always_inline]] inline Probe Find(const SnapshotTable& table, std::uint32_t id,
                                         Record& record) noexcept {
  using Head = typename snapshot::HeadOf<Record>::Type;
  const auto owns = [id](const Head& head) {
    return snapshot::IdOf(head) == id && (head.flags & snapshot::kOwnsId) != 0;
  };
  return snapshot::Find<Head, kEffort>(table, snapshot::Hash(id, table.seed), owns, record);
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SNAPSHOT_TABLE_H_
