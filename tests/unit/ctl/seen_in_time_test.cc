#include "ctl/check/seen_in_time.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>

namespace sqlmap {
namespace {

constexpr std::int64_t kLongMs = 60'000;
constexpr std::int64_t kShortMs = 100;

TEST(SeenInTime, AllIsSeen) {
  const Seen seen = SeenInTime(
      3, [](std::size_t i) { return static_cast<char>('a' + i); }, Deadline::In(kLongMs));
  EXPECT_EQ(seen.words, "abc");
  EXPECT_FALSE(seen.ended);
}

TEST(SeenInTime, WhoeverIsKilledOrRunsOutOfMemoryIsNotTakenToHang) {
  const Seen thrown = SeenInTime(
      3, [](std::size_t i) { return i == 0 ? 'a' : throw std::runtime_error("no memory"); },
      Deadline::In(kLongMs));
  EXPECT_EQ(thrown.words, "a");
  EXPECT_TRUE(thrown.ended);
  const Seen killed = SeenInTime(
      3, [](std::size_t i) { return i == 0 || kill(getpid(), SIGKILL) != 0 ? 'a' : 'b'; },
      Deadline::In(kLongMs));
  EXPECT_EQ(killed.words.substr(0, 1), "a");
  EXPECT_TRUE(killed.ended);
}

TEST(SeenInTime, WhateverHangsIsNotTakenToHaveEnded) {
  const Seen seen = SeenInTime(
      3,
      [](std::size_t i) {
        if (i == 1) pause();
        return 'a';
      },
      Deadline::In(kShortMs));
  EXPECT_LE(seen.words.size(), 1U);
  EXPECT_FALSE(seen.ended);
}

}  // namespace
}  // namespace sqlmap
