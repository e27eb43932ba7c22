#include "pam/home.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "common/account/rules.h"
#include "pam/plain_path.h"
#include "pam/staged_directory.h"
#include "pam/trouble.h"
#include "pam/trusted_walk.h"

namespace sqlmap {
namespace {

constexpr mode_t kDirectoryMode = 0755;

// A file that grows beyond RLIMIT_FSIZE is an error (EFBIG) for us, and no end of the process.
class NoFileSizeSignal {
 public:
  NoFileSizeSignal() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    sigset_t pending;
    was_pending_ = sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ) == 1;
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~NoFileSizeSignal() {
    constexpr timespec kNow{};
    if (!was_pending_) (void)sigtimedwait(&signal_, nullptr, &kNow);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoFileSizeSignal(const NoFileSizeSignal&) = delete;
  NoFileSizeSignal& operator=(const NoFileSizeSignal&) = delete;

 private:
  sigset_t signal_;
  sigset_t before_;
  bool was_pending_ = false;
};

// What is at the path of the home now; kNone and an empty `why`: nothing.
Home Look(std::string_view home, LineWriter& why) {
  const PathText path(home);
  if (!path.fits()) {
    why.Text("its path is too long");
    return Home::kNone;
  }
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) WriteError(why, errno);
    return Home::kNone;
  }
  if (S_ISDIR(status.st_mode)) return Home::kThere;
  why.Text(S_ISLNK(status.st_mode) ? "there is a symbolic link"
                                   : "there is no directory but a file");
  return Home::kNone;
}

bool MayBeMade(const HomeOrder& order, LineWriter& why) {
  if (geteuid() != 0) {
    why.Text("only root can make it");
  } else if (IsReservedId(order.uid) || IsReservedId(order.gid)) {
    why.Text("uid ").Number(order.uid).Text(" or gid ").Number(order.gid).Text(" is reserved");
  } else if (!IsPlainPath(order.home)) {
    why.Text("its path must be absolute, without \".\", \"..\", \"//\" or a \"/\" at the end");
  } else if (!IsBelow(order.home, order.root)) {
    WritePath(why.Text("it is not below mkhome="), order.root);
  } else if (HasComponent(order.home, kStagingName)) {
    why.Text("no home may be called ").Text(kStagingName);
  } else {
    return true;
  }
  return false;
}

// Goes to the home's parent, and makes what is missing below `order.root`.
bool GoToParent(const HomeOrder& order, TrustedWalk& walk, LineWriter& why) {
  if (!walk.DownTo(order.root.size(), why)) return false;
  while (!walk.next().empty()) {
    const TrustedWalk::Step step = walk.Down(why);
    if (step == TrustedWalk::Step::kRefused) return false;
    if (step == TrustedWalk::Step::kDone) continue;
    const auto fill = [&](int directory) {
      if (fchown(directory, 0, 0) == 0 && fchmod(directory, kDirectoryMode) == 0) return true;
      WriteError(why, errno);
      return false;
    };
    if (PlaceDirectory(walk.fd(), PathText(walk.next()).c_str(), fill, why) == Placed::kFailed) {
      WritePath(why.Text(" (in "), walk.here()).Text(")");
      return false;
    }
  }
  return true;
}

Home Make(const HomeOrder& order, LineWriter& why) {
  TrustedWalk skeleton(order.skel);
  if (!order.skel.empty() && !skeleton.DownToEnd(why)) return Home::kNone;
  TrustedWalk parent(ParentOf(order.home));
  if (!GoToParent(order, parent, why)) return Home::kNone;
  const auto fill = [&](int home) {
    if (!order.skel.empty() &&
        !CopySkeleton(skeleton.fd(), home, order.uid, order.gid, order.limits, why)) {
      return false;
    }
    if (fchown(home, order.uid, order.gid) == 0 && fchmod(home, order.mode) == 0) return true;
    WriteError(why, errno);
    return false;
  };
  switch (PlaceDirectory(parent.fd(), PathText(LastComponent(order.home)).c_str(), fill, why)) {
    case Placed::kMade:
      return Home::kMade;
    case Placed::kThere:
      return Look(order.home, why);
    case Placed::kFailed:
      break;
  }
  return Home::kNone;
}

Home LookOrMake(const HomeOrder& order, LineWriter& why) {
  if (const Home home = Look(order.home, why); home != Home::kNone || !why.empty()) return home;
  if (!MayBeMade(order, why)) return Home::kNone;
  const NoFileSizeSignal guard;
  return Make(order, why);
}

}  // namespace

Home ProvideHome(const HomeOrder& order, LineWriter& why) noexcept {
  const int saved = errno;
  const Home home = LookOrMake(order, why);
  errno = saved;
  return home;
}

}  // namespace sqlmap
