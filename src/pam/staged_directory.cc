#include "pam/staged_directory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string_view>

#include "common/process/owned_fd.h"
#include "pam/directory_stream.h"
#include "pam/trouble.h"

namespace sqlmap {
namespace {

constexpr int kOpenDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// Others may remove .sqlmap-new as we are about to use it, each time that one of them is done.
constexpr int kMostAttempts = 1000;
// What a login clears away for those that died before. More is left to the next one.
constexpr int kMostLeftovers = 16;
// For our turn to name a directory, of 2 ms each: whoever has it needs microseconds, unless
// somebody has stopped him.
constexpr int kMostWaits = 2500;
// No directory that we make is deeper; whatever is was not made by us.
constexpr int kDeepest = 32;

// Never follows a link. What cannot be removed stays.
void RemoveContents(int directory, int depth) {
  if (depth == kDeepest) return;
  DirectoryStream entries(directory);
  while (const char* const name = entries.Next()) {
    if (unlinkat(directory, name, 0) == 0 || errno != EISDIR) continue;
    {
      const OwnedFd child(openat(directory, name, kOpenDirectory));
      if (child.valid()) RemoveContents(child.get(), depth + 1);
    }
    (void)unlinkat(directory, name, AT_REMOVEDIR);
  }
}

void RemoveTree(int parent, const char* name, int directory) {
  RemoveContents(directory, 0);
  (void)unlinkat(parent, name, AT_REMOVEDIR);
}

bool SameFile(int directory, const char* name, int fd) {
  struct stat named {};
  struct stat opened {};
  return fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 &&
         named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

// On a network's file system another host's lock may not be seen: there only what is older than any
// login takes is somebody's who died. Where locks do not work at all, nothing is.
constexpr time_t kLeftoverSeconds = 3600;

bool IsOfThisHostAlone(int directory) {
  struct statfs system {};
  if (fstatfs(directory, &system) != 0) return false;
  switch (static_cast<std::uint32_t>(system.f_type)) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case V9FS_MAGIC:
    case FUSE_SUPER_MAGIC:
    case OCFS2_SUPER_MAGIC:
      return false;
    default:
      return true;
  }
}

// `ours` was made a moment ago, by the clock of that file system.
bool MayBeLeftover(int directory, int ours) {
  if (IsOfThisHostAlone(directory)) return true;
  struct stat status {};
  struct stat now {};
  return fstat(directory, &status) == 0 && fstat(ours, &now) == 0 &&
         now.st_ctim.tv_sec - status.st_ctim.tv_sec > kLeftoverSeconds;
}

// All but `ours`, which is locked.
void RemoveLeftovers(int staging, int ours) {
  DirectoryStream entries(staging);
  int removed = 0;
  for (const char* name = entries.Next(); name != nullptr && removed < kMostLeftovers;
       name = entries.Next()) {
    const OwnedFd directory(openat(staging, name, kOpenDirectory));
    if (!directory.valid() || !MayBeLeftover(directory.get(), ours)) continue;
    if (flock(directory.get(), LOCK_EX | LOCK_NB) != 0) continue;
    // Its maker may have finished since it was opened: then it has another name.
    if (!SameFile(staging, name, directory.get())) continue;
    RemoveTree(staging, name, directory.get());
    ++removed;
  }
}

enum class Try : std::uint8_t { kDone, kAgain, kFailed };

class Staging {
 public:
  explicit Staging(int parent) : parent_(parent) {}
  ~Staging() {
    if (fd_.valid()) (void)unlinkat(parent_, kStagingName, AT_REMOVEDIR);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  Try Open(LineWriter& why) {
    if (mkdirat(parent_, kStagingName, S_IRWXU) != 0 && errno != EEXIST)
      return Fail(why, "cannot be made: ", errno);
    const int fd = openat(parent_, kStagingName, kOpenDirectory);
    const int error = errno;
    OwnedFd opened(fd);
    if (!opened.valid())
      return error == ENOENT ? Try::kAgain : Fail(why, "cannot be opened: ", error);
    struct stat status {};
    if (fstat(opened.get(), &status) != 0) return Fail(why, "cannot be examined: ", errno);
    if (status.st_uid != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
      why.Text(kStagingName).Text(" is not root's alone: remove it");
      return Try::kFailed;
    }
    fd_ = std::move(opened);
    return Try::kDone;
  }
  int fd() const { return fd_.get(); }

 private:
  static Try Fail(LineWriter& why, std::string_view what, int error) {
    WriteError(why.Text(kStagingName).Text(" ").Text(what), error);
    return Try::kFailed;
  }

  const int parent_;
  OwnedFd fd_;
};

// A directory in `staging`, which goes with the object unless it has got its name.
class Temporary {
 public:
  explicit Temporary(int staging) : staging_(staging) {}
  ~Temporary() {
    if (fd_.valid()) RemoveTree(staging_, name_, fd_.get());
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  Try Make(LineWriter& why) {
    ChooseName();
    if (mkdirat(staging_, name_, S_IRWXU) != 0) return AgainOrFail(errno, why);
    const int fd = openat(staging_, name_, kOpenDirectory);
    const int error = errno;
    OwnedFd opened(fd);
    if (!opened.valid()) {
      (void)unlinkat(staging_, name_, AT_REMOVEDIR);
      return AgainOrFail(error, why);
    }
    // Somebody may take it for a leftover until it is locked.
    const bool locked = flock(opened.get(), LOCK_EX | LOCK_NB) == 0;
    if ((!locked && errno == EWOULDBLOCK) || !SameFile(staging_, name_, opened.get()))
      return Try::kAgain;
    fd_ = std::move(opened);
    return Try::kDone;
  }

  // Gives it its name, unless there is one.
  Try Publish(int parent, const char* name, LineWriter& why) {
    int status = renameat2(staging_, name_, parent, name, RENAME_NOREPLACE);
    // ZFS before 2.2, NFS and others cannot do that.
    if (status != 0 && (errno == EINVAL || errno == ENOSYS)) status = PublishInTurn(parent, name);
    if (status == 0) fd_ = OwnedFd();
    return status == 0 ? Try::kDone : AgainOrFail(errno, why);
  }

  int fd() const { return fd_.get(); }

 private:
  // Nobody but us makes anything in `parent`, and each of us has its directory in `staging`, whose
  // lock root alone can hold.
  int PublishInTurn(int parent, const char* name) {
    const OwnedFd turn(openat(staging_, ".", kOpenDirectory));
    if (!turn.valid()) return -1;
    for (int waits = 0; flock(turn.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
         ++waits) {
      if (waits == kMostWaits) return -1;
      constexpr timespec kWait{.tv_sec = 0, .tv_nsec = 2'000'000};
      (void)nanosleep(&kWait, nullptr);
    }
    struct stat status {};
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
      errno = EEXIST;
      return -1;
    }
    if (errno != ENOENT) return -1;
    return renameat(staging_, name_, parent, name);
  }

  // Unique on this host, and if two hosts share the file system mkdir(2) decides.
  void ChooseName() {
    timespec now{};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)snprintf(name_, sizeof name_, "%lx-%lx-%x", static_cast<unsigned long>(now.tv_sec),
                   static_cast<unsigned long>(now.tv_nsec), static_cast<unsigned>(gettid()));
  }

  static Try AgainOrFail(int error, LineWriter& why) {
    if (error == ENOENT || error == EEXIST) return Try::kAgain;
    WriteError(why, error);
    return Try::kFailed;
  }

  const int staging_;
  OwnedFd fd_;
  char name_[64] = {};
};

Try PlaceOnce(int parent, const char* name, FunctionRef<bool(int directory)> fill,
              LineWriter& why) {
  Staging staging(parent);
  if (const Try opened = staging.Open(why); opened != Try::kDone) return opened;
  Temporary made(staging.fd());
  if (const Try begun = made.Make(why); begun != Try::kDone) return begun;
  RemoveLeftovers(staging.fd(), made.fd());
  if (!fill(made.fd())) return Try::kFailed;
  return made.Publish(parent, name, why);
}

}  // namespace

Placed PlaceDirectory(int parent, const char* name, FunctionRef<bool(int directory)> fill,
                      LineWriter& why) noexcept {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    switch (PlaceOnce(parent, name, fill, why)) {
      case Try::kDone:
        return Placed::kMade;
      case Try::kFailed:
        return Placed::kFailed;
      case Try::kAgain:
        break;
    }
    struct stat status {};
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0) return Placed::kThere;
  }
  why.Text("others kept removing what it was made in");
  return Placed::kFailed;
}

}  // namespace sqlmap
