#include "pam/home.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <functional>

#include "home_fixture.h"
#include "pam/staged_directory.h"
#include "stepped_process.h"

namespace sqlmap {
namespace {

// In a process of its own; returns its exit status, or -1 for a signal.
int InChild(const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) _exit(action());
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(HomeTest, AMissingHomeIsMadeForItsAccountAlone) {
  const Result result = Provide(HomeOf("shop"));
  EXPECT_EQ(result.home, Home::kMade) << result.why;
  ExpectDirectory(HomeOf("shop"), 0700, kUid, kGid);
  EXPECT_EQ(Listing(Sites()).size(), 1U) << "something else was left beside it";
}

TEST_F(HomeTest, TheModeIsTheOneThatWasAskedFor) {
  HomeOrder order = Order(HomeOf("shop"));
  order.mode = 0751;
  EXPECT_EQ(Provide(order).home, Home::kMade);
  ExpectDirectory(HomeOf("shop"), 0751, kUid, kGid);
}

TEST_F(HomeTest, TheSkeletonIsCopiedWithItsModesAndLinksAndBelongsToTheAccount) {
  FillSkel();
  const Result result = Provide(HomeOf("shop"), true);
  ASSERT_EQ(result.home, Home::kMade) << result.why;
  ExpectDirectory(HomeOf("shop"), 0700, kUid, kGid);
  EXPECT_EQ(Listing(HomeOf("shop")), FilledHome());
}

TEST_F(HomeTest, ASecondLoginChangesNothing) {
  FillSkel();
  ASSERT_EQ(Provide(HomeOf("shop"), true).home, Home::kMade);
  fs::remove(HomeOf("shop") + "/.profile");
  ASSERT_EQ(chmod(HomeOf("shop").c_str(), 0755), 0);
  const auto before = Listing(Sites());
  EXPECT_EQ(Provide(HomeOf("shop"), true).home, Home::kThere);
  EXPECT_EQ(Listing(Sites()), before);
}

TEST_F(HomeTest, MissingDirectoriesOnTheWayAreRootsAndCanBeEntered) {
  ASSERT_EQ(Provide(HomeOf("acme/2026/shop")).home, Home::kMade);
  ExpectDirectory(HomeOf("acme"), 0755, 0, 0);
  ExpectDirectory(HomeOf("acme/2026"), 0755, 0, 0);
  ExpectDirectory(HomeOf("acme/2026/shop"), 0700, kUid, kGid);
  EXPECT_EQ(Listing(Sites()).size(), 3U);
  EXPECT_EQ(Provide(HomeOf("acme/2026/blog")).home, Home::kMade);
}

TEST_F(HomeTest, TheProcessIsAsItWas) {
  FillSkel();
  EXPECT_EQ(
      InChild([this] {
        umask(0777);
        sigset_t before;
        sigset_t after;
        pthread_sigmask(SIG_SETMASK, nullptr, &before);
        const fs::path directory = fs::current_path();
        errno = 4711;
        const bool made = Provide(HomeOf("acme/shop"), true).home == Home::kMade;
        const bool same_errno = errno == 4711;
        pthread_sigmask(SIG_SETMASK, nullptr, &after);
        const bool same_signals = sigismember(&before, SIGXFSZ) == sigismember(&after, SIGXFSZ);
        const bool same_directory = fs::current_path() == directory;
        return made && same_errno && same_signals && same_directory && umask(0) == 0777 ? 0 : 1;
      }),
      0);
  ExpectDirectory(HomeOf("acme"), 0755, 0, 0);
  ExpectDirectory(HomeOf("acme/shop"), 0700, kUid, kGid);
  EXPECT_EQ(Listing(HomeOf("acme/shop")), FilledHome()) << "umask 0777 was in the way";
}

TEST_F(HomeTest, AnExistingHomeCostsOneSystemCall) {
  MakeDirectory(HomeOf("shop"), 0700, kUid);
  const HomeOrder order = Order(HomeOf("shop"), true);
  const int nothing = CountCalls([] {});
  EXPECT_EQ(CountCalls([&] { Provide(order); }), nothing + 1);
}

TEST_F(HomeTest, WhatIsThereIsLeftAloneWhoeverOwnsIt) {
  MakeDirectory(HomeOf("others"), 0777, kOther);
  MakeDirectory(top_ + "/elsewhere", 0700, kOther);
  Write(HomeOf("file"), "text", 0600);
  ASSERT_EQ(mkfifo(HomeOf("fifo").c_str(), 0666), 0);
  ASSERT_EQ(symlink("../elsewhere", HomeOf("link").c_str()), 0);
  ASSERT_EQ(symlink("/nonexistent", HomeOf("dangling").c_str()), 0);
  const auto before = Listing(top_);
  struct {
    std::string home;
    Home outcome;
    std::string why;
  } const cases[] = {
      {HomeOf("others"), Home::kThere, ""},
      {top_ + "/elsewhere", Home::kThere, ""},
      {HomeOf("file"), Home::kNone, "there is no directory but a file"},
      {HomeOf("fifo"), Home::kNone, "there is no directory but a file"},
      {HomeOf("link"), Home::kNone, "there is a symbolic link"},
      {HomeOf("dangling"), Home::kNone, "there is a symbolic link"},
      {HomeOf("file/shop"), Home::kNone, "Not a directory"},
  };
  for (const auto& c : cases) {
    const Result result = Provide(c.home, true);
    EXPECT_EQ(result.home, c.outcome) << c.home;
    EXPECT_EQ(result.why, c.why) << c.home;
  }
  EXPECT_EQ(Listing(top_), before);
}

TEST_F(HomeTest, NoHomeIsMadeWhereTheAdministratorDidNotSay) {
  const std::string outside = "it is not below mkhome=" + Sites();
  const std::string detour =
      "its path must be absolute, without \".\", \"..\", \"//\" or a \"/\" at the end";
  MakeDirectory(HomeOf("acme"));
  struct {
    std::string home;
    std::string why;
  } const cases[] = {
      {top_ + "/shop", outside},
      {top_ + "/sites2", outside},
      {top_ + "/sites2/shop", outside},
      {"/run/sqlmap-home-shop", outside},
      {HomeOf("../shop"), detour},
      {HomeOf("acme/../../shop"), detour},
      {HomeOf("acme/../shop"), detour},
      {HomeOf("./shop"), detour},
      {HomeOf("/shop"), detour},
      {HomeOf("shop/"), detour},
      {HomeOf("sh:op"), detour},
      {HomeOf("sh\nop"), detour},
      {"shop", detour},
      {"", detour},
      {HomeOf(kStagingName), std::string("no home may be called ") + kStagingName},
      {HomeOf(std::string(kStagingName) + "/shop"),
       std::string("no home may be called ") + kStagingName},
      {HomeOf(std::string(300, 'x')), "File name too long"},
      {HomeOf(std::string(5000, 'x')), "its path is too long"},
  };
  const auto before = Listing(top_);
  for (const auto& c : cases) {
    const Result result = Provide(c.home, true);
    EXPECT_EQ(result.home, Home::kNone) << c.home;
    EXPECT_EQ(result.why, c.why) << c.home;
  }
  EXPECT_EQ(Listing(top_), before);
  EXPECT_FALSE(fs::exists("/run/sqlmap-home-shop"));
}

TEST_F(HomeTest, RootAndNobodyGetNoHome) {
  for (const Uid id : {0U, 65534U, 65535U, 4294967294U, 4294967295U}) {
    HomeOrder order = Order(HomeOf("shop"));
    order.uid = id;
    EXPECT_EQ(Provide(order).home, Home::kNone) << id;
    order.uid = kUid;
    order.gid = id;
    EXPECT_EQ(Provide(order).home, Home::kNone) << id;
  }
  ExpectNoHomeAndNothingLeft();
}

TEST_F(HomeTest, WhoIsNotRootMakesNothing) {
  ASSERT_EQ(chmod(Sites().c_str(), 0777), 0);
  EXPECT_EQ(InChild([this] {
              if (setresuid(kUid, kUid, kUid) != 0) return 2;
              return Provide(HomeOf("shop")).why == "only root can make it" ? 0 : 1;
            }),
            0);
  ExpectNoHomeAndNothingLeft();
}

// On the way to HomeOf("acme/shop"): the directory above mkhome, mkhome, and one below.
TEST_F(HomeTest, ADirectoryOnTheWayThatSomebodyElseCanChangeIsNotGoneThrough) {
  MakeDirectory(HomeOf("acme"));
  struct {
    uid_t owner;
    mode_t mode;
    std::string why;
  } const cases[] = {
      {kOther, 0755, " belongs to uid 12399 and must be root's"},
      {kUid, 0700, " belongs to uid 12345 and must be root's"},
      {0, 0775, " can be written to by others than root: its mode is 0775"},
      {0, 0757, " can be written to by others than root: its mode is 0757"},
      {0, 01777, " can be written to by others than root: its mode is 1777"},
  };
  for (const std::string& level : {top_, Sites(), HomeOf("acme")}) {
    for (const auto& c : cases) {
      ASSERT_EQ(chown(level.c_str(), c.owner, 0), 0);
      ASSERT_EQ(chmod(level.c_str(), c.mode), 0);
      const Result result = Provide(HomeOf("acme/shop"));
      EXPECT_EQ(result.home, Home::kNone);
      EXPECT_EQ(result.why, level + c.why);
      EXPECT_EQ(Listing(Sites()).size(), 1U) << level;
    }
    ASSERT_EQ(chown(level.c_str(), 0, 0), 0);
    ASSERT_EQ(chmod(level.c_str(), 0755), 0);
  }
  EXPECT_EQ(Provide(HomeOf("acme/shop")).home, Home::kMade);
}

TEST_F(HomeTest, ALinkOnTheWayIsNotFollowed) {
  MakeDirectory(HomeOf("acme"));
  for (const std::string& level : {top_, Sites(), HomeOf("acme")}) {
    const std::string real = level == top_ ? top_ + "-real" : top_ + "/real";
    fs::rename(level, real);
    fs::create_directory_symlink(real, level);
    const auto before = Listing(real);
    const Result result = Provide(HomeOf("acme/shop"));
    EXPECT_EQ(result.home, Home::kNone);
    EXPECT_EQ(result.why, level + " is a symbolic link: use the path that it leads to");
    EXPECT_EQ(Listing(real), before) << "made behind the link " << level;
    fs::remove(level);
    fs::rename(real, level);
  }
}

TEST_F(HomeTest, AnUnsoundMkhomeOrSkeletonIsNamed) {
  fs::remove(Skel());
  EXPECT_EQ(Provide(HomeOf("shop"), true).why, Skel() + " does not exist");
  fs::create_directory_symlink("/etc", Skel());
  EXPECT_EQ(Provide(HomeOf("shop"), true).why,
            Skel() + " is a symbolic link: use the path that it leads to");
  fs::remove(Skel());
  Write(Skel(), "text");
  EXPECT_EQ(Provide(HomeOf("shop"), true).why, Skel() + " is not a directory");
  ExpectNoHomeAndNothingLeft();
  fs::remove(Sites());
  EXPECT_EQ(Provide(HomeOf("shop")).why, Sites() + " does not exist");
}

TEST_F(HomeTest, WhatIsNeitherFileNorDirectoryNorLinkStaysInTheSkeleton) {
  ASSERT_EQ(mkfifo((Skel() + "/fifo").c_str(), 0644), 0);
  ASSERT_EQ(mknod((Skel() + "/device").c_str(), S_IFCHR | 0644, makedev(1, 3)), 0);
  ASSERT_EQ(mknod((Skel() + "/socket").c_str(), S_IFSOCK | 0644, 0), 0);
  Write(Skel() + "/file", "x");
  const Result result = Provide(HomeOf("shop"), true);
  ASSERT_EQ(result.home, Home::kMade) << result.why;
  EXPECT_EQ(Listing(HomeOf("shop")).size(), 1U);
}

TEST_F(HomeTest, ASkeletonThatSomebodyElseCanChangeFillsNoHome) {
  MakeDirectory(Skel() + "/web");
  Write(Skel() + "/web/file", "x");
  struct {
    uid_t owner;
    mode_t mode;
  } const cases[] = {{kOther, 0755}, {0, 0775}, {0, 0757}};
  for (const std::string path : {"", "/web", "/web/file"}) {
    for (const auto& c : cases) {
      ASSERT_EQ(chown((Skel() + path).c_str(), c.owner, 0), 0);
      ASSERT_EQ(chmod((Skel() + path).c_str(), c.mode), 0);
      const Result result = Provide(HomeOf("shop"), true);
      EXPECT_EQ(result.home, Home::kNone) << path;
      EXPECT_NE(result.why, "") << path;
      ExpectNoHomeAndNothingLeft(path);
    }
    ASSERT_EQ(chown((Skel() + path).c_str(), 0, 0), 0);
    ASSERT_EQ(chmod((Skel() + path).c_str(), 0755), 0);
  }
  EXPECT_EQ(Provide(HomeOf("shop"), true).home, Home::kMade);
}

TEST_F(HomeTest, AHugeSkeletonKeepsNobodyWaiting) {
  MakeDirectory(Skel() + "/a");
  MakeDirectory(Skel() + "/a/b");
  Write(Skel() + "/a/b/file", std::string(1000, 'x'));
  const auto with = [&](SkeletonLimits limits) {
    HomeOrder order = Order(HomeOf("shop"), true);
    order.limits = limits;
    const Result result = Provide(order);
    if (result.home == Home::kMade) fs::remove_all(HomeOf("shop"));
    ExpectNoHomeAndNothingLeft();
    return result.why;
  };
  EXPECT_EQ(with({.entries = 3, .bytes = 1000, .depth = 3}), "")
      << "the limits themselves are good";
  EXPECT_EQ(with({.entries = 2, .bytes = 1000, .depth = 3}),
            "the skeleton has more than 2 entries");
  EXPECT_EQ(with({.entries = 3, .bytes = 999, .depth = 3}), "the skeleton has more than 999 bytes");
  EXPECT_EQ(with({.entries = 3, .bytes = 1000, .depth = 2}),
            "the skeleton has more than 2 directories in each other");
  ASSERT_EQ(truncate((Skel() + "/a/b/file").c_str(), 100LL << 30U), 0);
  EXPECT_EQ(with({}), "the skeleton has more than 67108864 bytes");
}

TEST_F(HomeTest, AFullOrReadOnlyDiskOrAQuotaLeavesNothingBehind) {
  Write(Skel() + "/big", std::string(1 << 20, 'x'));
  const auto on_disk = [&](const char* options, unsigned long flags, const char* why) {
    return InChild([&] {
      if (unshare(CLONE_NEWNS) != 0 ||
          mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return 2;
      if (mount("tmpfs", Sites().c_str(), "tmpfs", flags, options) != 0) return 3;
      const Result result = Provide(HomeOf("acme/shop"), true);
      if (result.home != Home::kNone || result.why.find(why) == std::string::npos) return 4;
      // The directory on the way may stay.
      (void)rmdir(HomeOf("acme").c_str());
      return fs::is_empty(Sites()) ? 0 : 5;
    });
  };
  EXPECT_EQ(on_disk("size=512k,mode=0755", 0, "No space left on device"), 0);
  EXPECT_EQ(on_disk("nr_inodes=4,mode=0755", 0, "No space left on device"), 0);
  EXPECT_EQ(on_disk("mode=0755", MS_RDONLY, "Read-only file system"), 0);
  // A limit on the size of files raises a signal that ends a process.
  EXPECT_EQ(InChild([&] {
              constexpr rlimit kLimit = {4096, 4096};
              if (setrlimit(RLIMIT_FSIZE, &kLimit) != 0) return 2;
              return Provide(HomeOf("shop"), true).why.ends_with("File too large") ? 0 : 1;
            }),
            0);
  ExpectNoHomeAndNothingLeft();
}

}  // namespace
}  // namespace sqlmap
