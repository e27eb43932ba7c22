#include "pam/jail.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "pam/plain_path.h"
#include "pam/trouble.h"

namespace sqlmap {

bool Jail::Find(LineWriter& why) noexcept {
  if (geteuid() != 0) {
    why.Text("only root can do that");
    return false;
  }
  if (!IsPlainPath(walk_.path())) {
    WritePath(why, walk_.path()).Text(" is not an absolute path without \".\", \"..\" and \"//\"");
    return false;
  }
  return walk_.DownToEnd(why);
}

bool Jail::Enter(LineWriter& why) const noexcept {
  const OwnedFd before(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  // By descriptor: it is the directory that was examined.
  if (fchdir(walk_.fd()) == 0 && chroot(".") == 0) return true;
  WriteError(why, errno);
  if (!before.valid() || fchdir(before.get()) != 0) why.Text(", and the working directory changed");
  return false;
}

}  // namespace sqlmap
