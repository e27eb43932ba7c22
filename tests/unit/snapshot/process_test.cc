// What a process may do to us: each test is a child of its own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include "common/snapshot/source.h"
#include "snapshots.h"

namespace sqlmap {
namespace {

using test::Site;
using test::SmallSite;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SQLMAP_TEST_SANITIZED
#endif

// Runs it in a child, which ends with 0 if it returns true. Gives up on it after ten seconds.
void InAChild(const std::function<bool()>& work) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    alarm(10);
    const bool good = work();
#ifdef __SANITIZE_THREAD__  // which has a thread of its own
    _exit(good ? 0 : 1);
#else
    syscall(SYS_exit, good ? 0 : 1);  // the one exit that strict seccomp allows
#endif
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

class Process : public testing::Test {
 protected:
  void SetUp() override {
    site_.Publish(1, SmallSite());
    site_.Confirm();
  }

  bool Finds(const char* name, Uid uid) {
    SnapshotSource source(map_);
    Uid found = 0;
    return source.FindUserByName(name, [&](const UserRecord& user) { found = user.uid; }).found() &&
           found == uid;
  }
  bool AllIsWell() {
    SnapshotSource source(map_);
    Gid gid = 0;
    std::size_t gids = 0;
    return Finds("alice", 2001) && source.FindUserById(2003, [](const UserRecord&) {}).found() &&
           source.FindGroupByName("staff", [&](const GroupRecord& group) { gid = group.gid; })
               .found() &&
           gid == 3001 && source.FindGroupById(3003, [](const GroupRecord&) {}).found() &&
           source
               .FindGroupsOfUser("alice", [&](std::span<const Gid> found) { gids = found.size(); })
               .found() &&
           gids == 2 && source.FindUserByName("nobody", [](const UserRecord&) {}).absent() &&
           source.MissIsFinal() && source.FindUserById(4711, [](const UserRecord&) {}).absent() &&
           source.MissIsFinal();
  }
  bool Lists() {
    SnapshotSource source(map_);
    Cursor<UserRecord>* cursor = nullptr;
    if (!source.ListUsers(cursor).found()) return false;
    unsigned rows = 0;
    for (UserRecord user; cursor->Next(user).found();) ++rows;
    cursor->Close();
    return rows == 5;
  }

  Site site_;
  SnapshotMap map_{site_.paths()};
};

// Strict seccomp kills at the first system call: prctl(2).
#ifndef __SANITIZE_THREAD__  // which makes system calls of its own, from a thread of its own
TEST_F(Process, NeitherAHitNorAConfirmedMissMakesASystemCall) {
  InAChild([&] {
    if (!AllIsWell()) return false;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) return false;
    for (int i = 0; i < 10'000; ++i) {
      if (!AllIsWell()) return false;
    }
    return true;
  });
}
#endif

TEST_F(Process, NoDescriptorIsKeptAndNoneBelowThreeIsUsed) {
  InAChild([&] {
    for (int fd = 0; fd < 64; ++fd) close(fd);
    if (!AllIsWell() || !Lists()) return false;
    for (int fd = 0; fd < 64; ++fd) {
      if (fcntl(fd, F_GETFD) != -1) return false;
    }
    return true;
  });
}

TEST_F(Process, WithoutAFreeDescriptorWhatIsMappedGoesOnAndTheRestIsUnavailable) {
  InAChild([&] {
    if (!AllIsWell()) return false;
    const rlimit limit{3, 3};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    SnapshotMap fresh(site_.paths());
    SnapshotSource source(fresh);
    return AllIsWell() && Lists() &&
           source.FindUserByName("alice", [](const UserRecord&) {}).unavailable();
  });
}

// Somebody runs a set-uid program so, beside a daemon that is somebody else's by now.
TEST_F(Process, WithoutAddressSpaceForTheControlPageNoIdIsAllowed) {
  site_.control().SetIds({{1000, 60000, {}, {}}, {1000, 60000, {}, {}}});
  const auto allowed = [](SnapshotMap& map) {
    return std::pair(map.MayHaveId(IdKind::kUid, 2000), map.MayHaveId(IdKind::kGid, 27));
  };
  SnapshotMap usual(site_.paths());
  EXPECT_EQ(allowed(usual), std::pair(true, false));
  InAChild([&] {
    SnapshotMap fresh(site_.paths());
    const rlimit limit{std::size_t{1} << 20, RLIM_INFINITY};
    return setrlimit(RLIMIT_AS, &limit) == 0 && allowed(fresh) == std::pair(false, false);
  });
  std::filesystem::remove_all(site_.Path("run"));
  SnapshotMap without(site_.paths());
  EXPECT_EQ(allowed(without), std::pair(true, true)) << "no sqlmapd has said anything";
  EXPECT_FALSE(without.MayHaveId(IdKind::kUid, 0));
}

TEST_F(Process, WithoutAddressSpaceNothingIsAbsent) {
  site_.Publish(2, test::ManyUsers(100'000));
  site_.Confirm();
  InAChild([&] {
    SnapshotMap fresh(site_.paths());
    SnapshotSource source(fresh);
    const rlimit limit{std::size_t{1} << 20, RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) return false;
    const auto ask = [&] { return source.FindUserByName("user000001", [](const UserRecord&) {}); };
    if (ask() != Answer::Unavailable(Reason::kNoMemory)) return false;
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &none) != 0) return false;
    const std::int64_t deadline = test::MonotonicSeconds() + 30;  // it tries again each second
    while (!ask().found() && test::MonotonicSeconds() < deadline) usleep(50'000);
    return ask().found();
  });
}

#ifndef SQLMAP_TEST_SANITIZED  // a sanitizer fills the address space, and takes mlockall(2) away

std::uint64_t AddressSpace() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

// Addresses that the first mapping of a file takes whose path contains `text`.
std::uint64_t MappedSize(const std::string& text) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (!line.contains(text)) continue;
    std::size_t dash = 0;
    const std::uint64_t begin = std::stoull(line, &dash, 16);
    return std::stoull(line.substr(dash + 1), nullptr, 16) - begin;
  }
  return 0;
}

// Three arenas at most take a quarter of what there is, also if there is room for the file.
TEST_F(Process, OfLimitedAddressSpaceTheHostKeepsMost) {
  site_.Publish(2, test::ManyUsers(100'000));
  site_.Confirm();
  const std::uint64_t file = std::filesystem::file_size(site_.SnapshotPath(2));
  const auto under_limit = [&](std::uint64_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    if (setrlimit(RLIMIT_AS, &limit) != 0) return Answer::Unavailable(Reason::kNone);
    SnapshotMap fresh(site_.paths());
    SnapshotSource source(fresh);
    return source.FindUserByName("user000001", [](const UserRecord&) {});
  };
  InAChild([&] {
    const std::uint64_t room = 2 * file;
    if (AddressSpace() + room > 11 * file) return false;  // then this test proves nothing
    if (under_limit(AddressSpace() + room) != Answer::Unavailable(Reason::kNoMemory)) return false;
    if (!under_limit(13 * file).found()) return false;
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    return MappedSize(site_.SnapshotPath(2)) == (file + page - 1) / page * page;
  });
  InAChild([&] {
    return under_limit(RLIM_INFINITY).found() && MappedSize(site_.SnapshotPath(2)) >= file / 8 * 10;
  });
}

// mlockall(2), of a process that may not lock as much: mmap(2) says EAGAIN.
TEST_F(Process, WithoutMemoryThatMayBeLockedNothingIsAbsent) {
  site_.Publish(2, test::ManyUsers(5'000));
  InAChild([&] {
    const rlimit limit{std::size_t{1} << 17, std::size_t{1} << 17};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || setuid(4711) != 0) return false;
    if (mlockall(MCL_FUTURE) != 0) return false;
    SnapshotMap fresh(site_.paths());
    SnapshotSource source(fresh);
    return source.FindUserByName("user000001", [](const UserRecord&) {}) ==
           Answer::Unavailable(Reason::kNoMemory);
  });
}

#endif

// A child in a time namespace whose clock goes after its parent's must not wait for the parent's.
TEST_F(Process, AnotherClockDoesNotPutOffTheNextLook) {
  ASSERT_TRUE(AllIsWell());
  InAChild([&] {
    const auto behind = std::min<std::int64_t>(test::MonotonicSeconds() - 10, 1000);
    if (unshare(CLONE_NEWTIME) != 0) return false;
    std::ofstream("/proc/self/timens_offsets") << "monotonic -" << behind << " 0\n";
    const std::int64_t before = test::MonotonicSeconds();
    const pid_t child = fork();  // the first in the namespace
    if (child == 0) {
      alarm(10);
      std::filesystem::remove_all(site_.Path("run"));
      bool good =
          test::MonotonicSeconds() < before - 5 && mkdir(site_.paths().directory, 0755) == 0;
      auto control = ControlPageWriter::Open(site_.Path("run/control"));
      Site::Put(site_.SnapshotPath(2), test::Write({{{.name = "new", .uid = 4000}}, {}}, 2));
      control->Publish(2, true);
      while (good && !Finds("new", 4000)) sched_yield();  // until the second is over
      _exit(good ? 0 : 1);
    }
    int status = 0;
    return waitpid(child, &status, 0) == child && status == 0;
  });
}

TEST_F(Process, AfterChrootTheMappedSnapshotAnswersAndListsAndAForeignOneIsNotTaken) {
  const std::string jail = site_.Path("jail");
  std::filesystem::create_directories(jail + site_.Path("run"));
  Site::Put(jail + site_.SnapshotPath(2), test::Write(test::ManyUsers(5), 2));
  ASSERT_EQ(chown(jail.c_str(), 4711, 4711), 0);
  InAChild([&] {
    auto control = ControlPageWriter::Open(site_.Path("run/control"));
    control->Beat(test::MonotonicSeconds());
    control->ConfirmUntil(test::MonotonicSeconds() + 5);
    if (!AllIsWell() || chroot(jail.c_str()) != 0 || chdir("/") != 0) return false;
    if (!AllIsWell() || !Lists()) return false;
    control->Publish(2, true);
    return Finds("alice", 2001) && Lists();
  });
}

TEST_F(Process, AfterSetuidAllGoesOn) {
  InAChild([&] {
    if (setgid(4711) != 0 || setuid(4711) != 0) return false;
    return AllIsWell() && Lists();
  });
}

// A child must find a usable state whatever the parent's threads were doing.
TEST_F(Process, AChildForkedInTheMiddleOfAnythingFindsItsAccounts) {
  std::atomic<bool> stop = false;
  std::thread publisher([&] {
    const auto odd = test::SmallSite();
    auto even = test::ManyUsers(3'000);
    even.users.insert(even.users.end(), odd.users.begin(), odd.users.end());
    for (std::uint64_t generation = 2; !stop; ++generation)
      site_.Publish(generation, generation % 2 != 0 ? odd : even);
  });
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!stop) EXPECT_TRUE(Finds("alice", 2001));
    });
  for (int i = 0; i < 300; ++i) {
    InAChild([&] {
      for (int round = 0; round < 20; ++round) {
        if (!Finds("alice", 2001)) return false;
      }
      return true;
    });
    if (HasFailure()) break;
  }
  stop = true;
  publisher.join();
  for (std::thread& reader : readers) reader.join();
}

SnapshotMap* g_map;
std::atomic<int> g_found;

// getpwnam in a signal handler is forbidden by POSIX, and done.
TEST_F(Process, ASignalHandlerThatAsksDoesNotWaitForTheLookupThatItInterrupted) {
  g_map = &map_;
  struct sigaction action {};
  action.sa_handler = [](int) {
    SnapshotSource source(*g_map);
    if (source.FindUserByName("alice", [](const UserRecord&) {}).found()) ++g_found;
  };
  struct sigaction before {};
  ASSERT_TRUE(AllIsWell());
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  std::atomic<bool> stop = false;
  std::thread sender([&, self = pthread_self()] {
    for (std::uint64_t generation = 2; !stop; ++generation) {
      site_.Publish(generation, SmallSite());
      pthread_kill(self, SIGUSR1);
    }
  });
  const std::int64_t end = test::MonotonicSeconds() + 2;
  while (test::MonotonicSeconds() < end) EXPECT_TRUE(Finds("alice", 2001));
  stop = true;
  sender.join();
  ASSERT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
  EXPECT_GT(g_found, 10);
}

// pthread_cancel(3) in the middle of a mapping would leave the lock to nobody.
TEST_F(Process, ACancelledThreadLeavesNothingHeld) {
  for (std::uint64_t generation = 2; generation < 200; ++generation) {
    site_.Publish(generation, SmallSite());
    pthread_t thread{};
    ASSERT_EQ(pthread_create(
                  &thread, nullptr,
                  [](void* map) -> void* {
                    SnapshotSource source(*static_cast<SnapshotMap*>(map));
                    for (int i = 0; i < 50; ++i)
                      source.FindUserByName("alice", [](const UserRecord&) {});
                    return nullptr;
                  },
                  &map_),
              0);
    pthread_cancel(thread);
    pthread_join(thread, nullptr);
    ASSERT_TRUE(Finds("alice", 2001)) << generation;
  }
}

}  // namespace
}  // namespace sqlmap
