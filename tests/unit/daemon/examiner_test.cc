#include "daemon/examiner.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>

#include "daemon/error_text.h"
#include "daemon/snapshot_files.h"
#include "unit/daemon/daemon_files.h"

namespace sqlmap {
namespace {

TEST(Examiner, SoundSnapshotIsDescribed) {
  const OwnedFd memory = SnapshotOfUsers(100, true, 7);
  const auto bytes = FileBytes::OfSealedMemory(memory.get());
  ASSERT_TRUE(bytes);
  const Examination found = Examine(bytes->bytes(), AnyRules());
  ASSERT_TRUE(found) << found.error();
  EXPECT_EQ(found->generation, 7U);
  EXPECT_EQ(found->facts.users, 100U);
  EXPECT_NE(found->facts.content, 0U);
}

TEST(Examiner, WhatIsWrongIsSaid) {
  const OwnedFd memory = SnapshotOfUsers(100);
  const auto bytes = FileBytes::OfSealedMemory(memory.get());
  SnapshotRules rules = AnyRules();
  rules.uids.min = 200'000;
  const Examination refused = Examine(bytes->bytes(), rules);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), "snapshot: user breaks the rules, number 1");
  EXPECT_FALSE(Examine(bytes->bytes().first(100), AnyRules()));
}

TEST(Examiner, SnapshotThatTakesItsReaderOverGetsNoFile) {
  const ScratchDirectory scratch;
  const std::string secret = scratch.path() + "/secret";
  WriteText(secret, "password", 0600);
  const Examination found = ExamineApart([&]() -> Examination {
    const int fd = open(secret.c_str(), O_RDWR);
    return std::unexpected(fd < 0 ? ErrorText() : "opened");
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), ErrorText(EPERM));
}

TEST(Examiner, ItHasNoDescriptorOfThePublishers) {
  const ScratchDirectory scratch;
  const std::string path = scratch.path() + "/file";
  const OwnedFd file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const Examination found = ExamineApart([&]() -> Examination {
    const bool written = write(file.get(), "x", 1) == 1;
    return std::unexpected(written ? "written" : ErrorText());
  });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), ErrorText(EBADF));
  EXPECT_EQ(ReadText(path), "");
}

TEST(Examiner, ItCannotWriteToTheTerminalOrTheLog) {
  const Examination found = ExamineApart([]() -> Examination {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
      if (write(fd, "", 0) == 0 || errno != EBADF) return std::unexpected("open");
    return Examined{};
  });
  EXPECT_TRUE(found) << found.error();
}

TEST(Examiner, SnapshotThatEndsItsReaderIsNotSound) {
  EXPECT_FALSE(ExamineApart([]() -> Examination { _exit(0); }));
  const Examination crashed = ExamineApart([]() -> Examination { __builtin_trap(); });
  ASSERT_FALSE(crashed);
  EXPECT_TRUE(crashed.error().starts_with("whoever read it ")) << crashed.error();
}

TEST(Examiner, LongWordsAreCutAndMemoryThatThereIsNotIsSaid) {
  const Examination found =
      ExamineApart([]() -> Examination { return std::unexpected(std::string(10'000, 'x')); });
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), std::string(255, 'x'));
  const Examination none = ExamineApart([]() -> Examination { throw std::bad_alloc(); });
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), "std::bad_alloc");
}

}  // namespace
}  // namespace sqlmap
