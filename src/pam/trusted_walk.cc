#include "pam/trusted_walk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "pam/plain_path.h"
#include "pam/trouble.h"

namespace sqlmap {
namespace {

constexpr int kEnter = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

LineWriter& Say(LineWriter& why, std::string_view path) {
  return WritePath(why, path.empty() ? "/" : path).Text(" ");
}

}  // namespace

std::string_view TrustedWalk::next() const {
  if (done_ == path_.size()) return {};
  const std::string_view rest = After(path_, done_ + 1);
  return First(rest, rest.find('/'));
}

TrustedWalk::Step TrustedWalk::Down(LineWriter& why) noexcept {
  if (!fd_.valid()) {
    const int root = open("/", kEnter);
    const int error = errno;
    return Judge(OwnedFd(root), error, {}, why);
  }
  const PathText name(next());
  const std::string_view path = First(path_, done_ + 1 + next().size());
  const int fd = openat(fd_.get(), name.c_str(), kEnter);
  const int error = errno;
  if (fd < 0 && (error == ENOTDIR || error == ELOOP)) {
    struct stat status {};
    const bool link = fstatat(fd_.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                      S_ISLNK(status.st_mode);
    Say(why, path).Text(link ? "is a symbolic link: use the path that it leads to"
                             : "is not a directory");
    return Step::kRefused;
  }
  const Step step = Judge(OwnedFd(fd), error, path, why);
  if (step == Step::kDone) done_ = path.size();
  return step;
}

TrustedWalk::Step TrustedWalk::Judge(OwnedFd directory, int error, std::string_view path,
                                     LineWriter& why) noexcept {
  struct stat status {};
  if (!directory.valid()) {
    if (error == ENOENT) return Step::kMissing;
    WriteError(Say(why, path).Text("cannot be opened: "), error);
  } else if (fstat(directory.get(), &status) != 0) {
    WriteError(Say(why, path).Text("cannot be examined: "), errno);
  } else if (status.st_uid != 0) {
    Say(why, path).Text("belongs to uid ").Number(status.st_uid).Text(" and must be root's");
  } else if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    WriteMode(Say(why, path).Text("can be written to by others than root: its mode is "),
              status.st_mode);
  } else {
    fd_ = std::move(directory);
    return Step::kDone;
  }
  return Step::kRefused;
}

bool TrustedWalk::DownTo(std::size_t length, LineWriter& why) noexcept {
  while (!fd_.valid() || done_ < length) {
    const Step step = Down(why);
    if (step == Step::kMissing)
      Say(why, First(path_, done_ + 1 + next().size())).Text("does not exist");
    if (step != Step::kDone) return false;
  }
  return true;
}

}  // namespace sqlmap
