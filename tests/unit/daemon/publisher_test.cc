#include "daemon/publisher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <limits>
#include <random>
#include <string>

#include "common/snapshot/writer.h"
#include "daemon/generations.h"
#include "daemon/snapshot_facts.h"
#include "daemon/snapshot_files.h"
#include "unit/daemon/daemon_files.h"

namespace sqlmap {
namespace {

class PublisherTest : public testing::Test {
 protected:
  PublishResult PublishUsers(unsigned users, std::uint64_t generation) {
    return Publish(SnapshotOfUsers(users).get(), generation, paths_, AnyRules());
  }
  // In a mount namespace of its own, with a small file system at `path`.
  bool OnSmallDisk(const std::string& path, const char* options,
                   const std::function<bool()>& body) {
    return HoldsInChild([&] {
      if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) ||
          mount("tmpfs", path.c_str(), "tmpfs", 0, options) != 0) {
        std::cerr << "mount: " << std::strerror(errno) << '\n';
        return false;
      }
      return body();
    });
  }
  bool NothingUnfinished() const {
    return access((paths_.run + "/.snapshot.new").c_str(), F_OK) != 0 &&
           access((paths_.state + "/.snapshot.new").c_str(), F_OK) != 0;
  }

  ScratchDirectory scratch_;
  const DaemonPaths paths_ = scratch_.Paths();
};

TEST_F(PublisherTest, SnapshotIsWhereProcessesLookAndSurvivesAReboot) {
  const PublishResult result = PublishUsers(100, 7);
  EXPECT_EQ(result.generation, 7U) << result.text;
  EXPECT_TRUE(result.survives_reboot);
  EXPECT_EQ(result.facts.users, 100U);
  EXPECT_STREQ(result.text, "");
  EXPECT_EQ(UsersIn(paths_.snapshot(7), 7), 100);
  EXPECT_EQ(UsersIn(paths_.persistent(), 7), 100);
  struct stat status {};
  ASSERT_EQ(stat(paths_.snapshot(7).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0444U);
  EXPECT_EQ(status.st_uid, 0U);
  EXPECT_GE(status.st_blocks * 512, status.st_size);
}

TEST_F(PublisherTest, MemoryThatCanStillChangeIsRefused) {
  const PublishResult result = Publish(SnapshotOfUsers(10, false).get(), 1, paths_, AnyRules());
  EXPECT_FALSE(result.published());
  EXPECT_NE(std::string(result.text).find("sealed"), std::string::npos);
  const OwnedFd file(open((scratch_.path() + "/file").c_str(), O_RDWR | O_CREAT, 0600));
  EXPECT_FALSE(IsSealedMemory(file.get()));
  EXPECT_FALSE(IsSealedMemory(-1));
}

TEST_F(PublisherTest, ChildThatHasBeenTakenOverCannotMakeRoot) {
  SnapshotRules rules = AnyRules();
  rules.uids.min = 200000;
  const PublishResult result = Publish(SnapshotOfUsers(10).get(), 1, paths_, rules);
  EXPECT_FALSE(result.published());
  EXPECT_NE(std::string(result.text).find("refused"), std::string::npos) << result.text;
  EXPECT_NE(access(paths_.snapshot(1).c_str(), F_OK), 0);
}

TEST_F(PublisherTest, DamagedSnapshotIsRefused) {
  const OwnedFd memory = SnapshotOfUsers(10, false);
  char byte = 0;
  ASSERT_EQ(pread(memory.get(), &byte, 1, 300), 1);
  byte = static_cast<char>(byte ^ 4);
  ASSERT_EQ(pwrite(memory.get(), &byte, 1, 300), 1);
  ASSERT_EQ(
      fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL),
      0);
  EXPECT_FALSE(Publish(memory.get(), 1, paths_, AnyRules()).published());
}

TEST_F(PublisherTest, ChildThatHasBeenTakenOverCannotFillTheDisk) {
  const OwnedFd memory(memfd_create("snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(ftruncate(memory.get(), static_cast<off_t>(snapshot::kMostPublished) + 1), 0);
  ASSERT_EQ(
      fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL),
      0);
  EXPECT_STREQ(Publish(memory.get(), 1, paths_, AnyRules()).text,
               "the new snapshot is refused: 1073741825 bytes are more than 1073741824");
}

TEST_F(PublisherTest, OthersHaveRoomInRunStill) {
  EXPECT_TRUE(OnSmallDisk(paths_.run, "size=4m,mode=0755", [&] {
    struct statvfs disk {};
    if (!PublishUsers(1'000, 1).published() || statvfs(paths_.run.c_str(), &disk) != 0)
      return false;
    const std::uint64_t file = std::filesystem::file_size(paths_.snapshot(1));
    const std::uint64_t spare = disk.f_bavail * disk.f_frsize - 2 * file;
    const auto fill = [&](std::uint64_t size) {
      const OwnedFd fd(open((paths_.run + "/others").c_str(), O_WRONLY | O_CREAT, 0600));
      return ftruncate(fd.get(), 0) == 0 &&
             posix_fallocate(fd.get(), 0, static_cast<off_t>(size)) == 0;
    };
    // Each block that others have is missing now.
    if (!fill(spare + 4096)) return false;
    const PublishResult refused = PublishUsers(1'000, 2);
    if (refused.published() || !NothingUnfinished()) {
      std::cerr << "published into what others need\n";
      return false;
    }
    return fill(spare - 4096) && PublishUsers(1'000, 3).published();
  }));
}

TEST_F(PublisherTest, DiskWithoutALimitHasRoom) {
  EXPECT_TRUE(OnSmallDisk(paths_.run, "size=0,mode=0755",
                          [&] { return PublishUsers(1'000, 1).published(); }));
}

TEST_F(PublisherTest, FullRunKeepsTheOldOneSaysSoAndMendsItself) {
  EXPECT_TRUE(OnSmallDisk(paths_.run, "size=256k,mode=0755", [&] {
    if (!PublishUsers(100, 1).published()) return false;
    const PublishResult result = PublishUsers(10'000, 2);
    if (result.published() ||
        std::string(result.text).find("No space left on device") == std::string::npos) {
      std::cerr << result.text << '\n';
      return false;
    }
    return UsersIn(paths_.snapshot(1), 1) == 100 && NothingUnfinished() &&
           access(paths_.snapshot(2).c_str(), F_OK) != 0 && PublishUsers(101, 3).published();
  }));
}

TEST_F(PublisherTest, FullDiskCostsNothingButTheCopyThatSurvivesAReboot) {
  EXPECT_TRUE(OnSmallDisk(paths_.state, "size=256k,mode=0755", [&] {
    if (!PublishUsers(100, 1).survives_reboot) return false;
    const PublishResult result = PublishUsers(10'000, 2);
    return result.published() && !result.survives_reboot &&
           std::string(result.text).find("No space left on device") != std::string::npos &&
           UsersIn(paths_.persistent(), 1) == 100 && UsersIn(paths_.snapshot(2), 2) == 10'000 &&
           NothingUnfinished() && PublishUsers(101, 3).survives_reboot;
  }));
}

TEST_F(PublisherTest, ReadOnlyDisksAreNamed) {
  EXPECT_TRUE(OnSmallDisk(paths_.state, "mode=0755", [&] {
    if (mount("none", paths_.state.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
      return false;
    const PublishResult result = PublishUsers(10, 1);
    return result.published() && !result.survives_reboot &&
           std::string(result.text).find("Read-only file system") != std::string::npos;
  }));
  EXPECT_TRUE(OnSmallDisk(paths_.run, "mode=0755", [&] {
    if (mount("none", paths_.run.c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0)
      return false;
    return !PublishUsers(10, 2).published();
  }));
}

TEST_F(PublisherTest, FileInPlaceOfTheDirectoryIsNamedAndWhenItIsGoneAllIsWell) {
  std::filesystem::remove_all(paths_.run);
  WriteText(paths_.run, "");
  const PublishResult result = PublishUsers(10, 1);
  EXPECT_FALSE(result.published());
  EXPECT_NE(std::string(result.text).find(paths_.run), std::string::npos) << result.text;
  std::filesystem::remove(paths_.run);
  EXPECT_TRUE(PublishUsers(10, 2).published());
}

TEST_F(PublisherTest, WhateverStandsInPlaceOfTheSnapshotMakesWay) {
  const std::string elsewhere = scratch_.path() + "/elsewhere";
  WriteText(elsewhere, "untouched");
  const std::string path = paths_.persistent();
  const std::function<bool()> obstacles[] = {
      [&] { return mkdir(path.c_str(), 0755) == 0; },
      [&] { return mkfifo(path.c_str(), 0644) == 0; },
      [&] { return symlink(elsewhere.c_str(), path.c_str()) == 0; },
      [&] { return symlink("nowhere", path.c_str()) == 0; },
  };
  std::uint64_t generation = 0;
  for (const auto& put : obstacles) {
    std::filesystem::remove(path);
    ASSERT_TRUE(put());
    EXPECT_FALSE(Restore(0, 50, paths_, AnyRules()).published());
    const PublishResult result = PublishUsers(10, ++generation);
    EXPECT_TRUE(result.survives_reboot) << result.text;
    EXPECT_EQ(UsersIn(path, generation), 10);
  }
  EXPECT_EQ(ReadText(elsewhere), "untouched");
}

TEST_F(PublisherTest, WhatStandsInPlaceOfTheUnfinishedFileMakesWayToo) {
  const std::string path = paths_.run + "/.snapshot.new";
  const std::string elsewhere = scratch_.path() + "/elsewhere";
  WriteText(elsewhere, "untouched");
  ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
  EXPECT_TRUE(PublishUsers(10, 1).published());
  ASSERT_EQ(symlink(elsewhere.c_str(), path.c_str()), 0);
  EXPECT_TRUE(PublishUsers(10, 2).published());
  EXPECT_EQ(ReadText(elsewhere), "untouched");
}

TEST_F(PublisherTest, DiskThatHangsDoesNotKeepASnapshotFromTheProcesses) {
  const OwnedFd memory = SnapshotOfUsers(10);
  std::uint64_t heard = 0;
  bool state_was_empty = false;
  const PublishResult result =
      Publish(memory.get(), 5, paths_, AnyRules(), [&](const PublishResult& half) {
        heard = half.generation;
        state_was_empty = access(paths_.persistent().c_str(), F_OK) != 0;
      });
  EXPECT_TRUE(result.survives_reboot);
  EXPECT_EQ(heard, 5U);
  EXPECT_TRUE(state_was_empty);
}

TEST_F(PublisherTest, FullDirectoryInPlaceOfTheSnapshotIsNamed) {
  ASSERT_EQ(mkdir(paths_.persistent().c_str(), 0755), 0);
  WriteText(paths_.persistent() + "/precious", "");
  const PublishResult result = PublishUsers(10, 1);
  EXPECT_TRUE(result.published());
  EXPECT_FALSE(result.survives_reboot);
  EXPECT_NE(std::string(result.text).find(paths_.persistent()), std::string::npos);
  EXPECT_TRUE(NothingUnfinished());
}

TEST_F(PublisherTest, RebootBringsTheLastSnapshotBackUnderANewNumber) {
  ASSERT_TRUE(PublishUsers(100, 7).published());
  std::filesystem::remove_all(paths_.run);
  EXPECT_EQ(NextGeneration(paths_, 0), 8U);
  const PublishResult result = Restore(0, 8, paths_, AnyRules());
  EXPECT_EQ(result.generation, 8U) << result.text;
  EXPECT_EQ(result.facts.users, 100U);
  EXPECT_EQ(UsersIn(paths_.snapshot(8), 8), 100);
}

TEST_F(PublisherTest, RestartOfTheDaemonLeavesWhatIsPublishedAlone) {
  ASSERT_TRUE(PublishUsers(100, 7).published());
  const PublishResult result = Restore(7, 8, paths_, AnyRules());
  EXPECT_EQ(result.generation, 7U) << result.text;
  EXPECT_EQ(result.facts.users, 100U);
  EXPECT_NE(access(paths_.snapshot(8).c_str(), F_OK), 0);
}

TEST_F(PublisherTest, SnapshotThatWasDamagedOnDiskIsReplacedByTheOtherOne) {
  ASSERT_TRUE(PublishUsers(100, 7).published());
  ASSERT_EQ(truncate(paths_.snapshot(7).c_str(), 500), 0);
  const PublishResult result = Restore(7, 8, paths_, AnyRules());
  EXPECT_EQ(result.generation, 8U);
  EXPECT_NE(std::string(result.text).find(paths_.snapshot(7)), std::string::npos);
  ASSERT_EQ(truncate(paths_.persistent().c_str(), 500), 0);
  EXPECT_FALSE(Restore(7, 9, paths_, AnyRules()).published());
}

TEST_F(PublisherTest, SnapshotThatSomebodyElseOwnsIsNotBelieved) {
  ASSERT_TRUE(PublishUsers(100, 7).published());
  ASSERT_EQ(chown(paths_.persistent().c_str(), 64321, 0), 0);
  EXPECT_FALSE(Restore(0, 8, paths_, AnyRules()).published());
  ASSERT_EQ(chown(paths_.persistent().c_str(), 0, 0), 0);
  ASSERT_EQ(chmod(paths_.persistent().c_str(), 0664), 0);
  EXPECT_FALSE(Restore(0, 8, paths_, AnyRules()).published());
}

TEST_F(PublisherTest, GenerationsOnlyGrow) {
  EXPECT_EQ(NextGeneration(paths_, 0), 1U);
  EXPECT_EQ(NextGeneration(paths_, 41), 42U);
  ASSERT_TRUE(PublishUsers(1, 50).published());
  EXPECT_EQ(NextGeneration(paths_, 41), 51U);
  for (const char* name : {"snapshot.", "snapshot.099", "snapshot.-1", "snapshot.9x", "snapshot",
                           "snapshot.18446744073709551615"}) {
    WriteText(paths_.run + "/" + name, "");
  }
  EXPECT_EQ(NextGeneration(paths_, 0), 51U);
}

TEST_F(PublisherTest, LastTwoGenerationsStay) {
  for (std::uint64_t generation = 1; generation <= 5; ++generation)
    ASSERT_TRUE(PublishUsers(1, generation).published());
  EXPECT_EQ(RemoveOldGenerations(paths_, 4), "");
  for (const unsigned gone : {1U, 2U, 5U})
    EXPECT_NE(access(paths_.snapshot(gone).c_str(), F_OK), 0) << gone;
  for (const unsigned there : {3U, 4U})
    EXPECT_EQ(access(paths_.snapshot(there).c_str(), F_OK), 0) << there;
}

TEST_F(PublisherTest, OrderOfTheRowsIsNoDifference) {
  const auto facts = [](std::initializer_list<const char*> names, std::string members,
                        std::uint64_t seed, bool listed = true, const char* owner = "") {
    const OwnedFd memory(memfd_create("snapshot", MFD_CLOEXEC));
    SnapshotWriter writer(memory.get());
    for (const char* name : names) {
      UserRecord user;
      user.name = name;
      user.password = "x";
      user.uid = user.gid = 20000 + static_cast<unsigned char>(name[0]);
      user.home = "/";
      user.shell = "/bin/sh";
      writer.AddUser(user);
    }
    writer.SetOwner(20000 + 'a', owner);
    GroupRecord group;
    group.name = "staff1";
    group.password = "x";
    group.gid = 5000;
    group.members = {members,
                     static_cast<std::size_t>(std::count(members.begin(), members.end(), '\0'))};
    writer.AddGroup(group);
    EXPECT_TRUE(writer.Finish({seed, seed, seed, listed}));
    const auto bytes = FileBytes::OfSealedMemory(memory.get());
    return FactsOf(*SnapshotView::Of(bytes->bytes()));
  };
  const std::string ab("a1\0b1\0", 6);
  const std::string ba("b1\0a1\0", 6);
  const TableFacts first = facts({"a1", "b1"}, ab, 1);
  EXPECT_EQ(first.users, 2U);
  EXPECT_EQ(first.groups, 1U);
  EXPECT_EQ(facts({"b1", "a1"}, ba, 2).content, first.content);
  EXPECT_NE(facts({"b1", "c1"}, ba, 2).content, first.content);
  EXPECT_NE(facts({"b1", "a1"}, ba, 2, false).content, first.content)
      << "a change of accounts.enumerate would not be published";
  EXPECT_NE(facts({"b1", "a1"}, "a1" + std::string(1, '\0'), 2).content, first.content);
  EXPECT_NE(facts({"a1", "a2"}, ab, 1, true, "a2").content, facts({"a1", "a2"}, ab, 1).content)
      << "that another account answers for a uid would not be published";
}

TEST_F(PublisherTest, KilledAtAnyPointItLeavesTheOldSnapshotOrTheNewOneWhole) {
  constexpr int kRounds = 300;
  // As long as a publication takes that is left alone, on a machine that does nothing else then.
  long whole_us = std::numeric_limits<long>::max();
  constexpr std::uint64_t kUndisturbed = 5;
  for (std::uint64_t generation = 1; generation <= kUndisturbed; ++generation) {
    timespec begin{};
    timespec end{};
    clock_gettime(CLOCK_MONOTONIC, &begin);
    const OwnedFd memory = SnapshotOfUsers(300);
    auto publisher =
        PublisherProcess::Start({memory.get(), generation - 1, generation}, paths_, AnyRules());
    ASSERT_TRUE(publisher) << publisher.error();
    ASSERT_TRUE(publisher->Finish().published());
    clock_gettime(CLOCK_MONOTONIC, &end);
    whole_us = std::min(
        whole_us, (end.tv_sec - begin.tv_sec) * 1'000'000 + (end.tv_nsec - begin.tv_nsec) / 1000);
  }
  std::mt19937 random(20250101);
  std::uniform_int_distribution<long> points(0, whole_us * 3 / 2);

  std::uint64_t current = kUndisturbed;
  int killed = 0;
  for (int round = 1; round <= kRounds; ++round) {
    const std::uint64_t next = std::max(NextGeneration(paths_, current), current + 1);
    const unsigned users = 300 + static_cast<unsigned>(next % 97);
    const OwnedFd memory = SnapshotOfUsers(users);
    auto publisher = PublisherProcess::Start({memory.get(), current, next}, paths_, AnyRules());
    ASSERT_TRUE(publisher) << publisher.error();
    const timespec pause{0, points(random) * 1000};
    nanosleep(&pause, nullptr);
    publisher->Kill();
    const PublishResult result = publisher->Finish();
    killed += result.published() ? 0 : 1;
    if (result.published()) {
      ASSERT_EQ(UsersIn(paths_.snapshot(next), next), static_cast<int>(users));
      current = next;
    } else if (access(paths_.snapshot(next).c_str(), F_OK) == 0) {
      ASSERT_EQ(UsersIn(paths_.snapshot(next), next), static_cast<int>(users)) << "half a file";
    }
    ASSERT_GE(UsersIn(paths_.snapshot(current), current), 300) << "the old one is gone";
    ASSERT_GE(UsersIn(paths_.persistent()), 300) << "a reboot would find half a file";
    RemoveOldGenerations(paths_, current);
  }
  EXPECT_GT(killed, kRounds / 10);
  EXPECT_LT(killed, kRounds);
  ASSERT_TRUE(PublishUsers(5, NextGeneration(paths_, current)).survives_reboot);
  EXPECT_TRUE(NothingUnfinished());
}

}  // namespace
}  // namespace sqlmap
