#include "daemon/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace sqlmap {
namespace {

union Control {
  char bytes[CMSG_SPACE(sizeof(int))];
  cmsghdr align;
};

bool HasDescriptor(MessageKind kind) {
  return kind == MessageKind::kPublish || kind == MessageKind::kRemember;
}

}  // namespace

Channel::Pair Channel::Make() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    throw std::system_error(errno, std::generic_category(), "socketpair");
  }
  return {Channel(OwnedFd(ends[0])), Channel(OwnedFd(ends[1]))};
}

bool Channel::Send(const Message& message, int descriptor) {
  iovec part{const_cast<Message*>(&message), sizeof message};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  Control control{};
  if (descriptor >= 0) {
    packet.msg_control = control.bytes;
    packet.msg_controllen = sizeof control.bytes;
    cmsghdr* const header = CMSG_FIRSTHDR(&packet);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof descriptor);
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t sent = 0;
  do {
    sent = sendmsg(fd_.get(), &packet, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(sizeof message);
}

bool Channel::SendIfRoom(const Message& message) {
  // A local socket can be written, as poll(2) has it, while three quarters of its buffer are free.
  pollfd room{fd_.get(), POLLOUT, 0};
  return poll(&room, 1, 0) == 1 && (room.revents & POLLOUT) != 0 && Send(message);
}

std::expected<Channel::Received, Channel::Failure> Channel::Receive() {
  Received received;
  iovec part{&received.message, sizeof received.message};
  msghdr packet{};
  packet.msg_iov = &part;
  packet.msg_iovlen = 1;
  Control control{};
  packet.msg_control = control.bytes;
  packet.msg_controllen = sizeof control.bytes;
  ssize_t size = 0;
  do {
    size = recvmsg(fd_.get(), &packet, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) {
    const bool nothing = errno == EAGAIN || errno == EWOULDBLOCK;
    return std::unexpected(nothing ? Failure::kNothing : Failure::kClosed);
  }
  // CMSG_SPACE has room for one more than was asked for, and the kernel uses it.
  std::size_t descriptors = 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&packet); header != nullptr;
       header = CMSG_NXTHDR(&packet, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t bytes = header->cmsg_len - CMSG_LEN(0);
    for (std::size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
      int descriptor = -1;
      std::memcpy(&descriptor, CMSG_DATA(header) + at, sizeof descriptor);
      received.descriptor = OwnedFd(descriptor);  // closes the one before it
      ++descriptors;
    }
  }
  if (size == 0) return std::unexpected(Failure::kClosed);
  if (size != static_cast<ssize_t>(sizeof received.message) ||
      (packet.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 ||
      descriptors != (HasDescriptor(received.message.kind) ? 1U : 0U)) {
    return std::unexpected(Failure::kBroken);
  }
  return received;
}

}  // namespace sqlmap
