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
  EXPECT_EQ(CheckBehind(Bytes(32).data(), 32, kSeed), 0xed841f43U);
  EXPECT_EQ(CheckBehind(Bytes(96).data(), 96, kSeed), 0x2dbb9e3fU);
  EXPECT_EQ(CheckBefore(Bytes(64).data(), 64, kSeed), 0x63725940U);
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

TEST(Check, OfARecordInAnotherPlaceIsAnother) {
  const std::vector<unsigned char> bytes = Bytes(96);
  const std::uint32_t check = CheckBehind(bytes.data(), bytes.size(), kSeed);
  for (std::uint64_t offset = 32; offset < 32'000; offset += 32)
    EXPECT_NE(CheckBehind(bytes.data(), bytes.size(), kSeed + offset), check) << offset;
}

}  // namespace
}  // namespace sqlmap::snapshot
