#include "common/wire/access.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "common/wire/request_parser.h"
#include "test_server.h"

namespace sqlmap {
namespace {

constexpr Uid kSomebody = 1001;

TEST(Access, RootMayAskAnything) {
  for (std::uint32_t number = 0; number <= 0xffff; ++number) {
    const auto kind = static_cast<RequestKind>(number);
    const Access expected = NameOf(kind).empty() ? Access::kDenied : Access::kGranted;
    EXPECT_EQ(AccessTo(kind, false, 0), expected) << number;
    EXPECT_EQ(AccessTo(kind, true, 0), expected) << number;
  }
}

TEST(Access, OthersGetNoHashAndNoKeyAndNoRefreshAndNoSession) {
  for (std::uint32_t number = 0; number <= 0xffff; ++number) {
    Access expected = Access::kDenied;
    switch (static_cast<RequestKind>(number)) {
      case RequestKind::kUserByName:
      case RequestKind::kUserById:
      case RequestKind::kGroupByName:
      case RequestKind::kGroupById:
      case RequestKind::kGroupsOfUser:
      case RequestKind::kListUsers:
      case RequestKind::kListGroups:
      case RequestKind::kStatus:
        expected = Access::kGranted;
        break;
      case RequestKind::kAuthenticate:
      case RequestKind::kCheckAccount:
      case RequestKind::kPrepareChange:
      case RequestKind::kChangePassword:
        expected = Access::kOwnAccount;
        break;
      default:
        break;
    }
    for (const Uid uid : {Uid{1}, kSomebody, Uid{65534}, Uid{4294967295U}}) {
      const auto kind = static_cast<RequestKind>(number);
      EXPECT_EQ(AccessTo(kind, false, uid), expected) << number;
      EXPECT_EQ(AccessTo(kind, true, uid), Access::kDenied)
          << number << ": somebody passes for root, who need not know the old password";
    }
  }
}

TEST(Access, OwnAccountIsTheOneWithThePeersUid) {
  EXPECT_TRUE(IsOwn(kSomebody, kSomebody));
  EXPECT_FALSE(IsOwn(kSomebody + 1, kSomebody));
  EXPECT_FALSE(IsOwn(0, kSomebody));
  EXPECT_FALSE(IsOwn(std::nullopt, kSomebody)) << "an unknown name is nobody's";
}

// Connects as `uid` in a child, which stays until the test hangs up.
pid_t ConnectAs(uid_t uid, const wire_test::Listener& listener) {
  const pid_t child = fork();
  if (child != 0) return child;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, listener.path(), sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  const bool connected =
      setresgid(uid + 1, uid + 1, uid + 1) == 0 && setresuid(uid, uid, uid) == 0 &&
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  char byte = 0;
  const bool ended = connected && read(fd, &byte, 1) == 0;
  _exit(ended ? 0 : 1);
}

TEST(Access, PeerIsWhoeverConnected) {
  const wire_test::Listener listener;
  for (const uid_t uid : {uid_t{0}, uid_t{kSomebody}}) {
    const pid_t child = ConnectAs(uid, listener);
    ASSERT_GT(child, 0);
    const int fd = accept(listener.fd(), nullptr, nullptr);
    ASSERT_GE(fd, 0);
    const std::optional<Peer> peer = PeerOf(fd);
    close(fd);
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    ASSERT_TRUE(peer.has_value());
    EXPECT_EQ(peer->uid, uid);
    EXPECT_EQ(peer->gid, uid + 1);
    EXPECT_EQ(peer->pid, child);
  }
}

TEST(Access, WhatHasNoPeerIsNobody) {
  const int unconnected = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_GE(unconnected, 0);
  EXPECT_FALSE(PeerOf(unconnected).has_value());
  close(unconnected);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  EXPECT_FALSE(PeerOf(ends[0]).has_value());
  EXPECT_FALSE(PeerOf(-1).has_value());
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace sqlmap
