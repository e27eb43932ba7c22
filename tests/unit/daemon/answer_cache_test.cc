#include "daemon/answer_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace sqlmap {
namespace {

using Kind = AnswerCache::Kind;

constexpr std::int64_t kSecond = 1000;

CacheSettings Settings() {
  CacheSettings settings;
  settings.found_seconds = 300;
  settings.absent_seconds = 15;
  settings.stale_seconds = 3600;
  settings.entries = 3;
  return settings;
}

AnswerBytes Bytes(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

class AnswerCacheTest : public testing::Test {
 protected:
  AnswerCache cache_{Settings()};
};

TEST_F(AnswerCacheTest, FoundAccountIsNotAskedAgainBeforeItsTime) {
  cache_.Store("alice", Kind::kFound, Bytes("1000"), 0);
  EXPECT_EQ(*cache_.Fresh("alice", 300 * kSecond - 1), "1000");
  EXPECT_EQ(cache_.Fresh("alice", 300 * kSecond), nullptr);
}

TEST_F(AnswerCacheTest, NewAccountIsMissedNoLongerThanAbsentSeconds) {
  cache_.Store("new", Kind::kAbsent, Bytes("absent"), 0);
  EXPECT_NE(cache_.Fresh("new", 15 * kSecond - 1), nullptr);
  EXPECT_EQ(cache_.Fresh("new", 15 * kSecond), nullptr);
}

TEST_F(AnswerCacheTest, KnownAccountOutlivesADatabaseThatIsDown) {
  cache_.Store("alice", Kind::kFound, Bytes("1000"), 0);
  EXPECT_EQ(*cache_.WhileDown("alice", 3900 * kSecond - 1), "1000");
  EXPECT_EQ(cache_.WhileDown("alice", 3900 * kSecond), nullptr);
}

TEST_F(AnswerCacheTest, DatabaseThatIsDownDoesNotKeepAnAccountAbsent) {
  cache_.Store("new", Kind::kAbsent, Bytes("absent"), 0);
  EXPECT_EQ(cache_.WhileDown("new", 15 * kSecond), nullptr);
}

TEST_F(AnswerCacheTest, DeletedAccountIsGoneAtOnceAndDoesNotComeBackWhileTheDatabaseIsDown) {
  cache_.Store("alice", Kind::kFound, Bytes("1000"), 0);
  cache_.Store("alice", Kind::kAbsent, Bytes("absent"), 10);
  EXPECT_EQ(*cache_.Fresh("alice", 20), "absent");
  EXPECT_EQ(cache_.WhileDown("alice", 60 * kSecond), nullptr);
}

TEST_F(AnswerCacheTest, SlowAnswerDoesNotUndoANewerOne) {
  cache_.Store("alice", Kind::kAbsent, Bytes("absent"), 20);
  cache_.Store("alice", Kind::kFound, Bytes("1000"), 10);
  EXPECT_EQ(*cache_.Fresh("alice", 30), "absent");
}

TEST_F(AnswerCacheTest, NewerSnapshotTakesTheAnswersFromBeforeItWasReadAlong) {
  cache_.Store("deleted since", Kind::kFound, Bytes("1000"), 10);
  cache_.Store("asked since", Kind::kFound, Bytes("1001"), 20);
  cache_.ForgetAskedBefore(20);
  EXPECT_EQ(cache_.Fresh("deleted since", 30), nullptr);
  EXPECT_NE(cache_.Fresh("asked since", 30), nullptr);
}

TEST_F(AnswerCacheTest, FloodOfNamesPushesOutWhatNobodyAsksFor) {
  cache_.Store("used", Kind::kFound, Bytes("1"), 0);
  cache_.Store("unused", Kind::kFound, Bytes("2"), 1);
  cache_.Store("third", Kind::kFound, Bytes("3"), 2);
  EXPECT_NE(cache_.Fresh("used", 3), nullptr);
  cache_.Store("fourth", Kind::kFound, Bytes("4"), 4);
  EXPECT_EQ(cache_.size(), 3U);
  EXPECT_EQ(cache_.Fresh("unused", 5), nullptr);
  EXPECT_NE(cache_.Fresh("used", 5), nullptr);
}

TEST_F(AnswerCacheTest, HugeGroupsDoNotFillTheMemory) {
  CacheSettings many = Settings();
  many.entries = 1000;
  AnswerCache cache(many);
  for (int i = 0; i < 10; ++i) {
    cache.Store(std::to_string(i), Kind::kFound,
                Bytes(std::string(AnswerCache::kMaxBytes / 4, 'm')), i);
  }
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_NE(cache.Fresh("9", 10), nullptr);
  cache.Store("larger than all", Kind::kFound, Bytes(std::string(AnswerCache::kMaxBytes, 'm')), 11);
  EXPECT_EQ(cache.Fresh("larger than all", 12), nullptr);
  EXPECT_NE(cache.Fresh("9", 12), nullptr);
}

TEST_F(AnswerCacheTest, OldNewsThatArriveAfterANewerViewAreNotKept) {
  cache_.ForgetAskedBefore(10);
  cache_.Store("deleted", Kind::kFound, Bytes("1000"), 9);
  EXPECT_EQ(cache_.Fresh("deleted", 11), nullptr);
  cache_.Store("alice", Kind::kFound, Bytes("1000"), 10);
  EXPECT_NE(cache_.Fresh("alice", 11), nullptr);
}

TEST_F(AnswerCacheTest, WhatIsForgottenStaysForgottenAndTheRestStays) {
  cache_.Store("alice", Kind::kFound, Bytes("1000"), 0);
  cache_.Store("bob", Kind::kAbsent, Bytes(""), 0);
  const auto alice = [](const std::string& question, const std::string* found) {
    return question == "alice" && found != nullptr && *found == "1000";
  };
  EXPECT_EQ(cache_.Forget(alice), 1U);
  EXPECT_EQ(cache_.Fresh("alice", 6), nullptr);
  EXPECT_EQ(cache_.WhileDown("alice", 6), nullptr);
  EXPECT_NE(cache_.Fresh("bob", 6), nullptr);
}

TEST_F(AnswerCacheTest, CacheOfNoEntriesKeepsNothing) {
  CacheSettings none = Settings();
  none.entries = 0;
  AnswerCache cache(none);
  cache.Store("alice", Kind::kFound, Bytes("1000"), 0);
  EXPECT_EQ(cache.Fresh("alice", 1), nullptr);
}

}  // namespace
}  // namespace sqlmap
