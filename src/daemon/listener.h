// The socket that everybody may connect to, and the lock that keeps a second daemon away.
#ifndef SQLMAP_DAEMON_LISTENER_H_
#define SQLMAP_DAEMON_LISTENER_H_

#include <sys/types.h>
#include <sys/un.h>

#include <expected>
#include <string>

#include "common/process/owned_fd.h"

namespace sqlmap {

// Held by this process, not by its children, until it ends or the descriptor is closed. The error
// names the process that has it.
std::expected<OwnedFd, std::string> LockInstance(const std::string& path);

// A listening SOCK_STREAM socket that does not block.
class Listener {
 public:
  // As many as may wait to be accepted.
  static constexpr int kBacklog = 4096;

  // systemd's, if it passed one on (sd_listen_fds(3)); then it must be this path's. If it passed
  // none, or the path does not lead to it any more, one of our own, mode 0666, in place of what is
  // there: whoever calls this holds the instance's lock. For a process of one thread.
  static std::expected<Listener, std::string> Open(const std::string& path);

  int fd() const { return fd_.get(); }
  // Whether clients still reach it: the path leads to it.
  bool InPlace() const;
  // Whoever serves shares it, and may be somebody else's by now: undoes what can be done to it.
  // False: it was shut down (shutdown(2)), for good.
  bool Renew() const;
  // Takes our own away from the path; systemd's stays.
  void Remove();

 private:
  Listener(OwnedFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  static std::expected<Listener, std::string> OpenOwn(const std::string& path,
                                                      const sockaddr_un& address);

  OwnedFd fd_;
  std::string path_;
  dev_t device_ = 0;  // of the path's inode
  ino_t inode_ = 0;
  bool own_ = false;  // not systemd's
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_LISTENER_H_
