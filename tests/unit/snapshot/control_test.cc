#include "common/snapshot/control.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <functional>
#include <stdexcept>

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
