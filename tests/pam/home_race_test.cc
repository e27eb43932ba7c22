// Many logins at once, and logins that die or meet an error at any point.
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <iterator>
#include <utility>

#include "common/process/owned_fd.h"
#include "home_fixture.h"
#include "pam/staged_directory.h"
#include "stepped_process.h"

namespace sqlmap {
namespace {

// How many of the processes that provide a home at the same time made it, and how many found it;
// -1 for both if one did neither.
std::pair<int, int> AllAtOnce(int count, const std::function<Home(int)>& provide) {
  int start[2];
  if (pipe(start) != 0) return {-1, -1};
  std::vector<pid_t> children;
  for (int i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      close(start[1]);
      char byte = 0;
      (void)!read(start[0], &byte, 1);  // until all are there
      _exit(static_cast<int>(provide(i)));
    }
    children.push_back(child);
  }
  close(start[0]);
  close(start[1]);
  std::pair<int, int> outcome = {0, 0};
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    const int home = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (home == static_cast<int>(Home::kMade))
      ++outcome.first;
    else if (home == static_cast<int>(Home::kThere))
      ++outcome.second;
    else
      return {-1, -1};
  }
  return outcome;
}

TEST_F(HomeTest, FiftyLoginsAtOnceMakeOneHome) {
  FillSkel();
  const HomeOrder order = Order(HomeOf("acme/shop"), true);
  EXPECT_EQ(AllAtOnce(50, [&](int) { return Provide(order).home; }), (std::pair{1, 49}));
  EXPECT_EQ(Listing(HomeOf("acme/shop")), FilledHome());
  EXPECT_EQ(Listing(HomeOf("acme")).size(), FilledHome().size() + 1) << "something else was left";
  EXPECT_EQ(Listing(Sites()).size(), FilledHome().size() + 2) << "something else was left";
}

TEST_F(HomeTest, FiftyAccountsAtOnceGetAHomeEach) {
  Write(Skel() + "/.profile", "x");
  EXPECT_EQ(
      AllAtOnce(50,
                [&](int i) { return Provide(HomeOf("acme/shop" + std::to_string(i)), true).home; }),
      (std::pair{50, 0}));
  EXPECT_EQ(Listing(Sites()).size(), 101U) << "something is missing or was left";
}

// As on ZFS before 2.2, or NFS.
void ForbidRenameWithoutReplacement() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[4])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    _exit(99);
}

TEST_F(HomeTest, AFileSystemThatCannotRenameWithoutReplacingIsGoodEnough) {
  FillSkel();
  const HomeOrder order = Order(HomeOf("acme/shop"), true);
  const auto outcome = AllAtOnce(20, [&](int) {
    ForbidRenameWithoutReplacement();
    return Provide(order).home;
  });
  EXPECT_EQ(outcome, (std::pair{1, 19}));
  EXPECT_EQ(Listing(HomeOf("acme/shop")), FilledHome());
  EXPECT_EQ(Listing(Sites()).size(), FilledHome().size() + 2) << "something else was left";
}

// Crashes.

TEST_F(HomeTest, WhoDiesAtAnyPointLeavesAWholeHomeOrNoneAndTheNextLoginMendsIt) {
  FillSkel();
  fs::resize_file(Skel() + "/web/index.html", 10);
  auto filled = FilledHome();
  filled["web/index.html"] = "100640 12345:23456 " + std::string(10, 'x');
  const HomeOrder order = Order(HomeOf("acme/shop"), true);
  int kills = 0;
  while (RunAndKillBefore(kills, [&] { Provide(order); })) {
    const bool there = fs::exists(HomeOf("acme/shop"));
    if (there) {
      EXPECT_EQ(Listing(HomeOf("acme/shop")), filled) << "killed before call " << kills;
      ExpectDirectory(HomeOf("acme/shop"), 0700, kUid, kGid);
      fs::remove_all(HomeOf("acme/shop"));
    }
    ASSERT_EQ(Provide(order).home, Home::kMade) << "killed before call " << kills;
    ASSERT_EQ(Listing(HomeOf("acme/shop")), filled) << "killed before call " << kills;
    ExpectDirectory(HomeOf("acme"), 0755, 0, 0);
    ASSERT_EQ(Listing(HomeOf("acme")).size(), filled.size() + 1) << "killed before call " << kills;
    fs::remove_all(HomeOf("acme"));
    fs::remove_all(HomeOf(kStagingName));  // the next new directory in there would remove it
    ++kills;
  }
  EXPECT_GT(kills, 100);
}

template <std::size_t kCount>
bool IsOneOf(long call, const long (&calls)[kCount]) {
  return std::find(std::begin(calls), std::end(calls), call) != std::end(calls);
}

bool MakesSomething(long call) {
  return IsOneOf(call, {SYS_mkdirat, SYS_sendfile, SYS_fchown, SYS_fchownat, SYS_fchmod,
                        SYS_symlinkat, SYS_renameat2, SYS_readlinkat, SYS_flock});
}

// Not what the C library, or a sanitizer, does for itself.
bool IsAboutFiles(long call) {
  return MakesSomething(call) || IsOneOf(call, {SYS_openat, SYS_newfstatat, SYS_close, SYS_fcntl,
                                                SYS_unlinkat, SYS_getdents64});
}

TEST_F(HomeTest, AnErrorAtAnyPointLeavesAWholeHomeOrNone) {
  FillSkel();
  fs::resize_file(Skel() + "/web/index.html", 10);
  auto filled = FilledHome();
  filled["web/index.html"] = "100640 12345:23456 " + std::string(10, 'x');
  MakeDirectory(HomeOf("acme"));
  const HomeOrder order = Order(HomeOf("acme/shop"), true);
  for (const int error : {EIO, EEXIST, EMFILE}) {
    int number = 0;
    while (RunWithError(
        number, error, [&] { Provide(order); }, IsAboutFiles)) {
      if (fs::exists(HomeOf("acme/shop"))) {
        EXPECT_EQ(Listing(HomeOf("acme/shop")), filled)
            << "error " << error << " in call " << number;
        ExpectDirectory(HomeOf("acme/shop"), 0700, kUid, kGid);
      }
      fs::remove_all(HomeOf("acme/shop"));
      fs::remove_all(HomeOf("acme/.sqlmap-new"));
      ++number;
    }
    EXPECT_GT(number, 100);
  }
}

TEST_F(HomeTest, ADiskThatIsFullAtAnyPointLeavesNothingBehind) {
  FillSkel();
  fs::resize_file(Skel() + "/web/index.html", 10);
  const HomeOrder order = Order(HomeOf("shop"), true);
  int number = 0;
  while (RunWithError(
      number, ENOSPC, [&] { Provide(order); }, MakesSomething)) {
    const auto listing = Listing(Sites());
    if (listing.contains("shop")) {
      EXPECT_EQ(Listing(HomeOf("shop")).size(), FilledHome().size()) << "in call " << number;
      EXPECT_FALSE(listing.contains(kStagingName)) << "in call " << number;
      fs::remove_all(HomeOf("shop"));
    } else {
      EXPECT_TRUE(listing.empty()) << "in call " << number << ": " << listing.begin()->first;
    }
    ++number;
  }
  EXPECT_GT(number, 20);
}

TEST_F(HomeTest, WhatADeadLoginLeftIsRemovedWithoutFollowingItsLinks) {
  MakeDirectory(top_ + "/victim");
  Write(top_ + "/victim/file", "text");
  const std::string staging = HomeOf(kStagingName);
  MakeDirectory(staging, 0700);
  MakeDirectory(staging + "/1-2-3", 0777, kUid);
  MakeDirectory(staging + "/1-2-3/web", 0777, kUid);
  Write(staging + "/1-2-3/web/file", "text");
  fs::create_directory_symlink(top_ + "/victim", staging + "/1-2-3/web/link");
  fs::create_directory_symlink(top_ + "/victim", staging + "/4-5-6");
  ASSERT_EQ(mkfifo((staging + "/1-2-3/fifo").c_str(), 0666), 0);
  EXPECT_EQ(Provide(HomeOf("shop")).home, Home::kMade);
  EXPECT_FALSE(fs::exists(staging + "/1-2-3"));
  EXPECT_EQ(Listing(top_ + "/victim").size(), 1U) << "a link in a leftover was followed";
}

TEST_F(HomeTest, WhatALivingLoginMakesIsLeftAlone) {
  const std::string staging = HomeOf(kStagingName);
  MakeDirectory(staging, 0700);
  MakeDirectory(staging + "/living", 0700);
  Write(staging + "/living/file", "text");
  const int fd = open((staging + "/living").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);
  EXPECT_EQ(Provide(HomeOf("shop")).home, Home::kMade);
  EXPECT_TRUE(fs::exists(staging + "/living/file"));
  close(fd);
  EXPECT_EQ(Provide(HomeOf("blog")).home, Home::kMade);
  EXPECT_FALSE(fs::exists(staging));
}

bool IsFlock(long call) { return call == SYS_flock; }
bool IsRenameat(long call) { return call == SYS_renameat; }

TEST_F(HomeTest, AHomeThatIsFinishedWhileItIsTakenForALeftoverStaysWhole) {
  const std::string staging = HomeOf(kStagingName);
  MakeDirectory(staging, 0700);
  MakeDirectory(staging + "/almost", 0700, kUid);
  Write(staging + "/almost/file", "text");
  const HomeOrder order = Order(HomeOf("shop"));
  EXPECT_TRUE(RunWithInterruption(
      0, [&] { fs::rename(staging + "/almost", HomeOf("blog")); }, [&] { Provide(order); },
      IsFlock));
  EXPECT_TRUE(fs::exists(HomeOf("blog/file"))) << "somebody's home was emptied";
  EXPECT_TRUE(fs::exists(HomeOf("shop")));
}

TEST_F(HomeTest, WhoIsTakenForDeadBeforeHoldingTheLockBeginsAgain) {
  FillSkel();
  const HomeOrder order = Order(HomeOf("shop"), true);
  EXPECT_TRUE(RunWithInterruption(
      0, [&] { fs::remove_all(HomeOf(kStagingName)); }, [&] { Provide(order); }, IsFlock));
  ASSERT_TRUE(fs::exists(HomeOf("shop")));
  EXPECT_EQ(Listing(HomeOf("shop")), FilledHome());
  EXPECT_FALSE(fs::exists(HomeOf(kStagingName)));
}

TEST_F(HomeTest, WhereRenamingReplacesOnlyOneLooksAndRenamesAtATime) {
  const HomeOrder order = Order(HomeOf("shop"));
  bool alone = false;
  EXPECT_TRUE(RunWithInterruption(
      0,
      [&] {
        const int staging = open(HomeOf(kStagingName).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        alone = flock(staging, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        close(staging);
      },
      [&] {
        ForbidRenameWithoutReplacement();
        Provide(order);
      },
      IsRenameat));
  EXPECT_TRUE(alone) << "two could see that there is no home, and the second replace the first's";
  EXPECT_TRUE(fs::exists(HomeOf("shop")));
}

TEST_F(HomeTest, SomebodyWhoIsStoppedInHisTurnDoesNotHoldUpAllOtherLogins) {
  const HomeOrder order = Order(HomeOf("shop"));
  OwnedFd turn;
  const auto take_turn = [&] {
    turn = OwnedFd(open(HomeOf(kStagingName).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(flock(turn.get(), LOCK_EX | LOCK_NB), 0);
  };
  EXPECT_TRUE(RunWithInterruption(
      0, take_turn,
      [&] {
        ForbidRenameWithoutReplacement();
        Provide(order);
      },
      [](long call) { return call == SYS_renameat2; }));
  EXPECT_FALSE(fs::exists(HomeOf("shop"))) << "it was made out of turn";
  turn = OwnedFd();
  EXPECT_EQ(Provide(order).home, Home::kMade);
}

TEST_F(HomeTest, NobodyElsesDirectoryIsUsedToMakeHomesIn) {
  const std::string staging = HomeOf(kStagingName);
  struct {
    uid_t owner;
    mode_t mode;
  } const cases[] = {{kOther, 0700}, {0, 0750}, {0, 0701}};
  for (const auto& c : cases) {
    MakeDirectory(staging, c.mode, c.owner);
    const Result result = Provide(HomeOf("shop"));
    EXPECT_EQ(result.home, Home::kNone);
    EXPECT_EQ(result.why, ".sqlmap-new is not root's alone: remove it");
    fs::remove(staging);
  }
  fs::create_directory_symlink("/etc", staging);
  EXPECT_EQ(Provide(HomeOf("shop")).home, Home::kNone);
}

}  // namespace
}  // namespace sqlmap
