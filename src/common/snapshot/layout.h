// The snapshot file, byte by byte; doc/snapshot-format.md says the same in words.
//
// Little-endian, position-independent, immutable. Offsets count bytes from the start of the file.
#ifndef SQLMAP_COMMON_SNAPSHOT_LAYOUT_H_
#define SQLMAP_COMMON_SNAPSHOT_LAYOUT_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace sqlmap::snapshot {

static_assert(std::endian::native == std::endian::little, "the file is read in place");

inline constexpr std::uint64_t kMagic = 0x4e5350414d4c5153;  // "SQLMAPSN"
inline constexpr std::uint32_t kVersion = 1;
// Records start at multiples of it, and positions count it: what is checked is whole blocks, and a
// usual record lies in two cache lines.
inline constexpr std::uint64_t kUnit = 32;
inline constexpr std::uint64_t kMaxFileSize = kUnit << 32;
// No larger file is written or published. A million accounts take about a fifth of it.
inline constexpr std::uint64_t kMostPublished = std::uint64_t{1} << 30;
static_assert(kMostPublished <= kMaxFileSize);

enum class Kind : std::uint8_t { kUser, kGroup, kMembership };
inline constexpr std::size_t kKinds = 3;

enum class Table : std::uint8_t {
  kUserByName,
  kUserByUid,
  kGroupByName,
  kGroupByGid,
  kGidsByUserName
};
inline constexpr std::size_t kTables = 5;

constexpr Kind KindIn(Table table) {
  switch (table) {
    case Table::kUserByName:
    case Table::kUserByUid:
      return Kind::kUser;
    case Table::kGroupByName:
    case Table::kGroupByGid:
      return Kind::kGroup;
    case Table::kGidsByUserName:
      break;
  }
  return Kind::kMembership;
}

// The records of one kind, one behind the other.
struct Section {
  std::uint64_t offset;  // a multiple of kUnit
  std::uint64_t size;
  std::uint32_t records;  // without the kSuperseded ones
  std::uint32_t zero;
};

struct Index {
  std::uint64_t offset;   // a multiple of sizeof(Bucket)
  std::uint32_t buckets;  // at least 1
  std::uint32_t entries;
};

struct Header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t header_size;
  std::uint64_t file_size;
  std::uint64_t generation;  // never 0
  std::uint64_t created;     // seconds since 1970
  std::uint64_t seed;        // of every hash and check in the file but the header's; random
  Section sections[kKinds];
  Index indices[kTables];
  std::uint32_t flags;
  std::uint8_t zero[48];
  std::uint32_t check;  // CheckBefore, with seed 0
};
// Of the header: accounts.enumerate is false. For readers who find no control page.
inline constexpr std::uint32_t kNotListed = 1;
static_assert(sizeof(Section) == 24 && sizeof(Index) == 16 && sizeof(Header) == 256);

// A key's hash h stands in bucket (h >> 32) * buckets >> 32 with the tag h & 0xffffffff, or in one
// of the buckets behind it (the first follows the last) if all in between are kOverflowed.
inline constexpr std::size_t kBucketEntries = 7;
struct alignas(64) Bucket {
  std::uint32_t tags[kBucketEntries];
  std::uint32_t flags;
  std::uint32_t positions[kBucketEntries];  // in units of kUnit; 0: free
  std::uint32_t check;                      // CheckBefore, with seed + bucket number
};
inline constexpr std::uint32_t kOverflowed = 1;
static_assert(sizeof(Bucket) == 64);

// Each record starts with its CheckBehind, with seed + the record's offset. `size` is
// the whole record's, a multiple of kUnit; the bytes that fill it up are 0.
//
// Flags of a user or group.
inline constexpr std::uint16_t kOwnsId = 1;      // of all that have this id it answers for it
inline constexpr std::uint16_t kSuperseded = 2;  // an earlier record has its name: in no index

// Then: name, password, gecos, home, shell, each with a NUL.
struct UserHead {
  std::uint32_t check;
  std::uint32_t size;
  std::uint32_t uid;
  std::uint32_t gid;
  std::uint16_t name;  // lengths, without the NUL
  std::uint16_t password;
  std::uint16_t gecos;
  std::uint16_t home;
  std::uint16_t shell;
  std::uint16_t flags;
};
static_assert(sizeof(UserHead) == 28);

// Then: the members' names, the name, the password, each with a NUL.
struct GroupHead {
  std::uint32_t check;
  std::uint32_t size;
  std::uint32_t gid;
  std::uint32_t members;        // how many
  std::uint32_t members_bytes;  // with their NULs
  std::uint16_t name;
  std::uint16_t password;
  std::uint16_t flags;
  std::uint16_t zero;
};
static_assert(sizeof(GroupHead) == 28);

// Then: the gids, ascending, each once; the user's name with a NUL. For every name that is a member
// of a group, also one that is no user of this file.
struct MembershipHead {
  std::uint32_t check;
  std::uint32_t size;
  std::uint32_t gids;  // how many
  std::uint16_t name;
  std::uint16_t flags;  // 0
};
static_assert(sizeof(MembershipHead) == 16);

}  // namespace sqlmap::snapshot

#endif  // SQLMAP_COMMON_SNAPSHOT_LAYOUT_H_
