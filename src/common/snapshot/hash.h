// The one hash of the snapshot: XXH3 of libxxhash, which is a header only, so that the modules need
// no library.
#ifndef SQLMAP_COMMON_SNAPSHOT_HASH_H_
#define SQLMAP_COMMON_SNAPSHOT_HASH_H_

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sqlmap::snapshot {

inline std::uint64_t Hash(std::string_view name, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(name.data(), name.size(), seed);
}

inline std::uint64_t Hash(std::uint32_t id, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(&id, sizeof id, seed);
}

}  // namespace sqlmap::snapshot

#endif  // SQLMAP_COMMON_SNAPSHOT_HASH_H_
