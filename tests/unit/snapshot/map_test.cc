#include "common/snapshot/map.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "common/snapshot/source.h"
#include "faults.h"
#include "snapshots.h"

namespace sqlmap {
namespace {

using test::Accounts;
using test::ManyUsers;
using test::Site;
using test::Write;

// A snapshot in which one user's uid tells the generation.
Accounts Tagged(std::uint64_t generation, unsigned others = 0) {
  Accounts accounts = ManyUsers(others);
  accounts.users.push_back({.name = "tag", .uid = static_cast<Uid>(10'000 + generation)});
  return accounts;
}

class Map : public testing::Test {
 protected:
  // The generation that answers; -1: unavailable.
  static std::int64_t Answering(SnapshotMap& map, Answer* answer = nullptr) {
    SnapshotSource source(map);
    std::int64_t generation = -1;
    const Answer said = source.FindUserByName(
        "tag", [&](const UserRecord& user) { generation = user.uid - 10'000; });
    if (answer != nullptr) *answer = said;
    return generation;
  }
  static Answer Saying(SnapshotMap& map) {
    Answer answer;
    Answering(map, &answer);
    return answer;
  }
  void PublishTagged(std::uint64_t generation, unsigned others = 0) {
    site_.Publish(generation, Tagged(generation, others));
  }

  Site site_;
};

TEST_F(Map, ANewGenerationAnswersAtTheNextLookup) {
  SnapshotMap map(site_.paths());
  for (std::uint64_t generation = 1; generation < 50; ++generation) {
    PublishTagged(generation);
    EXPECT_EQ(Answering(map), static_cast<std::int64_t>(generation));
  }
}

TEST_F(Map, ManyGenerationsOfAnySizeKeepTheNumberOfMappingsBounded) {
  SnapshotMap map(site_.paths());
  std::size_t most = 0;
  std::size_t early = 0;
  for (std::uint64_t generation = 1; generation < 400; ++generation) {
    PublishTagged(generation, static_cast<unsigned>(generation * 7919 % 2000));
    ASSERT_EQ(Answering(map), static_cast<std::int64_t>(generation));
    most = std::max(most, test::Mappings());
    ASSERT_LE(test::Mappings(site_.Path("run/snapshot.")), 3U);
    if (generation == 40) early = most;
  }
  // An allocator may have mapped something, too.
  EXPECT_LE(most, early + 50);
}

// Each time 1.3 times as many as before, so that no range is large enough for long.
TEST_F(Map, ASnapshotThatGrowsAndShrinksIsReadInWhole) {
  SnapshotMap map(site_.paths());
  std::uint64_t generation = 1;
  for (unsigned users = 10; users < 60'000; users = users * 13 / 10, ++generation) {
    PublishTagged(generation, users);
    ASSERT_EQ(Answering(map), static_cast<std::int64_t>(generation));
    SnapshotSource source(map);
    Cursor<UserRecord>* cursor = nullptr;
    ASSERT_TRUE(source.ListUsers(cursor).found());
    unsigned rows = 0;
    for (UserRecord user; cursor->Next(user).found();) ++rows;
    cursor->Close();
    ASSERT_EQ(rows, users + 1);
  }
  for (unsigned users : {30'000U, 3'000U, 3U, 0U, 20'000U}) {
    PublishTagged(++generation, users);
    ASSERT_EQ(Answering(map), static_cast<std::int64_t>(generation));
  }
}

// A thread that sleeps in a look-up while the ring comes around.
TEST_F(Map, AReaderThatSleptThroughGenerationsReadsOnAndIsToldToBeginAgain) {
  SnapshotMap map(site_.paths());
  PublishTagged(1, 5'000);
  SnapshotReading reading;
  ASSERT_TRUE(map.Begin(snapshot::Table::kUserByName, reading));
  EXPECT_TRUE(map.Stands(reading));
  for (std::uint64_t generation = 2; generation <= 12; ++generation) {
    // Also ones that are far smaller, and ones for which the arenas are too small.
    PublishTagged(generation, generation % 2 == 0 ? 1 : 5'000 * static_cast<unsigned>(generation));
    ASSERT_EQ(Answering(map), static_cast<std::int64_t>(generation));
    EXPECT_EQ(map.Stands(reading), generation < 4) << "there are three arenas";
    UserRecord user;
    for (unsigned i = 0; i < 5'000; ++i) Find(reading.table, "user" + std::to_string(i), user);
    volatile char sum = 0;
    for (std::uint64_t at = 0; at < reading.table.end; at += 512)
      sum = static_cast<char>(sum + reading.table.file[at]);
  }
}

TEST_F(Map, BeforeTheFirstPublicationTheFileOnTheDiskAnswers) {
  SnapshotMap map(site_.paths());
  EXPECT_EQ(Saying(map), Answer::Unavailable(Reason::kNotConfigured));
  Site::Put(site_.persistent(), Write(Tagged(7), 7));
  SnapshotMap fresh(site_.paths());
  EXPECT_EQ(Answering(fresh), 7);
  site_.control();  // a daemon that has not published yet
  SnapshotMap during_start(site_.paths());
  EXPECT_EQ(Answering(during_start), 7);
  PublishTagged(8);
  EXPECT_EQ(Answering(during_start), 8);
}

TEST_F(Map, WhatIsPublishedCountsMoreThanTheDiskAlsoIfItHasTheSameNumber) {
  Site::Put(site_.persistent(), Write(Tagged(1), 5));
  SnapshotMap map(site_.paths());
  EXPECT_EQ(Answering(map), 1);
  site_.control();
  site_.Publish(5, Write(Tagged(2), 5));
  SnapshotMap late(site_.paths());
  EXPECT_EQ(Answering(late), 2);
}

class Instead : public Map, public testing::WithParamInterface<const char*> {
 protected:
  // Something else where the file should be.
  void PutInstead(const std::string& path) {
    const std::string kind = GetParam();
    std::vector<char> file = Write(Tagged(2), 2);
    if (kind == "directory") {
      ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
    } else if (kind == "fifo") {
      ASSERT_EQ(mkfifo(path.c_str(), 0644), 0);
    } else if (kind == "link") {
      Site::Put(site_.Path("elsewhere"), file);
      ASSERT_EQ(symlink(site_.Path("elsewhere").c_str(), path.c_str()), 0);
    } else if (kind == "truncated") {
      file.resize(file.size() / 2);
      Site::Put(path, file);
    } else if (kind == "empty") {
      Site::Put(path, {});
    } else if (kind == "flipped") {
      file[20] ^= 4;
      Site::Put(path, file);
    } else if (kind == "other generation") {
      Site::Put(path, Write(Tagged(3), 3));
    } else if (kind == "foreign") {
      Site::Put(path, file);
      ASSERT_EQ(chown(path.c_str(), 4711, 0), 0);
    } else if (kind == "writable") {
      Site::Put(path, file);
      ASSERT_EQ(chmod(path.c_str(), 0664), 0);
    } else {
      ASSERT_EQ(kind, "nothing");
    }
  }
};

TEST_P(Instead, OfTheNewGenerationTheOldOneGoesOn) {
  SnapshotMap map(site_.paths());
  PublishTagged(1);
  ASSERT_EQ(Answering(map), 1);
  PutInstead(site_.SnapshotPath(2));
  site_.control().Publish(2, true);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Answering(map), 1);
  PublishTagged(4);
  EXPECT_EQ(Answering(map), 4);
}

TEST_P(Instead, OfTheOnlySnapshotNobodyIsAbsent) {
  PutInstead(site_.SnapshotPath(2));
  site_.control().Publish(2, true);
  SnapshotMap map(site_.paths());
  EXPECT_TRUE(Saying(map).unavailable());
}

TEST_P(Instead, OfTheControlPageItIsNotBelieved) {
  PublishTagged(1);
  ASSERT_EQ(unlink(site_.Path("run/control").c_str()), 0);
  PutInstead(site_.Path("run/control"));
  Site::Put(site_.persistent(), Write(Tagged(9), 9));
  SnapshotMap map(site_.paths());
  EXPECT_EQ(Answering(map), 9);
}

INSTANTIATE_TEST_SUITE_P(All, Instead,
                         testing::Values("nothing", "directory", "fifo", "link", "truncated",
                                         "empty", "flipped", "other generation", "foreign",
                                         "writable"));

TEST_F(Map, ADirectoryThatOthersCanWriteToIsNotBelieved) {
  PublishTagged(1);
  ASSERT_EQ(chmod(site_.Path("run").c_str(), 0777), 0);
  SnapshotMap map(site_.paths());
  EXPECT_EQ(Saying(map), Answer::Unavailable(Reason::kNotAllowed));
}

TEST_F(Map, AControlPageThatWasReplacedWhileTheDaemonWasAwayIsNoticed) {
  SnapshotMap map(site_.paths());
  PublishTagged(1);  // the daemon never gives a sign of life
  ASSERT_EQ(Answering(map), 1);
  const std::size_t mappings = test::Mappings(site_.Path("run/control"));
  std::filesystem::remove_all(site_.Path("run"));
  ASSERT_EQ(mkdir(site_.Path("run").c_str(), 0755), 0);
  auto control = ControlPageWriter::Open(site_.Path("run/control"));
  ASSERT_TRUE(control) << control.error();
  Site::Put(site_.SnapshotPath(2), Write(Tagged(2), 2));
  control->Publish(2, true);
  const std::int64_t deadline = test::MonotonicSeconds() + 10;
  while (Answering(map) != 2 && test::MonotonicSeconds() < deadline) usleep(50'000);
  EXPECT_EQ(Answering(map), 2);
  EXPECT_LE(test::Mappings(site_.Path("run/control")), mappings + 2)
      << "the writer's and the reader's of the new page";
}

TEST_F(Map, WhatIsWithdrawnIsForgottenAlsoOnTheDisk) {
  SnapshotMap map(site_.paths());
  Site::Put(site_.persistent(), Write(Tagged(1), 1));
  PublishTagged(2);
  ASSERT_EQ(Answering(map), 2);
  site_.control().Withdraw();
  SnapshotMap fresh(site_.paths());
  for (SnapshotMap* each : {&map, &fresh, &map, &fresh})
    EXPECT_EQ(Saying(*each), Answer::Unavailable(Reason::kNotConfigured));
  PublishTagged(3);
  EXPECT_EQ(Answering(map), 3);
  EXPECT_EQ(Answering(fresh), 3);
}

// mmap(2) with MAP_FIXED unmaps first, and may fail then.
class Hole : public Map, public testing::WithParamInterface<int> {
 protected:
  ~Hole() override { test::g_faults = {}; }
};

TEST_P(Hole, ThatAFailedMappingLeftIsFilledOrTheHosts) {
  for (const bool host_takes_it : {false, true}) {
    SnapshotMap map(site_.paths());
    PublishTagged(1, 5'000);
    SnapshotReading sleeper;
    ASSERT_TRUE(map.Begin(snapshot::Table::kUserByName, sleeper));
    for (std::uint64_t generation = 2; generation <= 3; ++generation) {
      PublishTagged(generation, 5'000);
      ASSERT_EQ(Answering(map), static_cast<std::int64_t>(generation));
    }
    test::g_faults = {.good_fixed_mappings = GetParam(),
                      .failed_fixed_mappings = 1,
                      .host_takes_holes = host_takes_it};
    PublishTagged(4);  // shorter: the file, then zeros behind it
    EXPECT_EQ(Answering(map), 3) << "what is mapped goes on";
    ASSERT_EQ(test::g_faults.failed_fixed_mappings, 0);
    EXPECT_FALSE(map.Stands(sleeper));
    volatile char sum = 0;
    for (std::uint64_t at = 0; at < sleeper.table.end; at += 512)
      sum = static_cast<char>(sum + sleeper.table.file[at]);
    for (std::uint64_t generation = 5; generation < 15; ++generation) {
      PublishTagged(generation, static_cast<unsigned>(generation % 3 * 4'000));
      ASSERT_EQ(Answering(map), static_cast<std::int64_t>(generation));
      if (host_takes_it) {
        ASSERT_EQ(*test::g_faults.hole, 'h') << "mapped over the host's memory";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AtTheFileOrBehindIt, Hole, testing::Values(0, 1));

TEST_F(Map, LeavesErrnoAlone) {
  SnapshotMap map(site_.paths());
  errno = 4711;
  Answering(map);
  EXPECT_EQ(errno, 4711);
  PublishTagged(1);
  SnapshotMap fresh(site_.paths());
  errno = 4711;
  EXPECT_EQ(Answering(fresh), 1);
  EXPECT_EQ(errno, 4711);
}

}  // namespace
}  // namespace sqlmap
