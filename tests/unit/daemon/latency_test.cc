#include "common/process/latency.h"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>
#include <vector>

namespace sqlmap {
namespace {

TEST(LatencyTest, EachTimeIsKnownAgainToSevenPercent) {
  for (double exact = 1; exact < Latency::kLongestUs; exact *= 1.03) {
    Latency latency;
    const auto us = static_cast<std::int64_t>(exact);
    // Below its slowest, so that what is seen is the bucket.
    latency.Record(us);
    latency.Record(us);
    latency.Record(Latency::kLongestUs);
    EXPECT_LE(std::abs(static_cast<double>(latency.Read().p50_us) - static_cast<double>(us)),
              0.07 * static_cast<double>(us))
        << us;
  }
}

TEST(LatencyTest, PercentilesAreOfAllThatWasRecorded) {
  Latency latency;
  std::uint64_t sum = 0;
  for (std::uint32_t us = 1; us <= 10'000; ++us) {
    latency.Record(us);
    sum += us;
  }
  const Latency::Figures figures = latency.Read();
  EXPECT_EQ(figures.count, 10'000U);
  EXPECT_EQ(figures.recent, 10'000U);
  EXPECT_EQ(figures.sum_us, sum);
  EXPECT_NEAR(figures.p50_us, 5'000, 0.07 * 5'000);
  EXPECT_NEAR(figures.p90_us, 9'000, 0.07 * 9'000);
  EXPECT_NEAR(figures.p99_us, 9'900, 0.07 * 9'900);
  EXPECT_EQ(figures.max_us, 10'000U);
}

TEST(LatencyTest, OneSlowOneIsTheSlowestAndNoHundredth) {
  Latency latency;
  for (int i = 0; i < 1'000; ++i) latency.Record(100);
  latency.Record(900'000);
  EXPECT_NEAR(latency.Read().p99_us, 100, 7);
  EXPECT_EQ(latency.Read().max_us, 900'000U);
}

TEST(LatencyTest, NothingRecordedIsNoFigure) { EXPECT_EQ(Latency().Read().recent, 0U); }

TEST(LatencyTest, TimesThatCannotBeAreTheNearestThatCan) {
  Latency latency;
  latency.Record(-5);
  EXPECT_EQ(latency.Read().max_us, 0U);
  latency.Record(std::int64_t{1} << 40);
  EXPECT_EQ(latency.Read().max_us, Latency::kLongestUs);
  EXPECT_EQ(latency.Read().count, 2U);
}

TEST(LatencyTest, WhatWasSlowLongAgoIsForgottenButCounted) {
  constexpr std::int64_t kWindow = Latency::kWindowMs;
  Latency latency;
  std::int64_t now = 1'000'000;
  latency.Turn(now);
  latency.Record(900'000);
  latency.Turn(now += kWindow);
  latency.Record(10);
  EXPECT_EQ(latency.Read().max_us, 900'000U);
  latency.Turn(now += kWindow - 1);
  EXPECT_EQ(latency.Read().max_us, 900'000U);
  latency.Turn(now += 1);
  EXPECT_EQ(latency.Read().max_us, 10U);
  EXPECT_EQ(latency.Read().recent, 1U);
  EXPECT_EQ(latency.Read().count, 2U);
  EXPECT_EQ(latency.Read().sum_us, 900'010U);
}

TEST(LatencyTest, ThreadsLoseNoCount) {
  Latency latency;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 50'000; ++j) latency.Record(j % 100);
      });
    }
  }
  EXPECT_EQ(latency.Read().count, 200'000U);
  EXPECT_EQ(latency.Read().recent, 200'000U);
}

}  // namespace
}  // namespace sqlmap
