// The check that stands in each record, in each bucket and in the header of a snapshot: whether the
// bytes are still those that were written. Against damage, not against an attacker: who may write
// the file may write its checks.
//
// Every look-up computes one, of a record of about a hundred bytes, so that it must cost a few
// nanoseconds: XXH3 would take twice as long for a user and three times for a large group. Two
// sums over two lanes of words: the plain one sees that a word has changed, the sum of sums where.
#ifndef SQLMAP_COMMON_SNAPSHOT_CHECK_H_
#define SQLMAP_COMMON_SNAPSHOT_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sqlmap::snapshot {

// What is checked is as long as some of these.
inline constexpr std::size_t kCheckBlock = 32;

class CheckLanes {
 public:
  // Two words, in one register where there are such.
  using Words [[gnu::vector_size(16)]] = std::uint64_t;
  static_assert(kCheckBlock % sizeof(Words) == 0);

  explicit CheckLanes(std::uint64_t seed) : sum_{seed, seed} {}

  static Words Load(const char* at) {
    Words words;
    std::memcpy(&words, at, sizeof words);
    return words;
  }
  void Take(Words words) {
    sum_ += words;
    sums_ += sum_;
  }
  void Take(const char* from, const char* to) {
    for (; from != to; from += kCheckBlock) {
      Take(Load(from));
      Take(Load(from + sizeof(Words)));
    }
  }
  std::uint32_t End() const {
    // As if a block of zeros came last, so that nothing counts once only; and what the sum of sums
    // loses at its upper end is put back at the lower one.
    const Words both = sums_ + sum_ + (sum_ << 32 | sum_ >> 32);
    const std::uint64_t all = both[0] * kFactor + both[1];
    return static_cast<std::uint32_t>((all ^ all >> 29) * kLast >> 32);
  }

 private:
  // Odd: 2 to the 64th by the golden ratio, and one of splitmix64's.
  static constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t kLast = 0xbf58476d1ce4e5b9;

  Words sum_;
  Words sums_{};
};

// Of what begins with its check, which counts as 0: a record.
[[gnu::always_inline]] inline std::uint32_t CheckBehind(const void* bytes, std::size_t size,
                                                        std::uint64_t seed) noexcept {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // a fuzzer cannot guess checks
  return 0;
#endif
  const char* const at = static_cast<const char*>(bytes);
  CheckLanes lanes(seed);
  constexpr CheckLanes::Words kWithout{0xffff'ffff'0000'0000, ~std::uint64_t{0}};
  lanes.Take(CheckLanes::Load(at) & kWithout);
  lanes.Take(CheckLanes::Load(at + sizeof(CheckLanes::Words)));
  lanes.Take(at + kCheckBlock, at + size);
  return lanes.End();
}

// Of what ends with its check, which counts as 0: a bucket, the header.
[[gnu::always_inline]] inline std::uint32_t CheckBefore(const void* bytes, std::size_t size,
                                                        std::uint64_t seed) noexcept {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return 0;
#endif
  const char* const at = static_cast<const char*>(bytes);
  const char* const last = at + size - kCheckBlock;
  CheckLanes lanes(seed);
  lanes.Take(at, last);
  constexpr CheckLanes::Words kWithout{~std::uint64_t{0}, 0x0000'0000'ffff'ffff};
  lanes.Take(CheckLanes::Load(last));
  lanes.Take(CheckLanes::Load(last + sizeof(CheckLanes::Words)) & kWithout);
  return lanes.End();
}

}  // namespace sqlmap::snapshot

#endif  // SQLMAP_COMMON_SNAPSHOT_CHECK_H_
