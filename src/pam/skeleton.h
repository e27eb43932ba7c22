// The copy of a directory such as /etc/skel into a new home.
#ifndef SQLMAP_PAM_SKELETON_H_
#define SQLMAP_PAM_SKELETON_H_

#include <cstdint>

#include "common/account/line_writer.h"
#include "common/account/record.h"

namespace sqlmap {

// It is copied while somebody waits to be let in.
struct SkeletonLimits {
  int entries = 4096;
  std::int64_t bytes = 64LL << 20U;
  int depth = 16;
};

// Copies what is in the directory `from` into the empty directory `to`, which nobody else can
// enter, and gives all of it to `uid` and `gid`: regular files and directories with their
// permissions (without set-uid, set-gid and sticky bits, whatever umask(2) says), links as links;
// everything else is left out, and nothing of another type is opened.
//
// False, with the reason in `why`, and with a part of the copy in `to`: a file or directory that
// is not root's, or that others can write to (with its owner's bytes anybody could fill every new
// home); more than `limits`; or an error such as a full disk.
bool CopySkeleton(int from, int to, Uid uid, Gid gid, const SkeletonLimits& limits,
                  LineWriter& why) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_PAM_SKELETON_H_
