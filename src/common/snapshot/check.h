// The check that stands in each record, in each bucket and in the header of a snapshot: whether the
// bytes are still those that were written. Against damage, not against an attacker: who may write
// the file may write its checks.
//
// Every look-up computes one, of a record of about a hundred bytes, so that it must cost a few
// nanoseconds: XXH3 would take twice as long for a user and four times for a group. Four lanes, so
// that four multiplications are under way at once; each takes every fourth word by a step that can
// be undone (times an odd number, plus the word), so that a change of one word is never lost.
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
  explicit constexpr CheckLanes(std::uint64_t seed) : a_(seed), b_(seed), c_(seed), d_(seed) {}

  static std::uint64_t Word(const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
  constexpr void Take(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
    a_ = a_ * kFactor + a;
    b_ = b_ * kFactor + b;
    c_ = c_ * kFactor + c;
    d_ = d_ * kFactor + d;
  }
  void Take(const char* from, const char* to) {
    for (; from != to; from += kCheckBlock)
      Take(Word(from), Word(from + 8), Word(from + 16), Word(from + 24));
  }
  constexpr std::uint32_t End() const {
    const std::uint64_t all = ((a_ * kLane + b_) * kLane + c_) * kLane + d_;
    return static_cast<std::uint32_t>((all ^ all >> 29) * kFactor >> 32);
  }

 private:
  // Odd: 2 to the 64th by the golden ratio, and one of splitmix64's.
  static constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t kLane = 0xbf58476d1ce4e5b9;

  std::uint64_t a_, b_, c_, d_;
};

// Of what begins with its check, which counts as 0: a record.
inline std::uint32_t CheckBehind(const void* bytes, std::size_t size, std::uint64_t seed) noexcept {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION  // a fuzzer cannot guess checks
  return 0;
#endif
  const char* const at = static_cast<const char*>(bytes);
  CheckLanes lanes(seed);
  lanes.Take(CheckLanes::Word(at) >> 32 << 32, CheckLanes::Word(at + 8), CheckLanes::Word(at + 16),
             CheckLanes::Word(at + 24));
  lanes.Take(at + kCheckBlock, at + size);
  return lanes.End();
}

// Of what ends with its check, which counts as 0: a bucket, the header.
inline std::uint32_t CheckBefore(const void* bytes, std::size_t size, std::uint64_t seed) noexcept {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return 0;
#endif
  const char* const at = static_cast<const char*>(bytes);
  const char* const last = at + size - kCheckBlock;
  CheckLanes lanes(seed);
  lanes.Take(at, last);
  lanes.Take(CheckLanes::Word(last), CheckLanes::Word(last + 8), CheckLanes::Word(last + 16),
             CheckLanes::Word(last + 24) << 32 >> 32);
  return lanes.End();
}

}  // namespace sqlmap::snapshot

#endif  // SQLMAP_COMMON_SNAPSHOT_CHECK_H_
