#include "common/sql/dial.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "common/account/trusted_path.h"

namespace sqlmap {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_UNSPEC;
};

std::unexpected<SqlError> Failed(std::string text) {
  return std::unexpected(SqlError{SqlError::Kind::kUnreachable, std::move(text)});
}

std::unexpected<SqlError> Failed(const char* what, int error) {
  // Not strerror(3), which reads a catalogue from where this process may be: a user's chroot.
  const char* const text = strerrordesc_np(error);
  const bool busy =
      error == EAGAIN || error == ETIMEDOUT;  // a server's queue is full, or nobody answers
  return std::unexpected(
      SqlError{busy ? SqlError::Kind::kTimeout : SqlError::Kind::kUnreachable,
               std::string(what) + ": " + (text == nullptr ? "unknown error" : text)});
}

bool ParseNumeric(const char* host, std::uint16_t port, SocketAddress& address) {
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof *v6;
  } else {
    return false;
  }
  address.family = address.storage.ss_family;
  return true;
}

// hosts(5): address, then names. Only the administrator's file is believed.
void AddFromHostsFile(std::string_view host, std::uint16_t port,
                      std::vector<SocketAddress>& addresses) {
  static constexpr char kHosts[] = "/etc/hosts";
  if (TrustOfFile(kHosts) != PathTrust::kTrusted) return;
  OwnedFd fd(open(kHosts, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return;
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fdopen(fd.get(), "r"), fclose);
  if (file == nullptr) return;
  fd.Release();
  char line[1024];
  while (fgets(line, sizeof line, file.get()) != nullptr) {
    line[strcspn(line, "#\r\n")] = '\0';
    char* rest = nullptr;
    const char* const number = strtok_r(line, " \t", &rest);
    if (number == nullptr) continue;
    for (const char* name = strtok_r(nullptr, " \t", &rest); name != nullptr;
         name = strtok_r(nullptr, " \t", &rest)) {
      if (std::string_view(name).size() != host.size() ||
          strncasecmp(name, host.data(), host.size()) != 0)
        continue;
      SocketAddress address;
      if (ParseNumeric(number, port, address)) addresses.push_back(address);
      break;
    }
  }
}

void AddFromDns(const std::string& host, std::uint16_t port,
                std::vector<SocketAddress>& addresses) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
  for (const addrinfo* item = found; item != nullptr; item = item->ai_next) {
    if (item->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    std::memcpy(&address.storage, item->ai_addr, item->ai_addrlen);
    address.size = item->ai_addrlen;
    address.family = item->ai_family;
    addresses.push_back(address);
  }
}

std::expected<std::vector<SocketAddress>, SqlError> Resolve(const ServerAddress& server,
                                                            Dial::Names names) {
  std::vector<SocketAddress> addresses;
  SocketAddress numeric;
  if (ParseNumeric(server.host.c_str(), server.port, numeric)) {
    addresses.push_back(numeric);
    return addresses;
  }
  AddFromHostsFile(server.host, server.port, addresses);
  if (addresses.empty() && names == Dial::Names::kDns)
    AddFromDns(server.host, server.port, addresses);
  if (!addresses.empty()) return addresses;
  if (names == Dial::Names::kDns) return Failed("the name " + server.host + " has no address");
  return Failed("the name " + server.host +
                " is not in /etc/hosts, and direct mode does not ask the DNS (a look-up could not "
                "be bounded to one "
                "second): add it there, or write its address");
}

// Another effective user for this thread alone: setresuid(3) would change all of them.
class ThreadUser {
 public:
  explicit ThreadUser(std::optional<std::uint32_t> uid)
      : before_(geteuid()), changed_(uid && Change(*uid)) {}
  ~ThreadUser() {
    if (changed_ && !Change(before_)) std::abort();
  }
  ThreadUser(const ThreadUser&) = delete;
  ThreadUser& operator=(const ThreadUser&) = delete;

 private:
  static bool Change(uid_t uid) { return syscall(SYS_setresuid, -1, uid, -1) == 0; }

  const uid_t before_;
  const bool changed_;
};

std::expected<OwnedFd, SqlError> ConnectLocal(const std::string& path,
                                              std::optional<std::uint32_t> uid, Deadline deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Failed("socket path", ENAMETOOLONG);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  switch (TrustOfSocketPath(path.c_str())) {
    case PathTrust::kTrusted:
      break;
    case PathTrust::kMissing:
      return Failed("no socket there: the server does not run, or uses another path");
    case PathTrust::kForeign:
      return Failed("a directory above the socket belongs to or can be written by others");
  }
  OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return Failed("socket", errno);
  // Whom SO_PEERCRED tells of is who connects.
  const ThreadUser user(uid);
  // The server's queue may be full. Unlike connect on a non-blocking socket, this waits in line,
  // until the deadline.
  for (;;) {
    const int remaining = std::max(deadline.RemainingMs(), 1);
    const timeval patience{remaining / 1000, (remaining % 1000) * 1000L};
    setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) break;
    if (errno != EINTR || deadline.passed()) return Failed("connect", errno);
  }
  if (fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) return Failed("fcntl", errno);
  return fd;
}

std::expected<OwnedFd, SqlError> ConnectTcp(const SocketAddress& address) {
  OwnedFd fd(socket(address.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return Failed("socket", errno);
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 &&
      errno != EINPROGRESS) {
    return Failed("connect", errno);
  }
  return fd;
}

}  // namespace

std::expected<Dial, SqlError> Dial::Start(const ServerAddress& server, Names names,
                                          std::size_t first_address, Deadline deadline,
                                          std::optional<std::uint32_t> socket_uid) {
  Dial dial;
  dial.started_ms_ = MonotonicMs();
  if (server.is_socket()) {
    auto fd = ConnectLocal(server.socket, socket_uid, deadline);
    if (!fd) return std::unexpected(fd.error());
    dial.fd_ = std::move(*fd);
    return dial;
  }
  const auto addresses = Resolve(server, names);
  if (!addresses) return std::unexpected(addresses.error());
  SqlError error;
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    dial.address_index_ = (first_address + i) % addresses->size();
    auto fd = ConnectTcp((*addresses)[dial.address_index_]);
    if (!fd) {
      error = fd.error();
      continue;
    }
    dial.fd_ = std::move(*fd);
    // With several addresses each gets its share of the time to take the connection. The last one,
    // or the first one if there is no time at all, may go on trying.
    const std::size_t left = addresses->size() - i;
    if (left == 1 || deadline.passed()) return dial;
    const auto connected =
        dial.Await(POLLOUT, deadline.AtMost(deadline.RemainingMs() / static_cast<int>(left)));
    if (connected.value_or(false)) return dial;
    error = connected ? SqlError{SqlError::Kind::kTimeout, "connect: no answer in time"}
                      : connected.error();
  }
  return std::unexpected(error);
}

std::expected<bool, SqlError> Dial::AwaitGreeting(Deadline deadline) {
  return Await(POLLIN, deadline);
}

bool Dial::GreetsAsAServer() const {
  constexpr std::size_t kHead = 4;  // length and sequence number
  constexpr char kProtocol = 10;
  constexpr char kError = '\xff';
  std::array<char, 64> buffer;
  const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
  if (size <= static_cast<ssize_t>(kHead)) return true;
  std::string_view said(buffer.data() + kHead, static_cast<std::size_t>(size) - kHead);
  if (said.front() == kError) return true;
  if (said.front() != kProtocol) return false;
  said.remove_prefix(1);
  if (said.starts_with('\0')) return false;
  return std::ranges::all_of(said.substr(0, said.find('\0')),
                             [](char c) { return c >= ' ' && c <= '~'; });
}

std::expected<bool, SqlError> Dial::Await(short event, Deadline deadline) {
  for (;;) {
    pollfd descriptor{fd_.get(), event, 0};
    const int ready = poll(&descriptor, 1, deadline.RemainingMs());
    if (ready < 0) {
      if (errno == EINTR && !deadline.passed()) continue;
      if (errno == EINTR) return false;
      return Failed("poll", errno);
    }
    if (ready == 0) return false;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) return Failed("connect", error);
    return true;
  }
}

}  // namespace sqlmap
