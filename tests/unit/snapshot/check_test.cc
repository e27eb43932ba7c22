#include "common/snapshot/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

namespace sqlmap::snapshot {
namespace {

constexpr std::uint64_t kSeed = 0x0123456789abcdef;
constexpr std::size_t kField = sizeof(std::uint32_t);

// Bytes that differ from one another.
std::vector<unsigned char> Bytes(std::size_t size) {
  std::vector<unsigned char> bytes(size);
  std::iota(bytes.begin(), bytes.end(), static_cast<unsigned char>(1));
  return bytes;
}

TEST(Check, OfAnotherProgramThatFollowsTheDocumentIsTheSame) {
  // By a few lines of Python, written from doc/snapshot-format.md.
  EXPECT_EQ(CheckBehind(Bytes(32).data(), 32, kSeed), 0x96fa48ddU);
  EXPECT_EQ(CheckBehind(Bytes(96).data(), 96, kSeed), 0x5d99029aU);
  EXPECT_EQ(CheckBefore(Bytes(64).data(), 64, kSeed), 0x2d77ecd6U);
}

TEST(Check, SeesEachBitThatChangesAndNotItsOwn) {
  for (const std::size_t size : {32U, 64U, 96U, 256U}) {
    std::vector<unsigned char> bytes = Bytes(size);
    const std::uint32_t behind = CheckBehind(bytes.data(), size, kSeed);
    const std::uint32_t before = CheckBefore(bytes.data(), size, kSeed);
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      const auto flip = [&] { bytes[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8); };
      flip();
      EXPECT_EQ(CheckBehind(bytes.data(), size, kSeed) == behind, bit / 8 < kField)
          << "bit " << bit << " of " << size << " bytes";
      EXPECT_EQ(CheckBefore(bytes.data(), size, kSeed) == before, bit / 8 >= size - kField)
          << "bit " << bit << " of " << size << " bytes";
      flip();
    }
  }
}

TEST(Check, SeesTwoWordsThatHaveChangedPlaces) {
  constexpr std::size_t kSize = 128;
  constexpr std::size_t kWord = 8;
  std::vector<unsigned char> bytes = Bytes(kSize);
  const std::uint32_t check = CheckBehind(bytes.data(), kSize, kSeed);
  for (std::size_t one = kWord; one < kSize; one += kWord) {
    for (std::size_t other = one + kWord; other < kSize; other += kWord) {
      const auto swap = [&] {
        std::swap_ranges(bytes.data() + one, bytes.data() + one + kWord, bytes.data() + other);
      };
      swap();
      EXPECT_NE(CheckBehind(bytes.data(), kSize, kSeed), check) << one << " and " << other;
      swap();
    }
  }
}

TEST(Check, SeesTwoHalvesOfAWordThatHaveChangedPlacesAndWhatOneGainsFromTheOther) {
  constexpr std::size_t kSize = 96;
  std::vector<unsigned char> bytes = Bytes(kSize);
  const std::uint32_t check = CheckBehind(bytes.data(), kSize, kSeed);
  for (std::size_t at = kField; at + 2 * kField <= kSize; at += kField) {
    unsigned char* const one = bytes.data() + at;
    std::swap_ranges(one, one + kField, one + kField);
    EXPECT_NE(CheckBehind(bytes.data(), kSize, kSeed), check) << at;
    std::swap_ranges(one, one + kField, one + kField);
    ++one[0];
    --one[kField];
    EXPECT_NE(CheckBehind(bytes.data(), kSize, kSeed), check) << at;
    --one[0];
    ++one[kField];
  }
}

TEST(Check, SeesAnyTwoBitsThatChangeInASmallRecord) {
  constexpr std::size_t kSize = 32;
  std::vector<unsigned char> bytes = Bytes(kSize);
  const std::uint32_t check = CheckBehind(bytes.data(), kSize, kSeed);
  const auto flip = [&](std::size_t bit) {
    bytes[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8);
  };
  for (std::size_t one = kField * 8; one < kSize * 8; ++one) {
    flip(one);
    for (std::size_t other = one + 1; other < kSize * 8; ++other) {
      flip(other);
      EXPECT_NE(CheckBehind(bytes.data(), kSize, kSeed), check) << one << " and " << other;
      flip(other);
    }
    flip(one);
  }
}

TEST(Check, OfARecordInAnotherPlaceIsAnother) {
  const std::vector<unsigned char> bytes = Bytes(96);
  const std::uint32_t check = CheckBehind(bytes.data(), bytes.size(), kSeed);
  for (std::uint64_t offset = 32; offset < 32'000; offset += 32)
    EXPECT_NE(CheckBehind(bytes.data(), bytes.size(), kSeed + offset), check) << offset;
}

}  // namespace
}  // namespace sqlmap::snapshot
