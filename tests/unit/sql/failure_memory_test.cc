#include "common/sql/failure_memory.h"

#include <gtest/gtest.h>

namespace sqlmap {
namespace {

TEST(FailureMemoryTest, AServerInGoodStandingMayBeTried) {
  EXPECT_TRUE(FailureMemory().MayTry(0));
  EXPECT_FALSE(FailureMemory().failing());
}

TEST(FailureMemoryTest, EachFailureDoublesTheDelayUpToTheLongest) {
  FailureMemory memory;
  std::int64_t now = 1'000;
  std::int64_t expected = FailureMemory::kFirstDelayMs;
  for (int i = 0; i < 40; ++i) {
    memory.OnFailure(now, 0);  // chance 0: half of the delay
    EXPECT_TRUE(memory.failing());
    EXPECT_FALSE(memory.MayTry(now + expected / 2 - 1)) << i;
    EXPECT_TRUE(memory.MayTry(now + expected / 2)) << i;
    now += expected;
    expected = std::min(expected * 2, FailureMemory::kLongestDelayMs);
  }
}

TEST(FailureMemoryTest, ChanceSpreadsTheDelayBetweenHalfAndOneAndAHalf) {
  for (std::uint32_t chance = 0; chance < 5'000; ++chance) {
    FailureMemory memory;
    memory.OnFailure(0, chance);
    EXPECT_FALSE(memory.MayTry(FailureMemory::kFirstDelayMs / 2 - 1));
    EXPECT_TRUE(memory.MayTry(FailureMemory::kFirstDelayMs * 3 / 2));
  }
  FailureMemory early;
  FailureMemory late;
  early.OnFailure(0, 0);
  late.OnFailure(0, static_cast<std::uint32_t>(FailureMemory::kFirstDelayMs));
  EXPECT_TRUE(early.MayTry(FailureMemory::kFirstDelayMs));
  EXPECT_FALSE(late.MayTry(FailureMemory::kFirstDelayMs)) << "a fleet would come back in step";
}

TEST(FailureMemoryTest, WhatWasMendedIsFoundWithinSixSeconds) {
  FailureMemory memory;
  std::int64_t now = 0;
  for (int i = 0; i < 100'000; ++i) {
    const auto chance = static_cast<std::uint32_t>(i) * 2'654'435'761U;
    memory.OnFailure(now, chance);
    ASSERT_TRUE(memory.MayTry(now + 6'000)) << "after " << i << " failures";
    now += i % 7'000;
  }
}

TEST(FailureMemoryTest, OutageBeginsWithItsFirstFailure) {
  FailureMemory memory;
  for (const std::int64_t now : {1'000, 2'000, 9'000}) memory.OnFailure(now, 0);
  EXPECT_EQ(memory.since_ms(), 1'000);
  EXPECT_GT(memory.not_before_ms(), 9'000);
  memory.OnSuccess();
  memory.OnFailure(20'000, 0);
  EXPECT_EQ(memory.since_ms(), 20'000);
}

TEST(FailureMemoryTest, ASuccessForgetsEverything) {
  FailureMemory memory;
  for (int i = 0; i < 10; ++i) memory.OnFailure(0, 0);
  memory.OnSuccess();
  EXPECT_TRUE(memory.MayTry(0));
  memory.OnFailure(0, 0);
  EXPECT_TRUE(memory.MayTry(FailureMemory::kFirstDelayMs / 2));
}

}  // namespace
}  // namespace sqlmap
