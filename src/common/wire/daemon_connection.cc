#include "common/wire/daemon_connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/account/trusted_path.h"
#include "common/process/monotonic.h"
#include "common/process/owned_fd.h"

namespace sqlmap {
namespace {

// Who may put a socket into this directory is root.
bool IsInTrustedDirectory(const sockaddr_un& address) {
  char directory[sizeof address.sun_path];
  std::memcpy(directory, address.sun_path, sizeof directory);
  char* const slash = std::strrchr(directory, '/');
  if (slash == nullptr || slash == directory) return false;
  *slash = '\0';
  return TrustOfDirectory(directory) == PathTrust::kTrusted;
}

Answer MeaningOf(int error) {
  switch (error) {
    case 0:
      return Answer::Found();
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
      return Answer::Unavailable(Reason::kNotConfigured);
    case EAGAIN:
      return Answer::Unavailable(Reason::kTimeout);
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EINVAL:  // fcntl(F_DUPFD) where RLIMIT_NOFILE is 3
      return Answer::Unavailable(Reason::kNoMemory);
    case ECONNRESET:
    case EPIPE:
      return Answer::Unavailable(Reason::kUnreachable);
    default:  // a security module, a seccomp filter
      return Answer::Unavailable(Reason::kNotAllowed);
  }
}

// Takes what has been sent off the front.
std::span<iovec> Behind(std::span<iovec> pieces, std::size_t sent) {
  while (!pieces.empty() && sent >= pieces.front().iov_len) {
    sent -= pieces.front().iov_len;
    pieces = pieces.subspan(1);
  }
  if (!pieces.empty()) {
    iovec& first = pieces.front();
    first = {static_cast<unsigned char*>(first.iov_base) + sent, first.iov_len - sent};
  }
  return pieces;
}

}  // namespace

DaemonConnection::DaemonConnection(int budget_ms) noexcept
    : deadline_ms_(MonotonicMs() + budget_ms) {}

int DaemonConnection::RemainingMs() const noexcept {
  return static_cast<int>(std::clamp<std::int64_t>(deadline_ms_ - MonotonicMs(), 0, 3'600'000));
}

Answer DaemonConnection::Open(const char* path) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = strnlen(path, sizeof address.sun_path);
  if (length == sizeof address.sun_path) return Answer::Unavailable(Reason::kNotConfigured);
  std::memcpy(address.sun_path, path, length);
  if (!IsInTrustedDirectory(address)) return Answer::Unavailable(Reason::kNotConfigured);
  fd_ = AboveStandardStreams(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return MeaningOf(fd_ < 0 ? errno : Connect(address));
}

// The errno of it, or 0.
int DaemonConnection::Connect(const sockaddr_un& address) noexcept {
  const auto connected = [&] {
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    return connect(fd_, to, sizeof address) == 0 ? 0 : errno;
  };
  int error = connected();
  if (error != EAGAIN) return error;
  // The backlog is full. There is nothing to poll for: only a blocking connect(2) waits for room,
  // as long as SO_SNDTIMEO says.
  if (fcntl(fd_, F_SETFL, 0) != 0) return errno;
  for (int left = RemainingMs(); left > 0; left = RemainingMs()) {
    const timeval limit{left / 1000, left % 1000 * 1000L};
    if (setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0) return errno;
    error = connected();
    if (error != EINTR && error != EAGAIN) return error;
  }
  return EAGAIN;
}

Answer DaemonConnection::Wait(short events) noexcept {
  for (;;) {
    // Asked first, also if there is something to read: a server that always has one more byte would
    // otherwise have no end.
    const int left = RemainingMs();
    if (left == 0) return Answer::Unavailable(Reason::kTimeout);
    pollfd descriptor{fd_, events, 0};
    const int ready = poll(&descriptor, 1, left);
    if (ready > 0) return Answer::Found();
    if (ready < 0 && errno != EINTR) return MeaningOf(errno);
  }
}

Answer DaemonConnection::Send(std::span<iovec> pieces) noexcept {
  while (!pieces.empty()) {
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t sent = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      pieces = Behind(pieces, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (const Answer ready = Wait(POLLOUT); !ready.found()) return ready;
    } else if (errno != EINTR) {
      return MeaningOf(errno);
    }
  }
  return Answer::Found();
}

Answer DaemonConnection::Receive(std::span<unsigned char> space, std::size_t& count) noexcept {
  for (;;) {
    if (const Answer ready = Wait(POLLIN); !ready.found()) return ready;
    const ssize_t received = recv(fd_, space.data(), space.size(), MSG_DONTWAIT);
    if (received > 0) {
      count = static_cast<std::size_t>(received);
      return Answer::Found();
    }
    if (received == 0) return Answer::Unavailable(Reason::kUnreachable);
    if (errno != EINTR && errno != EAGAIN) return MeaningOf(errno);
  }
}

void DaemonConnection::Close() noexcept {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

}  // namespace sqlmap
