#include "daemon/refresh_schedule.h"

#include <gtest/gtest.h>

namespace sqlmap {
namespace {

using Due = RefreshSchedule::Due;

constexpr std::int64_t kRefreshMs = 30'000;
constexpr std::int64_t kStart = 5'000'000;
constexpr std::uint32_t kMostJitter = 0xffffffff;

RefreshSchedule Plain() { return {kRefreshMs, false, {}}; }
RefreshSchedule WithVersion() { return {kRefreshMs, true, {}}; }

TEST(RefreshSchedule, AccountsAreReadAtOnceWhenTheDaemonStarts) {
  EXPECT_EQ(Plain().At(kStart), Due::kRead);
  EXPECT_EQ(WithVersion().At(kStart), Due::kRead);
}

TEST(RefreshSchedule, WithoutVersionAllIsReadEachInterval) {
  RefreshSchedule schedule = Plain();
  schedule.OnRead(kStart, kStart + 10);
  EXPECT_EQ(schedule.Next(), kStart + 10 + kRefreshMs);
  EXPECT_EQ(schedule.At(schedule.Next() - 1), Due::kNothing);
  EXPECT_EQ(schedule.At(schedule.Next()), Due::kRead);
}

TEST(RefreshSchedule, ReadThatTakesLongIsFollowedByNineteenTimesThatOfRest) {
  RefreshSchedule schedule = Plain();
  schedule.OnRead(kStart, kStart + 10'000);
  EXPECT_EQ(schedule.Next(), kStart + 200'000);
  // New accounts do not make it more often either.
  schedule.OnFound(kStart + 20'000);
  EXPECT_EQ(schedule.Next(), kStart + 200'000);
}

TEST(RefreshSchedule, NewAccountsAreReadTogetherAndSoon) {
  RefreshSchedule schedule = Plain();
  schedule.OnRead(kStart, kStart + 10);
  schedule.OnFound(kStart + 5'000);
  schedule.OnFound(kStart + 5'900);
  EXPECT_EQ(schedule.Next(), kStart + 6'000);
}

TEST(RefreshSchedule, VersionIsAskedEachSecondAndNothingElseForTenMinutes) {
  RefreshSchedule schedule = WithVersion();
  schedule.OnRead(kStart, kStart);
  std::int64_t now = kStart;
  for (int polls = 0; polls < 600; ++polls) {
    ASSERT_EQ(schedule.Next(), now);
    ASSERT_EQ(schedule.At(now), Due::kPoll) << polls;
    schedule.OnPolled(now, false);
    now += 1'000;
  }
  EXPECT_EQ(schedule.At(now), Due::kRead);
}

TEST(RefreshSchedule, ChangedVersionIsReadAtOnce) {
  RefreshSchedule schedule = WithVersion();
  schedule.OnRead(kStart, kStart + 10);
  schedule.OnPolled(kStart + 7'000, true);
  EXPECT_EQ(schedule.At(kStart + 7'000), Due::kRead);
}

TEST(RefreshSchedule, VersionThatChangesAllTheTimeTakesNoMoreThanATwentieth) {
  RefreshSchedule schedule = WithVersion();
  schedule.OnRead(kStart, kStart + 1'000);
  schedule.OnPolled(kStart + 1'000, true);
  EXPECT_EQ(schedule.At(kStart + 2'000), Due::kPoll);
  EXPECT_EQ(schedule.At(kStart + 19'999), Due::kPoll);
  EXPECT_EQ(schedule.At(kStart + 20'000), Due::kRead);
}

TEST(RefreshSchedule, NothingIsPolledBeforeThereIsAVersionToCompareWith) {
  RefreshSchedule schedule = WithVersion();
  schedule.OnReadFailed(kStart, true, 0, 0);
  EXPECT_EQ(schedule.At(schedule.Next() - 1), Due::kNothing);
  EXPECT_EQ(schedule.At(schedule.Next()), Due::kRead);
}

TEST(RefreshSchedule, DatabaseThatIsDownIsTriedAtLeastTwiceAMinute) {
  RefreshSchedule polls(86'400'000, true, {});
  RefreshSchedule reads(86'400'000, false, {});
  polls.OnRead(kStart, kStart);
  for (int failures = 0; failures < 100; ++failures) {
    polls.OnPollFailed(kStart, kMostJitter);
    ASSERT_LE(polls.Next(), kStart + 30'000);
    reads.OnReadFailed(kStart, true, 0, kMostJitter);
    ASSERT_LE(reads.Next(), kStart + 30'000);
  }
  EXPECT_GT(polls.Next(), kStart + 5'000);
  EXPECT_GT(reads.Next(), kStart + 5'000);
  polls.OnPolled(kStart, false);
  polls.OnPollFailed(kStart, kMostJitter);
  EXPECT_LE(polls.Next(), kStart + 500) << "the next failure is the first one again";
}

TEST(RefreshSchedule, ResultThatIsRefusedIsNotReadAgainAndAgain) {
  RefreshSchedule schedule = Plain();
  schedule.OnReadFailed(kStart, false, 10'000, 0);
  EXPECT_EQ(schedule.Next(), kStart + 190'000);
  RefreshSchedule daily(86'400'000, false, {});
  for (int failures = 0; failures < 100; ++failures)
    daily.OnReadFailed(kStart, false, 10, kMostJitter);
  EXPECT_GT(daily.Next(), kStart + 3'600'000);
}

TEST(RefreshSchedule, ChangedVersionIsReadSoonAfterManyResultsWereRefused) {
  RefreshSchedule schedule(86'400'000, true, {});
  schedule.OnRead(kStart, kStart);
  for (int failures = 0; failures < 100; ++failures)
    schedule.OnReadFailed(kStart, false, 10, kMostJitter);
  schedule.OnPolled(kStart + 30'000, true);
  EXPECT_EQ(schedule.At(kStart + 30'000), Due::kRead);
}

TEST(RefreshSchedule, FailureIsNotTriedAgainBecauseOfANewAccount) {
  RefreshSchedule schedule = Plain();
  schedule.OnReadFailed(kStart, false, 10'000, 0);
  schedule.OnFound(kStart);
  EXPECT_EQ(schedule.Next(), kStart + 190'000);
}

TEST(RefreshSchedule, VersionIsPolledWhileAReadIsPutOff) {
  RefreshSchedule schedule = WithVersion();
  schedule.OnRead(kStart, kStart);
  schedule.OnPolled(kStart, true);
  schedule.OnReadFailed(kStart, false, 10'000, 0);
  EXPECT_EQ(schedule.At(kStart + 1'000), Due::kPoll);
}

}  // namespace
}  // namespace sqlmap
