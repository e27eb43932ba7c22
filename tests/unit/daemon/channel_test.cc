#include "daemon/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

namespace sqlmap {
namespace {

TEST(Channel, SnapshotArrivesWithItsDescriptor) {
  auto [parent, child] = Channel::Make();
  const OwnedFd memory(memfd_create("snapshot", MFD_CLOEXEC));
  ASSERT_TRUE(memory.valid());
  ASSERT_TRUE(child.Send({MessageKind::kPublish, 7, 42}, memory.get()));
  const auto received = parent.Receive();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->message.kind, MessageKind::kPublish);
  EXPECT_EQ(received->message.value, 7U);
  EXPECT_EQ(received->message.token, 42U);
  ASSERT_TRUE(received->descriptor.valid());
  EXPECT_EQ(received->descriptor.identity().inode, memory.identity().inode);
  EXPECT_EQ(fcntl(received->descriptor.get(), F_GETFD), FD_CLOEXEC);
}

TEST(Channel, OnlyWhatIsHandedOverHasADescriptor) {
  auto [parent, child] = Channel::Make();
  const OwnedFd memory(memfd_create("memory", MFD_CLOEXEC));
  for (const MessageKind kind : {MessageKind::kAlive, MessageKind::kPublish, MessageKind::kConfirm,
                                 MessageKind::kRemember, MessageKind::kForget}) {
    const bool hands_over = kind == MessageKind::kPublish || kind == MessageKind::kRemember;
    ASSERT_TRUE(child.Send({kind}, memory.get()));
    EXPECT_EQ(parent.Receive().has_value(), hands_over) << static_cast<int>(kind);
    ASSERT_TRUE(child.Send({kind}));
    EXPECT_EQ(parent.Receive().has_value(), !hands_over) << static_cast<int>(kind);
  }
}

TEST(Channel, NothingIsNotTheEnd) {
  auto [parent, child] = Channel::Make();
  EXPECT_EQ(parent.Receive().error(), Channel::Failure::kNothing);
  child = Channel();
  EXPECT_EQ(parent.Receive().error(), Channel::Failure::kClosed);
  EXPECT_FALSE(parent.Send({MessageKind::kDrain}));
}

TEST(Channel, ChildThatHasBeenTakenOverCannotConfuseTheParent) {
  auto [parent, child] = Channel::Make();
  const char garbage[200] = {};
  for (const std::size_t size :
       {std::size_t{1}, sizeof(Message) - 1, sizeof(Message) + 1, sizeof garbage}) {
    ASSERT_EQ(send(child.fd(), garbage, size, 0), static_cast<ssize_t>(size));
    EXPECT_EQ(parent.Receive().error(), Channel::Failure::kBroken) << size;
  }
}

TEST(Channel, ChildThatHasBeenTakenOverCannotFillTheParentsDescriptors) {
  auto [parent, child] = Channel::Make();
  const OwnedFd memory(memfd_create("snapshot", MFD_CLOEXEC));
  const int free_before = dup(0);
  ASSERT_EQ(close(free_before), 0);
  ASSERT_TRUE(child.Send({MessageKind::kAlive}, memory.get()));
  EXPECT_EQ(parent.Receive().error(), Channel::Failure::kBroken);
  // Two in one message.
  Message message{MessageKind::kPublish};
  iovec part{&message, sizeof message};
  union {
    char bytes[CMSG_SPACE(2 * sizeof(int))];
    cmsghdr align;
  } control{};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  packet.msg_control = control.bytes;
  packet.msg_controllen = sizeof control.bytes;
  cmsghdr* const header = CMSG_FIRSTHDR(&packet);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const int both[] = {memory.get(), memory.get()};
  std::memcpy(CMSG_DATA(header), both, sizeof both);
  ASSERT_GT(sendmsg(child.fd(), &packet, 0), 0);
  EXPECT_EQ(parent.Receive().error(), Channel::Failure::kBroken);
  const int free_after = dup(0);
  ASSERT_EQ(close(free_after), 0);
  EXPECT_EQ(free_after, free_before);
}

TEST(Channel, WhatIsPassedOnLeavesRoomForTheRest) {
  auto [parent, child] = Channel::Make();
  int sent = 0;
  while (parent.SendIfRoom({MessageKind::kForget})) ASSERT_LT(++sent, 1'000'000);
  EXPECT_GT(sent, 0);
  for (int i = 0; i < sent; ++i) ASSERT_TRUE(parent.Send({MessageKind::kCrashes})) << i;
  EXPECT_FALSE(parent.SendIfRoom({MessageKind::kForget}));
  while (child.Receive()) {
  }
  EXPECT_TRUE(parent.SendIfRoom({MessageKind::kForget}));
}

TEST(Channel, ParentThatDoesNotReadDoesNotHoldTheChildUp) {
  auto [parent, child] = Channel::Make();
  int sent = 0;
  while (child.Send({MessageKind::kAlive})) ASSERT_LT(++sent, 1'000'000);
  EXPECT_GT(sent, 0);
}

}  // namespace
}  // namespace sqlmap
