#include "daemon/refresh_policy.h"

#include <gtest/gtest.h>

namespace sqlmap {
namespace {

constexpr TableFacts kThousand{1000, 100, 1};

ReadVerdict After(const TableFacts& published, const TableFacts& read, unsigned percent = 50,
                  bool forced = false) {
  return JudgeRead(published, read, percent, forced);
}

TEST(RefreshPolicy, FirstReadIsPublishedWhateverItHolds) {
  EXPECT_EQ(JudgeRead(std::nullopt, {}, 50, false), ReadVerdict::kPublish);
  EXPECT_EQ(JudgeRead(std::nullopt, kThousand, 50, false), ReadVerdict::kPublish);
}

TEST(RefreshPolicy, SameAccountsAreNotPublishedAgain) {
  EXPECT_EQ(After(kThousand, kThousand), ReadVerdict::kUnchanged);
  EXPECT_EQ(After(kThousand, {1000, 100, 2}), ReadVerdict::kPublish);
}

TEST(RefreshPolicy, LossOfMoreThanTheConfiguredShareIsNotBelieved) {
  EXPECT_EQ(After(kThousand, {500, 100, 2}), ReadVerdict::kPublish);
  EXPECT_EQ(After(kThousand, {499, 100, 2}), ReadVerdict::kShrunk);
  EXPECT_EQ(After(kThousand, {1000, 49, 2}), ReadVerdict::kShrunk);
  EXPECT_EQ(After(kThousand, {900, 100, 2}, 9), ReadVerdict::kShrunk);
  EXPECT_EQ(After({4, 1, 1}, {1, 1, 2}), ReadVerdict::kShrunk);
}

TEST(RefreshPolicy, EmptyTableIsNotBelievedWhereThereWereAccounts) {
  EXPECT_EQ(After(kThousand, {0, 100, 2}, 99), ReadVerdict::kShrunk);
  EXPECT_EQ(After({1, 1, 1}, {0, 1, 2}, 99), ReadVerdict::kShrunk);
  EXPECT_EQ(After({0, 0, 0}, {1, 1, 2}), ReadVerdict::kPublish);
}

TEST(RefreshPolicy, AdministratorWhoMeansItIsBelieved) {
  EXPECT_EQ(After(kThousand, {0, 0, 0}, 50, true), ReadVerdict::kPublish);
  EXPECT_EQ(After(kThousand, {0, 0, 0}, 100), ReadVerdict::kPublish);
  EXPECT_EQ(After(kThousand, kThousand, 50, true), ReadVerdict::kUnchanged);
}

TEST(RefreshPolicy, ReadingTakesNoMoreThanATwentiethOfTheTime) {
  EXPECT_EQ(PauseAfterRead(10, 30'000), 30'000);
  for (const std::int64_t took : {2'000, 5'000, 60'000}) {
    EXPECT_LE(took * 20, took + PauseAfterRead(took, 30'000));
  }
}

TEST(RefreshPolicy, DatabaseThatIsDownIsTriedSoonAndThenAsOftenAsOneThatIsUp) {
  EXPECT_LE(PauseAfterFailure(1, 30'000, 0xffffffff), 500);
  EXPECT_LE(PauseAfterFailure(100, 30'000, 0xffffffff), 30'000);
  EXPECT_GE(PauseAfterFailure(100, 30'000, 0), 15'000);
}

TEST(RefreshPolicy, HostsOfAFleetDoNotComeAtTheSameTime) {
  EXPECT_NE(PauseAfterFailure(5, 30'000, 1), PauseAfterFailure(5, 30'000, 2));
}

}  // namespace
}  // namespace sqlmap
