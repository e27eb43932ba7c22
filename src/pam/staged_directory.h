// A directory that appears complete, or not at all, however many make it at once and wherever one
// of them dies.
//
// It is made in PARENT/.sqlmap-new, which is root's with mode 0700, so that nobody can enter it
// whoever owns what is in there already; and then takes its name. Whoever makes one holds a
// flock(2) on it until then: one that nobody holds is what a crash left behind, and the next to
// come removes it; on a network's file system, where the holder may be another host, an hour later.
// .sqlmap-new itself goes with its last entry.
#ifndef SQLMAP_PAM_STAGED_DIRECTORY_H_
#define SQLMAP_PAM_STAGED_DIRECTORY_H_

#include <cstdint>

#include "common/account/function_ref.h"
#include "common/account/line_writer.h"

namespace sqlmap {

// No account's home may have it in its path.
inline constexpr char kStagingName[] = ".sqlmap-new";

enum class Placed : std::uint8_t { kMade, kThere, kFailed };

// Makes `name` in the directory `parent`, in which nobody but root can change anything. `fill` gets
// the new directory, empty and root's, in which nothing else changes meanwhile, and sees to its
// contents, owner and mode; if it returns false it has said why, and nothing is made.
//
//   kMade    the directory is there
//   kThere   something of that name was there first, and is as it was
//   kFailed  nothing was left behind, and `why` says why
Placed PlaceDirectory(int parent, const char* name, FunctionRef<bool(int directory)> fill,
                      LineWriter& why) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_PAM_STAGED_DIRECTORY_H_
