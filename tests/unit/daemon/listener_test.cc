#include "daemon/listener.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "daemon/directories.h"
#include "unit/daemon/daemon_files.h"

namespace sqlmap {
namespace {

OwnedFd Connect(const std::string& path) {
  OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return OwnedFd();
  return fd;
}

class ListenerTest : public testing::Test {
 protected:
  ScratchDirectory scratch_;
  const DaemonPaths paths_ = scratch_.Paths();
  const std::string path_ = paths_.socket();
};

TEST_F(ListenerTest, EveryUserMayConnectWhateverTheUmask) {
  const mode_t before = umask(0077);
  auto listener = Listener::Open(path_);
  umask(before);
  ASSERT_TRUE(listener) << listener.error();
  struct stat status {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0666U);
  EXPECT_TRUE(HoldsInChild([&] { return setuid(64321) == 0 && Connect(path_).valid(); }));
}

TEST_F(ListenerTest, SocketOfADaemonThatWasKilledMakesWay) {
  auto killed = Listener::Open(path_);
  ASSERT_TRUE(killed);
  auto listener = Listener::Open(path_);
  ASSERT_TRUE(listener) << listener.error();
  EXPECT_FALSE(killed->InPlace());
  EXPECT_TRUE(listener->InPlace());
  killed->Remove();
  EXPECT_TRUE(Connect(path_).valid());
  listener->Remove();
  EXPECT_FALSE(Connect(path_).valid());
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(ListenerTest, ThousandClientsMayWait) {
  auto listener = Listener::Open(path_);
  ASSERT_TRUE(listener);
  std::vector<OwnedFd> clients;
  for (int i = 0; i < 900; ++i) {
    clients.push_back(Connect(path_));
    ASSERT_TRUE(clients.back().valid()) << i;
  }
}

TEST_F(ListenerTest, DirectoryInTheWayIsNamed) {
  ASSERT_EQ(mkdir(path_.c_str(), 0755), 0);
  const auto listener = Listener::Open(path_);
  ASSERT_FALSE(listener);
  EXPECT_NE(listener.error().find(path_), std::string::npos);
  EXPECT_NE(access((path_ + ".new").c_str(), F_OK), 0);
}

// What systemd does before it executes the daemon.
bool PassOn(const OwnedFd& fd) {
  return dup2(fd.get(), SD_LISTEN_FDS_START) == SD_LISTEN_FDS_START &&
         setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1) == 0 &&
         setenv("LISTEN_FDS", "1", 1) == 0;
}

TEST_F(ListenerTest, SocketOfSystemdIsUsedAndLeftInPlace) {
  auto systemd = Listener::Open(path_);
  ASSERT_TRUE(systemd);
  EXPECT_TRUE(HoldsInChild([&] {
    const OwnedFd high(fcntl(systemd->fd(), F_DUPFD, 100));
    if (!PassOn(high)) return false;
    auto listener = Listener::Open(path_);
    if (!listener || listener->fd() != SD_LISTEN_FDS_START) return false;
    listener->Remove();
    return Connect(path_).valid() && getenv("LISTEN_FDS") == nullptr &&
           fcntl(listener->fd(), F_GETFD) == FD_CLOEXEC &&
           (fcntl(listener->fd(), F_GETFL) & O_NONBLOCK) != 0;
  }));
}

TEST_F(ListenerTest, SocketOfSystemdThatSomebodyRemovedIsReplacedByOneOfOurOwn) {
  auto systemd = Listener::Open(path_);
  ASSERT_TRUE(systemd);
  EXPECT_TRUE(HoldsInChild([&] {
    const OwnedFd high(fcntl(systemd->fd(), F_DUPFD, 100));
    if (!PassOn(high)) return false;
    auto listener = Listener::Open(path_);
    if (!listener || !listener->InPlace()) return false;
    unlink(path_.c_str());
    if (listener->InPlace()) return false;
    auto again = Listener::Open(path_);
    return again && again->InPlace() && Connect(path_).valid();
  }));
  for (const bool stale : {true, false}) {
    // Before the next start; a daemon that was killed has left its own there.
    if (!stale) unlink(path_.c_str());
    EXPECT_TRUE(HoldsInChild([&] {
      const OwnedFd high(fcntl(systemd->fd(), F_DUPFD, 100));
      if (!PassOn(high)) return false;
      const auto listener = Listener::Open(path_);
      return listener && listener->InPlace() && Connect(path_).valid();
    })) << stale;
  }
}

TEST_F(ListenerTest, AnotherSocketOfSystemdIsRefused) {
  auto other = Listener::Open(path_ + "2");
  ASSERT_TRUE(other);
  EXPECT_TRUE(HoldsInChild([&] {
    const OwnedFd high(fcntl(other->fd(), F_DUPFD, 100));
    return PassOn(high) && !Listener::Open(path_);
  }));
}

// A child that is somebody else's has left it as a trap.
TEST_F(ListenerTest, ConnectionKillsNobodyAfterwards) {
  auto listener = Listener::Open(path_);
  ASSERT_TRUE(listener);
  EXPECT_TRUE(HoldsInChild([&] {
    if (fcntl(listener->fd(), F_SETOWN, getpid()) != 0 ||
        fcntl(listener->fd(), F_SETSIG, SIGKILL) != 0 ||
        fcntl(listener->fd(), F_SETFL, O_ASYNC) != 0) {
      return false;
    }
    return listener->Renew() && Connect(path_).valid();
  }));
  EXPECT_EQ(fcntl(listener->fd(), F_GETFL), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(fcntl(listener->fd(), F_GETOWN), 0);
  EXPECT_EQ(fcntl(listener->fd(), F_GETSIG), 0);
}

TEST_F(ListenerTest, SecondDaemonIsToldWhoIsThere) {
  const auto lock = LockInstance(paths_.lock());
  ASSERT_TRUE(lock) << lock.error();
  const pid_t first = getpid();
  EXPECT_TRUE(HoldsInChild([&] {
    const auto second = LockInstance(paths_.lock());
    return !second &&
           second.error() == "another sqlmapd is running, process " + std::to_string(first);
  }));
}

TEST_F(ListenerTest, DaemonThatWasKilledHoldsNobodyUp) {
  EXPECT_TRUE(HoldsInChild([&] { return LockInstance(paths_.lock()).has_value(); }));
  EXPECT_TRUE(LockInstance(paths_.lock()));
}

TEST_F(ListenerTest, DirectoryIsForEverybodyWhateverTheUmask) {
  const std::string fresh = scratch_.path() + "/fresh";
  const mode_t before = umask(0077);
  const auto made = EnsureDirectory(fresh);
  umask(before);
  ASSERT_TRUE(made) << made.error();
  struct stat status {};
  ASSERT_EQ(stat(fresh.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0755U);
  EXPECT_TRUE(EnsureDirectory(fresh));
}

TEST_F(ListenerTest, DirectoryThatOthersCanWriteToIsRefused) {
  ASSERT_EQ(chmod(paths_.run.c_str(), 0777), 0);
  EXPECT_FALSE(EnsureDirectory(paths_.run));
  ASSERT_EQ(chmod(paths_.run.c_str(), 0755), 0);
  ASSERT_EQ(chown(paths_.run.c_str(), 64321, 0), 0);
  EXPECT_FALSE(EnsureDirectory(paths_.run));
}

}  // namespace
}  // namespace sqlmap
