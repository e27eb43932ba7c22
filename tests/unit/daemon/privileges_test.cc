#include "daemon/privileges.h"

#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "daemon/own_module.h"
#include "daemon/process.h"
#include "unit/daemon/daemon_files.h"

namespace sqlmap {
namespace {

constexpr ServiceUser kSomebody{64321, 64322};

TEST(Privileges, ChildCannotBecomeRootAgainNorTouchItsFiles) {
  const ScratchDirectory scratch;
  const std::string secret = scratch.path() + "/secret";
  WriteText(secret, "password", 0600);
  const pid_t parent = getpid();
  EXPECT_TRUE(HoldsInChild([&] {
    const gid_t shadow = 42;
    if (setgroups(1, &shadow) != 0 || !BecomeUser(kSomebody, parent)) return false;
    const bool somebody = getuid() == kSomebody.uid && geteuid() == kSomebody.uid &&
                          getgid() == kSomebody.gid && getgroups(0, nullptr) == 0;
    return somebody && setuid(0) != 0 && open(secret.c_str(), O_RDONLY) < 0 &&
           open((scratch.path() + "/new").c_str(), O_WRONLY | O_CREAT, 0600) < 0;
  }));
}

TEST(Privileges, PublisherOwnsItsFilesAndHasNoOtherRight) {
  const ScratchDirectory scratch;
  const std::string foreign = scratch.path() + "/foreign";
  WriteText(foreign, "", 0600);
  ASSERT_EQ(chown(foreign.c_str(), kSomebody.uid, kSomebody.gid), 0);
  const pid_t parent = getpid();
  EXPECT_TRUE(HoldsInChild([&] {
    if (!DropCapabilities(parent)) return false;
    return getuid() == 0 &&
           open((scratch.path() + "/new").c_str(), O_WRONLY | O_CREAT, 0600) >= 0 &&
           open(foreign.c_str(), O_RDONLY) < 0 && syscall(SYS_setuid, kSomebody.uid) != 0;
  }));
}

TEST(Privileges, WhoReadsWhatAStrangerWroteHasNoPowerOverTheSystem) {
  const ScratchDirectory scratch;
  const std::string roots = scratch.path() + "/roots";
  WriteText(roots, "untouched");
  const OwnedFd directory(open(scratch.path().c_str(), O_RDONLY | O_DIRECTORY));
  const OwnedFd file(open(roots.c_str(), O_RDONLY));
  const pid_t parent = getpid();
  EXPECT_TRUE(HoldsInChild([&] {
    if (!KeepToMemory(parent)) return false;
    const auto refused = [](long result) { return result == -1 && errno == EPERM; };
    return refused(syscall(SYS_openat, AT_FDCWD, roots.c_str(), O_WRONLY)) &&
           refused(syscall(SYS_openat, directory.get(), "new", O_WRONLY | O_CREAT, 0600)) &&
           refused(syscall(SYS_unlinkat, directory.get(), "roots", 0)) &&
           refused(syscall(SYS_renameat2, AT_FDCWD, roots.c_str(), AT_FDCWD, "/x", 0)) &&
           refused(syscall(SYS_fchmod, file.get(), 0777)) &&
           refused(syscall(SYS_socket, AF_UNIX, SOCK_DGRAM, 0)) &&
           refused(syscall(SYS_kill, parent, 0)) &&
           refused(syscall(SYS_ptrace, PTRACE_ATTACH, parent, nullptr, nullptr)) &&
           refused(syscall(SYS_execve, "/bin/true", nullptr, nullptr)) &&
           refused(syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr)) &&
           refused(syscall(SYS_setresuid, 1, 1, 1)) && refused(syscall(SYS_getpid));
  }));
  EXPECT_EQ(ReadText(roots), "untouched");
}

TEST(Privileges, ItCanCompute) {
  const pid_t parent = getpid();
  EXPECT_TRUE(HoldsInChild([&] {
    if (!KeepToMemory(parent)) return false;
    const std::string large(std::size_t{64} << 20, 'x');
    return large.back() == 'x';
  }));
}

TEST(Privileges, ProgramThatIsExecutedGetsNothingBack) {
  const pid_t parent = getpid();
  EXPECT_TRUE(HoldsInChild([&] {
    if (!DropCapabilities(parent)) return false;
    execl("/bin/sh", "sh", "-c",
          "grep -q '^CapEff:[[:space:]]*0*$' /proc/self/status && "
          "grep -q '^CapBnd:[[:space:]]*0*$' /proc/self/status && "
          "grep -q '^NoNewPrivs:[[:space:]]*1$' /proc/self/status",
          static_cast<char*>(nullptr));
    return false;
  }));
}

TEST(Privileges, ChildOfADeadParentDoesNotLive) {
  EXPECT_FALSE(HoldsInChild([] { return BecomeUser(kSomebody, 1).has_value(); }));
  EXPECT_FALSE(HoldsInChild([] { return DropCapabilities(1).has_value(); }));
  EXPECT_FALSE(HoldsInChild([] { return KeepToMemory(1).has_value(); }));
}

TEST(Privileges, NoDescriptorOfTheParentIsLeft) {
  EXPECT_TRUE(HoldsInChild([] {
    int fds[20];
    for (int& fd : fds) fd = open("/dev/null", O_RDONLY);
    CloseAllBut(fds[7], fds[3]);
    for (int fd = 3; fd < 4096; ++fd) {
      const bool open_still = fcntl(fd, F_GETFD) >= 0;
      if (open_still != (fd == fds[3] || fd == fds[7])) return false;
    }
    CloseAllBut(-1, fds[3]);
    return fcntl(fds[3], F_GETFD) >= 0 && fcntl(fds[7], F_GETFD) < 0;
  }));
}

class ServiceUserTest : public testing::Test {
 protected:
  std::string File(const std::string& text) {
    const std::string path = scratch_.path() + "/passwd";
    WriteText(path, text);
    return path;
  }
  ScratchDirectory scratch_;
};

TEST_F(ServiceUserTest, UserIsReadFromTheFile) {
  const auto user = FindServiceUser(
      File("root:x:0:0::/root:/bin/sh\n_sqlmapd:x:998:997::/nonexistent:/usr/sbin/nologin\n"));
  ASSERT_TRUE(user) << user.error();
  EXPECT_EQ(user->uid, 998U);
  EXPECT_EQ(user->gid, 997U);
}

TEST_F(ServiceUserTest, AdministratorIsToldHowToMakeIt) {
  const auto user = FindServiceUser(File("root:x:0:0::/root:/bin/sh\n"));
  ASSERT_FALSE(user);
  EXPECT_NE(user.error().find("useradd --system"), std::string::npos);
}

TEST_F(ServiceUserTest, RootIsNotWithoutPrivileges) {
  EXPECT_FALSE(FindServiceUser(File("_sqlmapd:x:0:997::/:/bin/sh\n")));
  EXPECT_FALSE(FindServiceUser(File("_sqlmapd:x:998:0::/:/bin/sh\n")));
  EXPECT_FALSE(FindServiceUser(scratch_.path() + "/missing"));
}

TEST(OwnModule, DaemonNeverAsksItself) {
  EXPECT_TRUE(HoldsInChild([] {
    if (!SwitchOwnModuleOff(SQLMAP_TEST_MODULE)) return false;
    return getenv("SQLMAP_TEST_NEVER_HERE") != nullptr;
  }));
}

TEST(OwnModule, HostWithoutTheModuleIsNoMistake) {
  EXPECT_FALSE(SwitchOwnModuleOff("libnss_there_is_none.so.2"));
}

TEST(ProcessTest, ProcessThatNobodyWaitedForIsEnded) {
  pid_t pid = 0;
  {
    auto process = Process::Fork([] { return pause(); });
    ASSERT_TRUE(process) << process.error();
    pid = process->pid();
    EXPECT_EQ(kill(pid, 0), 0);
  }
  EXPECT_NE(kill(pid, 0), 0);
}

}  // namespace
}  // namespace sqlmap
