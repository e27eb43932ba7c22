// A descriptor that knows whether it is still the one that we opened.
//
// A host program closes "all" descriptors and opens its own with the same numbers, or forks. A
// number alone therefore says nothing: device and inode, taken when we opened it, do.
#ifndef SQLMAP_COMMON_PROCESS_OWNED_FD_H_
#define SQLMAP_COMMON_PROCESS_OWNED_FD_H_

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "common/process/generation.h"

namespace sqlmap {

// Moves `fd` to 3 or above, close-on-exec, and returns the number, or -1 with errno; the old number
// is free then. 0, 1 and 2 belong to the host, also where it closed them.
inline int AboveStandardStreams(int fd) noexcept {
  if (fd < 0 || fd > 2) return fd;
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  const int saved = errno;
  close(fd);
  errno = saved;
  return high;
}

// What a number meant when it was taken down. A value: owns nothing.
struct DescriptorIdentity {
  int fd = -1;
  dev_t device = 0;
  ino_t inode = 0;

  static DescriptorIdentity Of(int fd) noexcept {
    struct stat status {};
    if (fd < 0 || fstat(fd, &status) != 0) return {};
    return {fd, status.st_dev, status.st_ino};
  }
  // The number still means that. One system call.
  bool Same() const noexcept {
    struct stat status {};
    return fd >= 0 && fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode;
  }
  // Closes the number, once, if it still means that.
  void CloseIfSame() noexcept {
    if (Same()) close(fd);
    fd = -1;
  }
};

class OwnedFd {
 public:
  OwnedFd() = default;
  // Takes over `fd`, which may be -1.
  explicit OwnedFd(int fd) noexcept
      : identity_(DescriptorIdentity::Of(AboveStandardStreams(fd))),
        generation_(ProcessGeneration::Current()) {}
  OwnedFd(OwnedFd&& other) noexcept { Swap(other); }
  OwnedFd& operator=(OwnedFd&& other) noexcept {
    OwnedFd taken(std::move(other));
    Swap(taken);
    return *this;
  }
  ~OwnedFd() { identity_.CloseIfSame(); }

  int get() const { return identity_.fd; }
  bool valid() const { return identity_.fd >= 0; }
  const DescriptorIdentity& identity() const { return identity_; }
  // Opened by this process, and the number still means what we opened. One system call.
  bool Usable() const noexcept {
    return generation_ == ProcessGeneration::Current() && identity_.Same();
  }
  // Gives the number away; whoever takes it closes it.
  int Release() noexcept { return std::exchange(identity_.fd, -1); }

 private:
  void Swap(OwnedFd& other) noexcept {
    std::swap(identity_, other.identity_);
    std::swap(generation_, other.generation_);
  }

  DescriptorIdentity identity_;
  std::uint32_t generation_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PROCESS_OWNED_FD_H_
