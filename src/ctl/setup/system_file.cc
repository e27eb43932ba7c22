#include "ctl/setup/system_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "common/account/trusted_path.h"
#include "common/process/owned_fd.h"
#include "ctl/exit_status.h"

namespace sqlmap {
namespace {

[[noreturn]] void Refuse(const std::string& path, const std::string& why) {
  throw Failure(ExitStatus::kUnknown, path + ": " + why);
}

[[noreturn]] void NotReplaced(const std::string& path, const std::string& why) {
  throw Failure(ExitStatus::kNo, path + ": " + why + "; it was not replaced");
}

std::string ErrnoText() { return std::system_category().message(errno); }

std::string Slurp(const std::string& path, int fd) {
  std::string text;
  std::vector<char> buffer(65536);
  for (;;) {
    const ssize_t got = read(fd, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) Refuse(path, ErrnoText());
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

// Access lists, and labels of SELinux. What cannot be copied, since the file system or a policy
// does not have it, is left to them.
void CopyAttributes(int from, int to) {
  std::vector<char> names(65536);
  const ssize_t size = flistxattr(from, names.data(), names.size());
  for (ssize_t at = 0; at < size;) {
    const char* const name = names.data() + at;
    at += static_cast<ssize_t>(std::strlen(name)) + 1;
    std::vector<char> value(65536);
    const ssize_t length = fgetxattr(from, name, value.data(), value.size());
    if (length >= 0) (void)fsetxattr(to, name, value.data(), static_cast<std::size_t>(length), 0);
  }
}

void SyncDirectory(const std::string& directory) {
  const OwnedFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.valid()) (void)fsync(fd.get());
}

std::string NameBeside(const std::filesystem::path& path) {
  return path.parent_path() / ("." + path.filename().string() + ".sqlmap-new");
}

// The new text beside the old one, until it is renamed over it. Always the same name, so that what
// a run leaves that was killed, the next one takes away.
class Beside {
 public:
  explicit Beside(const std::string& path) : name_(NameBeside(path)) {
    (void)unlink(name_.c_str());
    fd_ = OwnedFd(open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  }
  ~Beside() {
    if (!renamed_) (void)unlink(name_.c_str());
  }
  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

  int fd() const { return fd_.get(); }
  bool RenameTo(const std::string& path) {
    if (fsync(fd()) != 0 || rename(name_.c_str(), path.c_str()) != 0) return false;
    renamed_ = true;
    SyncDirectory(std::filesystem::path(path).parent_path());
    return true;
  }

 private:
  const std::string name_;
  OwnedFd fd_;
  bool renamed_ = false;
};

OwnedFd OpenTrusted(const std::string& path) {
  OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid() && errno == ELOOP)
    Refuse(path,
           "is a link, and setup changes no file through a link; edit what it leads to by hand");
  if (!fd.valid()) Refuse(path, ErrnoText());
  ForeignComponent why;
  if (TrustOfFile(path.c_str(), &why) != PathTrust::kTrusted) {
    Refuse(path, std::string(why.path[0] == '\0' ? path.c_str() : why.path) +
                     " is not a plain file or directory that belongs to root and that nobody else "
                     "can write to");
  }
  return fd;
}

}  // namespace

std::string ReadSystemFile(const std::string& path) {
  const OwnedFd fd = OpenTrusted(path);
  return Slurp(path, fd.get());
}

bool SystemFileExists(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0;
}

void ReplaceSystemFile(const std::string& path, std::string_view before, std::string_view after) {
  const OwnedFd old = OpenTrusted(path);
  if (Slurp(path, old.get()) != before)
    NotReplaced(path, "somebody has changed it in the meantime");
  struct stat status {};
  if (fstat(old.get(), &status) != 0) NotReplaced(path, ErrnoText());
  Beside beside(path);
  if (beside.fd() < 0 || !WriteAll(beside.fd(), after) ||
      fchown(beside.fd(), status.st_uid, status.st_gid) != 0 ||
      fchmod(beside.fd(), status.st_mode & 07777) != 0) {
    NotReplaced(path, ErrnoText());
  }
  CopyAttributes(old.get(), beside.fd());
  if (!beside.RenameTo(path)) NotReplaced(path, ErrnoText());
}

void RemoveLeftover(const std::string& path) { (void)unlink(NameBeside(path).c_str()); }

void WriteOwnFile(const std::string& path, std::string_view text) {
  Beside beside(path);
  if (beside.fd() < 0 || !WriteAll(beside.fd(), text) || !beside.RenameTo(path))
    throw Failure(ExitStatus::kNo, path + ": " + ErrnoText());
}

}  // namespace sqlmap
