// A descriptor that knows whether it is still the one that we opened.
//
// A host program closes "all" descriptors and opens its own with the same numbers, or forks. A number alone therefore says
// nothing: device and inode, taken when we opened it, do.
#ifndef SQLMAP_COMMON_PROCESS_OWNED_FD_H_
#define SQLMAP_COMMON_PROCESS_OWNED_FD_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/process/generation.h"

namespace sqlmap {

// Moves `fd` to 3 or above, close-on-exec, and returns the number, or -1 with errno; the old number is free then. 0, 1 and 2
// belong to the host, also where it closed them.
inline int AboveStandardStreams(int fd) noexcept {
  if (fd < 0 || fd > 2) return fd;
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  const int saved = errno;
  close(fd);
  errno = saved;
  return high;
}

class OwnedFd {
 public:
  OwnedFd() = default;
  // Takes over `fd`, which may be -1.
  explicit OwnedFd(int fd) noexcept : fd_(AboveStandardStreams(fd)), generation_(ProcessGeneration::Current()) {
    struct stat status {};
    if (fd_ >= 0 && fstat(fd_, &status) == 0) {
      device_ = status.st_dev;
      inode_ = status.st_ino;
    }
  }
  OwnedFd(OwnedFd&& other) noexcept { Swap(other); }
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    OwnedFd taken(std::move(other));
    Swap(taken);
    return *this;
  }
  ~OwnedFd() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  // The number still means what we opened. One system call.
  bool StillOpen() const noexcept {
    struct stat status {};
    return fd_ >= 0 && fstat(fd_, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
  }
  // We are a child of the process that opened it: the other end does not know of us.
  bool Inherited() const noexcept { return generation_ != ProcessGeneration::Current(); }

  // Closes our number once, if it is still ours.
  void Close() noexcept {
    if (StillOpen()) close(fd_);
    fd_ = -1;
  }
  // Gives the number away; whoever takes it closes it.
  int Release() noexcept { return std::exchange(fd_, -1); }

 private:
  void Swap(OwnedFd& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(generation_, other.generation_);
    std::swap(device_, other.device_);
    std::swap(inode_, other.inode_);
  }

  int fd_ = -1;
  std::uint32_t generation_ = 0;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PROCESS_OWNED_FD_H_
