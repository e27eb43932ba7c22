#include "daemon/listener.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/error_text.h"

namespace sqlmap {
namespace {

std::unexpected<std::string> Failed(const std::string& what) {
  return std::unexpected(what + ": " + ErrorText());
}

// Nobody else of ours does: whoever calls this holds the instance's lock.
bool IsListenedAt(const sockaddr_un& address) {
  const OwnedFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return fd.valid() &&
         (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
          errno == EAGAIN);  // more wait there than may
}

// Nothing else of it stays: O_ASYNC with a signal of its choice would be a child's way to kill each
// one that comes after it.
bool MakeNonBlocking(int fd) {
  return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETOWN, 0) == 0 &&
         fcntl(fd, F_SETSIG, 0) == 0;
}

}  // namespace

std::expected<OwnedFd, std::string> LockInstance(const std::string& path) {
  OwnedFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600));
  if (!fd.valid()) return Failed(path);
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (fcntl(fd.get(), F_SETLK, &lock) == 0) return fd;
  if (errno != EACCES && errno != EAGAIN) return Failed(path);
  if (fcntl(fd.get(), F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
    return std::unexpected("another sqlmapd is running");
  return std::unexpected("another sqlmapd is running, process " + std::to_string(lock.l_pid));
}

std::expected<Listener, std::string> Listener::Open(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::unexpected(path + " is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);

  const int passed = sd_listen_fds(1);
  if (passed <= 0) return OpenOwn(path, address);
  Listener listener(OwnedFd(SD_LISTEN_FDS_START), path);
  if (passed != 1 || sd_is_socket_unix(listener.fd(), SOCK_STREAM, 1, path.c_str(), 0) <= 0)
    return std::unexpected("systemd passed on something else than the socket " + path);
  // systemd does not notice that somebody has removed it.
  if (!IsListenedAt(address)) return OpenOwn(path, address);
  if (!MakeNonBlocking(listener.fd())) return Failed("systemd's socket");
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return Failed(path);
  listener.device_ = status.st_dev;
  listener.inode_ = status.st_ino;
  return listener;
}

std::expected<Listener, std::string> Listener::OpenOwn(const std::string& path,
                                                       const sockaddr_un& address) {
  Listener listener(OwnedFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), path);
  if (!listener.fd_.valid()) return Failed("socket");
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed(path);
  // At no moment a socket that only some may connect to.
  const mode_t before = umask(0111);
  const int bound =
      bind(listener.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  umask(before);
  struct stat status {};
  if (bound != 0 || listen(listener.fd(), kBacklog) != 0 || lstat(path.c_str(), &status) != 0)
    return Failed(path);
  listener.device_ = status.st_dev;
  listener.inode_ = status.st_ino;
  listener.own_ = true;
  return listener;
}

bool Listener::InPlace() const {
  struct stat status {};
  return lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

bool Listener::Renew() const {
  pollfd state{fd(), POLLRDHUP, 0};
  return MakeNonBlocking(fd()) && listen(fd(), kBacklog) == 0 && poll(&state, 1, 0) != 1;
}

void Listener::Remove() {
  if (own_ && InPlace()) unlink(path_.c_str());
}

}  // namespace sqlmap
