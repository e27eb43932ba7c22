// The numbers of the snapshots: each new one is larger than all that any process can have seen,
// also after a restart.
#ifndef SQLMAP_DAEMON_GENERATIONS_H_
#define SQLMAP_DAEMON_GENERATIONS_H_

#include <cstdint>
#include <string>

#include "daemon/paths.h"

namespace sqlmap {

// Larger than `published` (what the control page says), than every snapshot.<generation> and than
// the persistent snapshot's.
std::uint64_t NextGeneration(const DaemonPaths& paths, std::uint64_t published);

// Removes all snapshots in paths.run but `published` and the one before it: a reader that is just
// opening that one shall find it. What cannot be removed stays; the error text says why, "" if all
// went well.
std::string RemoveOldGenerations(const DaemonPaths& paths, std::uint64_t published);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_GENERATIONS_H_
