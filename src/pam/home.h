// The home directory of an account, made when it is first needed: as pam_mkhomedir(8) does, but
// only where the administrator said, and never through anything that somebody else could change.
#ifndef SQLMAP_PAM_HOME_H_
#define SQLMAP_PAM_HOME_H_

#include <sys/types.h>

#include <cstdint>
#include <string_view>

#include "common/account/line_writer.h"
#include "common/account/record.h"
#include "pam/skeleton.h"

namespace sqlmap {

struct HomeOrder {
  std::string_view home;  // as the account has it
  Uid uid = 0;            // the account's
  Gid gid = 0;
  std::string_view root = {};  // mkhome=, a plain path (plain_path.h)
  std::string_view skel = {};  // skel=, a plain path; "": an empty home
  mode_t mode = 0700;          // of the home itself
  SkeletonLimits limits = {};
};

enum class Home : std::uint8_t {
  kThere,  // there is a directory, which is left alone whoever owns it
  kMade,
  kNone,  // no home, and `why` says why
};

// Sees to it that there is a home. Fast if there is one: one system call.
//
// A missing one is made by root (euid 0) alone, for a uid and gid that are not reserved, at a plain
// path strictly below `root` that nobody may take for .sqlmap-new (staged_directory.h). All
// directories down to its parent must be root's, no links, and writable for nobody else; those
// that are missing below `root` are made root:root 0755. The home gets its contents, its owner and
// its mode before it gets its name: it appears complete or not at all, with any umask(2), with many
// logins at once, and with a crash at any point (not a power failure: nothing is synced). On an
// error such as a full disk nothing is left behind.
//
// Leaves errno, umask(2), the working directory and signals as they were. Thread safe. Not to be
// cancelled.
Home ProvideHome(const HomeOrder& order, LineWriter& why) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_PAM_HOME_H_
