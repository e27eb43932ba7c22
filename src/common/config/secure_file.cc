#include "common/config/secure_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace sqlmap {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<FileError> SystemError(std::string_view tried, int error) {
  const char* const description = strerrordesc_np(error);
  FileError failure;
  failure.missing = error == ENOENT;
  failure.what =
      std::string(tried) + ": " + (description != nullptr ? description : "unknown error");
  return std::unexpected(std::move(failure));
}

std::unexpected<FileError> Refusal(std::string_view what) {
  return std::unexpected(FileError{.missing = false, .what = std::string(what)});
}

// A descriptor above 2: programs run us with standard input or output closed, and would then read
// or write our file.
int OpenAboveStandard(const char* path) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  const int higher = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  const int error = errno;
  close(fd);
  errno = error;
  return higher;
}

// What is wrong with the file, "" if nothing.
std::string Judge(const struct stat& status, FilePrivacy privacy, std::size_t max_bytes) {
  if (!S_ISREG(status.st_mode)) return "is not a regular file";
  if (status.st_uid != 0 && status.st_uid != geteuid())
    return "belongs to another user; make it root's (chown root)";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "can be written by others than its owner; chmod go-w";
  if (privacy == FilePrivacy::kSecret) {
    if ((status.st_mode & S_IRWXO) != 0)
      return "holds secrets and can be read by others; chmod 0600";
    if ((status.st_mode & S_IRWXG) != 0 && status.st_uid != 0) {
      return "holds secrets and can be read by its group; chmod 0600, or make it root's";
    }
  }
  if (status.st_size > static_cast<off_t>(max_bytes))
    return "is larger than " + std::to_string(max_bytes / kMaxFileBytes) + " MiB";
  return {};
}

std::expected<SecureFile, FileError> ReadDescriptor(int fd, FilePrivacy privacy,
                                                    std::size_t max_bytes) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return SystemError("cannot be read", errno);
  if (const std::string wrong = Judge(status, privacy, max_bytes); !wrong.empty())
    return Refusal(wrong);
  SecureFile file;
  file.world_readable = (status.st_mode & S_IROTH) != 0;
  // One byte more than it should have, so that a file that grows meanwhile is noticed.
  file.text.resize(static_cast<std::size_t>(status.st_size) + 1);
  std::size_t size = 0;
  while (size < file.text.size()) {
    const ssize_t got = read(fd, file.text.data() + size, file.text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("cannot be read", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size == file.text.size()) return Refusal("changed while it was read");
  file.text.resize(size);
  return file;
}

}  // namespace

std::expected<SecureFile, FileError> ReadSecureFile(const std::string& path, FilePrivacy privacy,
                                                    std::size_t max_bytes) {
  const Descriptor descriptor(OpenAboveStandard(path.c_str()));
  if (descriptor.get() < 0) return SystemError("cannot be opened", errno);
  return ReadDescriptor(descriptor.get(), privacy, max_bytes);
}

}  // namespace sqlmap
