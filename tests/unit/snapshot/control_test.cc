#include "common/snapshot/control.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <vector>

#include "common/snapshot/control_writer.h"
#include "faults.h"
#include "snapshots.h"

namespace sqlmap {
namespace {

struct stat StatusOf(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(lstat(path.c_str(), &status), 0) << path;
  return status;
}

class Control : public testing::Test {
 protected:
  // The page as a reader has it.
  const ControlPage& Page() {
    const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    void* const mapped = mmap(nullptr, kControlSize, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    EXPECT_NE(mapped, MAP_FAILED);
    return *static_cast<const ControlPage*>(mapped);
  }
  ControlPageWriter Open() {
    auto writer = ControlPageWriter::Open(path_);
    if (!writer) throw std::runtime_error(writer.error());
    return std::move(*writer);
  }

  test::Site site_;
  const std::string path_ = site_.Path("run/control");
};

TEST_F(Control, IsOnePageWithAllItsBlocksThatRootAloneCanChange) {
  Open();
  const struct stat status = StatusOf(path_);
  EXPECT_EQ(status.st_size, static_cast<off_t>(kControlSize));
  EXPECT_GE(status.st_blocks * 512, static_cast<off_t>(kControlSize));
  EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFREG | 0644));
  EXPECT_EQ(status.st_uid, 0U);
  const ControlPage& page = Page();
  EXPECT_EQ(page.magic, kControlMagic);
  EXPECT_EQ(page.generation, 0U);
  EXPECT_EQ(page.confirmed_until, 0);
}

TEST_F(Control, ARestartedDaemonGoesOnWithTheSamePageAndWithoutOldPromises) {
  const ControlPage* page = nullptr;
  {
    ControlPageWriter first = Open();
    first.Publish(7, true);
    first.Beat(100);
    first.ConfirmUntil(105);
    page = &Page();
    EXPECT_EQ(page->confirmed_until, 105);
  }
  const ino_t inode = StatusOf(path_).st_ino;
  ControlPageWriter second = Open();
  EXPECT_EQ(StatusOf(path_).st_ino, inode);
  EXPECT_EQ(second.generation(), 7U);
  EXPECT_EQ(page->confirmed_until, 0);
  EXPECT_EQ(page->flags, control::kComplete | control::kRetired);
  second.Beat(200);
  EXPECT_EQ(page->flags, control::kComplete);
  second.SetBackendDown(1'700'000'000);
  EXPECT_EQ(page->flags, control::kComplete | control::kBackendDown);
  EXPECT_EQ(page->backend_down_since, 1'700'000'000);
  second.SetBackendDown(0);
  EXPECT_EQ(page->flags, control::kComplete);
}

TEST_F(Control, WhatIsSaidOfListsStandsUntilItIsSaidAnew) {
  ControlPageWriter writer = Open();
  const ControlPage& page = Page();
  writer.SetLists(false);
  EXPECT_EQ(page.flags, control::kNoLists | control::kRetired);
  writer.Publish(1, true);
  EXPECT_EQ(page.flags, control::kNoLists | control::kComplete);
  writer.Withdraw();
  EXPECT_EQ(page.flags, control::kNoLists | control::kWithdrawn);
  Open();  // a restarted daemon
  EXPECT_EQ(page.flags, control::kNoLists | control::kWithdrawn | control::kRetired);
  writer.Publish(2, false);
  EXPECT_EQ(page.flags, control::kNoLists);
  writer.SetLists(true);
  EXPECT_EQ(page.flags, 0U);
}

TEST_F(Control, ToWithdrawEndsThePromiseAndTheGenerationAndToPublishEndsThat) {
  ControlPageWriter writer = Open();
  const ControlPage& page = Page();
  writer.Publish(7, true);
  writer.ConfirmUntil(105);
  writer.Withdraw();
  EXPECT_EQ(page.confirmed_until, 0);
  EXPECT_EQ(page.generation, 0U);
  EXPECT_EQ(page.flags, control::kWithdrawn);
  writer.Beat(100);
  writer.SetBackendDown(1);
  writer.SetBackendDown(0);
  EXPECT_EQ(page.flags, control::kWithdrawn);
  writer.Publish(8, true);
  EXPECT_EQ(page.flags, control::kComplete);
}

TEST_F(Control, ASignalDoesNotKeepItFromBeingMade) {
  test::g_faults.interrupted_allocations = 3;
  Open();
  EXPECT_EQ(test::g_faults.interrupted_allocations, 0);
}

TEST_F(Control, WhatIsNoPageOfOursMakesWayForOne) {
  const std::string elsewhere = site_.Path("elsewhere");
  const std::vector<char> zeros(kControlSize);
  const auto spoilers = std::to_array<std::function<void()>>({
      [&] { test::Site::Put(path_, {}); },
      [&] { test::Site::Put(path_, zeros); },
      [&] {
        Open();
        ASSERT_EQ(truncate(path_.c_str(), 4095), 0);
      },
      [&] {
        Open();
        ASSERT_EQ(chown(path_.c_str(), 4711, 0), 0);
      },
      [&] {
        Open();
        ASSERT_EQ(chmod(path_.c_str(), 0666), 0);
      },
      [&] {
        Open();
        unlink(elsewhere.c_str());
        ASSERT_EQ(link(path_.c_str(), elsewhere.c_str()), 0);
      },
      [&] {
        test::Site::Put(elsewhere, zeros);
        ASSERT_EQ(symlink(elsewhere.c_str(), path_.c_str()), 0);
      },
      [&] { ASSERT_EQ(mkfifo(path_.c_str(), 0644), 0); },
  });
  for (std::size_t i = 0; i < spoilers.size(); ++i) {
    std::filesystem::remove(path_);
    spoilers[i]();
    const ino_t inode = StatusOf(path_).st_ino;
    Open();
    EXPECT_NE(StatusOf(path_).st_ino, inode) << "spoiler " << i;
    EXPECT_EQ(Page().magic, kControlMagic) << "spoiler " << i;
  }
}

TEST_F(Control, AnEmptyDirectoryMakesWay) {
  ASSERT_EQ(mkdir(path_.c_str(), 0755), 0);
  ASSERT_EQ(mkdir((path_ + ".new").c_str(), 0755), 0);
  Open();
  EXPECT_EQ(Page().magic, kControlMagic);
}

TEST_F(Control, ADirectoryWithSomethingInItIsAnErrorThatSaysSo) {
  ASSERT_EQ(mkdir(path_.c_str(), 0755), 0);
  ASSERT_EQ(mkdir((path_ + "/something").c_str(), 0755), 0);
  const auto writer = ControlPageWriter::Open(path_);
  ASSERT_FALSE(writer);
  EXPECT_THAT(writer.error(), testing::HasSubstr(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(Control, NameRulesComeBackAsTheyWereStored) {
  ControlPageWriter writer = Open();
  const ControlPage& page = Page();
  EXPECT_TRUE(MayBeName(page, "*")) << "no rules yet";
  NameRules rules;
  ASSERT_TRUE(ParseByteSet("a-c", rules.first));
  ASSERT_TRUE(ParseByteSet("a-c~", rules.rest));
  rules.max = 4;
  writer.SetNameRules(rules);
  EXPECT_TRUE(MayBeName(page, "a~"));
  for (const char* const name : {"", "*", "~a", "d", "abcab"})
    EXPECT_FALSE(MayBeName(page, name)) << name;
}

TEST_F(Control, IdsAreAllowedAsTheyWereStored) {
  ControlPageWriter writer = Open();
  const ControlPage& page = Page();
  EXPECT_FALSE(MayHaveId(page, IdKind::kUid, 1001)) << "nobody has said so yet";
  const std::array<std::uint32_t, 2> also_uids = {33, 998};
  const std::array<std::uint32_t, 1> never_uids = {1000};
  const std::array<std::uint32_t, 1> also_gids = {27};
  const std::array<std::uint32_t, 3> never_gids = {2000, 2001, 2002};
  writer.SetIds({{1000, 60000, also_uids, never_uids}, {2000, 50000, also_gids, never_gids}});
  for (const std::uint32_t uid : {33U, 998U, 1001U, 60000U})
    EXPECT_TRUE(MayHaveId(page, IdKind::kUid, uid)) << uid;
  for (const std::uint32_t uid : {0U, 27U, 999U, 1000U, 60001U, 4294967295U})
    EXPECT_FALSE(MayHaveId(page, IdKind::kUid, uid)) << uid;
  for (const std::uint32_t gid : {27U, 2003U, 50000U})
    EXPECT_TRUE(MayHaveId(page, IdKind::kGid, gid)) << gid;
  for (const std::uint32_t gid : {0U, 33U, 1999U, 2000U, 2002U, 50001U})
    EXPECT_FALSE(MayHaveId(page, IdKind::kGid, gid)) << gid;
}

TEST_F(Control, ReservedIdsAreNobodysWhateverIsStored) {
  ControlPageWriter writer = Open();
  const std::array<std::uint32_t, 2> also = {0, 65534};
  writer.SetIds({{0, 4294967295U, also, {}}, {0, 4294967295U, also, {}}});
  for (const std::uint32_t id : {0U, 65534U, 65535U, 4294967294U, 4294967295U}) {
    EXPECT_FALSE(MayHaveId(Page(), IdKind::kUid, id)) << id;
    EXPECT_FALSE(MayHaveId(Page(), IdKind::kGid, id)) << id;
  }
  EXPECT_TRUE(MayHaveId(Page(), IdKind::kUid, 1));
}

TEST_F(Control, OfMoreIdsThanFitTheLastOfTheHostsOwnAreLeftOut) {
  ControlPageWriter writer = Open();
  const ControlPage& page = Page();
  std::vector<std::uint32_t> many(IdBlock::kMost);
  for (std::uint32_t i = 0; i < many.size(); ++i) many[i] = 2000 + i;
  std::vector<std::uint32_t> also(kMostSingleIds);
  for (std::uint32_t i = 0; i < also.size(); ++i) also[i] = 1 + i;
  writer.SetIds({{1000, 60000, also, many}, {1000, 60000, also, many}});
  const std::uint32_t room = IdBlock::kMost - 2 * kMostSingleIds;
  EXPECT_TRUE(MayHaveId(page, IdKind::kUid, kMostSingleIds));
  EXPECT_TRUE(MayHaveId(page, IdKind::kGid, kMostSingleIds));
  EXPECT_FALSE(MayHaveId(page, IdKind::kGid, kMostSingleIds + 1));
  EXPECT_FALSE(MayHaveId(page, IdKind::kUid, 2000));
  EXPECT_FALSE(MayHaveId(page, IdKind::kUid, 2000 + room - 1));
  EXPECT_TRUE(MayHaveId(page, IdKind::kUid, 2000 + room));
  EXPECT_TRUE(MayHaveId(page, IdKind::kGid, 2000));
}

TEST_F(Control, IdsThatSomebodyDiedOverAreNobodysUntilTheyAreStoredAgain) {
  ControlPageWriter writer = Open();
  const AccountIds ids{{1000, 60000, {}, {}}, {1000, 60000, {}, {}}};
  writer.SetIds(ids);
  const ControlPage& page = Page();
  const int fd = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  const std::uint64_t odd = page.ids_sequence + 1;
  ASSERT_EQ(pwrite(fd, &odd, sizeof odd, offsetof(ControlPage, ids_sequence)), 8);
  close(fd);
  EXPECT_FALSE(MayHaveId(page, IdKind::kUid, 2000));
  writer.SetIds(ids);
  EXPECT_TRUE(MayHaveId(page, IdKind::kUid, 2000));
}

TEST_F(Control, IdsThatChangeMeanwhileAreTheOldOrTheNewOnes) {
  ControlPageWriter writer = Open();
  const ControlPage& page = Page();
  const std::array<std::uint32_t, 2> early = {7, 8};
  const std::array<std::uint32_t, 1> late = {1500};
  // 1500 is in neither: not outside the limits here, and the host's own there.
  writer.SetIds({{2000, 60000, early, {}}, {1, 2, {}, {}}});
  const pid_t changing = fork();
  if (changing == 0) {
    for (;;) {
      writer.SetIds({{1000, 60000, {}, late}, {1, 2, {}, {}}});
      writer.SetIds({{2000, 60000, early, {}}, {1, 2, {}, {}}});
    }
  }
  for (int i = 0; i < 100'000; ++i) EXPECT_FALSE(MayHaveId(page, IdKind::kUid, 1500)) << i;
  kill(changing, SIGKILL);
  ASSERT_EQ(waitpid(changing, nullptr, 0), changing);
  writer.SetIds({{2000, 60000, early, {}}, {1, 2, {}, {}}});
  EXPECT_TRUE(MayHaveId(page, IdKind::kUid, 7));
}

TEST_F(Control, RulesThatAreNotWholeForbidNothing) {
  ControlPageWriter writer = Open();
  writer.SetNameRules(NameRules::Default());
  const ControlPage& page = Page();
  ASSERT_FALSE(MayBeName(page, "*"));
  const int fd = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  const char byte = 0x7f;
  ASSERT_EQ(pwrite(fd, &byte, 1, offsetof(ControlPage, rules) + 3), 1);
  close(fd);
  EXPECT_TRUE(MayBeName(page, "*"));
}

}  // namespace
}  // namespace sqlmap
