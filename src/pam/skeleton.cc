#include "pam/skeleton.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string_view>

#include "common/process/owned_fd.h"
#include "pam/directory_stream.h"
#include "pam/trouble.h"

namespace sqlmap {
namespace {

constexpr mode_t kPermissions = S_IRWXU | S_IRWXG | S_IRWXO;
constexpr int kReadDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// Nonblocking, in case that it has become a fifo since it was looked at.
constexpr int kReadFile = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr int kWriteNewFile = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
constexpr std::int64_t kPiece = 1 << 20;

class Copier {
 public:
  Copier(Uid uid, Gid gid, const SkeletonLimits& limits, LineWriter& why)
      : uid_(uid), gid_(gid), limits_(limits), why_(why) {}

  bool CopyContents(int from, int to, int depth) {
    if (depth > limits_.depth) return Exceeds("directories in each other", limits_.depth);
    DirectoryStream entries(from);
    while (const char* const name = entries.Next()) {
      if (!CopyEntry(from, to, name, depth)) return false;
    }
    return entries.error() == 0 || Fails("a directory", entries.error());
  }

 private:
  bool CopyEntry(int from, int to, const char* name, int depth) {
    if (++entries_ > limits_.entries) return Exceeds("entries", limits_.entries);
    struct stat status {};
    if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return Fails(name, errno);
    if (S_ISLNK(status.st_mode)) return CopyLink(from, to, name);
    if (S_ISREG(status.st_mode)) return CopyFile(from, to, name);
    return !S_ISDIR(status.st_mode) || CopyDirectory(from, to, name, depth);
  }

  // Apart: the frames of directories in each other shall stay small, for a thread's stack may be.
  [[gnu::noinline]] bool CopyLink(int from, int to, const char* name) {
    char target[PATH_MAX];
    const ssize_t length = readlinkat(from, name, target, sizeof target - 1);
    if (length < 0) return Fails(name, errno);
    target[length] = '\0';
    return (symlinkat(target, to, name) == 0 &&
            fchownat(to, name, uid_, gid_, AT_SYMLINK_NOFOLLOW) == 0) ||
           Fails(name, errno);
  }

  bool CopyFile(int from, int to, const char* name) {
    const OwnedFd source(openat(from, name, kReadFile));
    struct stat status {};
    if (!source.valid() || fstat(source.get(), &status) != 0) return Fails(name, errno);
    if (!S_ISREG(status.st_mode)) return Fails(name, EINVAL);
    if (!IsRoots(name, status)) return false;
    OwnedFd copy(openat(to, name, kWriteNewFile, S_IRUSR | S_IWUSR));
    if (!copy.valid()) return Fails(name, errno);
    return CopyBytes(source.get(), copy.get(), name) && GiveAway(copy.get(), status, name) &&
           // Over NFS a full disk may show only now.
           (close(copy.Release()) == 0 || Fails(name, errno));
  }

  bool CopyBytes(int source, int copy, const char* name) {
    for (;;) {
      // One more than there may be, so that the file that is too long by one is seen.
      const std::int64_t rest = limits_.bytes - bytes_ + 1;
      const ssize_t copied =
          sendfile(copy, source, nullptr, static_cast<std::size_t>(std::min(rest, kPiece)));
      if (copied == 0) return true;
      if (copied < 0 && errno == EINTR) continue;
      if (copied < 0) return Fails(name, errno);
      bytes_ += copied;
      if (bytes_ > limits_.bytes) return Exceeds("bytes", limits_.bytes);
    }
  }

  bool CopyDirectory(int from, int to, const char* name, int depth) {
    const OwnedFd source(openat(from, name, kReadDirectory));
    struct stat status {};
    if (!source.valid() || fstat(source.get(), &status) != 0) return Fails(name, errno);
    if (!IsRoots(name, status)) return false;
    if (mkdirat(to, name, S_IRWXU) != 0) return Fails(name, errno);
    const OwnedFd copy(openat(to, name, kReadDirectory));
    if (!copy.valid()) return Fails(name, errno);
    return CopyContents(source.get(), copy.get(), depth + 1) && GiveAway(copy.get(), status, name);
  }

  // The mode last: chown(2) may take bits away.
  bool GiveAway(int fd, const struct stat& like, const char* name) {
    return (fchown(fd, uid_, gid_) == 0 && fchmod(fd, like.st_mode & kPermissions) == 0) ||
           Fails(name, errno);
  }

  bool IsRoots(const char* name, const struct stat& status) {
    if (status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) return true;
    WriteMode(why_.Foreign(name)
                  .Text(" in the skeleton must be root's and writable for nobody else: it belongs "
                        "to uid ")
                  .Number(status.st_uid)
                  .Text(" with mode "),
              status.st_mode);
    return false;
  }

  bool Exceeds(std::string_view what, std::int64_t limit) {
    why_.Text("the skeleton has more than ").Number(limit).Text(" ").Text(what);
    return false;
  }

  bool Fails(std::string_view name, int error) {
    WriteError(why_.Foreign(name).Text(" of the skeleton could not be copied: "), error);
    return false;
  }

  const Uid uid_;
  const Gid gid_;
  const SkeletonLimits limits_;
  LineWriter& why_;
  int entries_ = 0;
  std::int64_t bytes_ = 0;
};

}  // namespace

bool CopySkeleton(int from, int to, Uid uid, Gid gid, const SkeletonLimits& limits,
                  LineWriter& why) noexcept {
  return Copier(uid, gid, limits, why).CopyContents(from, to, 1);
}

}  // namespace sqlmap
