// The entries of an open directory.
#ifndef SQLMAP_PAM_DIRECTORY_STREAM_H_
#define SQLMAP_PAM_DIRECTORY_STREAM_H_

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/process/owned_fd.h"

namespace sqlmap {

class DirectoryStream {
 public:
  // Of a descriptor that is its owner's still, and may be an O_PATH one.
  explicit DirectoryStream(int directory) noexcept {
    const int fd = AboveStandardStreams(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    stream_ = fd < 0 ? nullptr : fdopendir(fd);
    error_ = errno;
    if (stream_ == nullptr && fd >= 0) close(fd);
  }
  ~DirectoryStream() {
    if (stream_ != nullptr) closedir(stream_);
  }
  DirectoryStream(const DirectoryStream&) = delete;
  DirectoryStream& operator=(const DirectoryStream&) = delete;

  // The name of the next entry, until the next call; null at the end, or if error() is not 0. Never
  // "." or "..".
  const char* Next() noexcept {
    if (stream_ == nullptr) return nullptr;
    for (;;) {
      errno = 0;
      // glibc's is safe where no two threads share a stream, and here none does.
      const dirent* const entry = readdir(stream_);  // NOLINT(concurrency-mt-unsafe)
      if (entry == nullptr) {
        error_ = errno;
        return nullptr;
      }
      if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
        return entry->d_name;
    }
  }
  // After the last entry: what broke the walk off, or 0.
  int error() const { return error_; }

 private:
  DIR* stream_ = nullptr;
  int error_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_PAM_DIRECTORY_STREAM_H_
