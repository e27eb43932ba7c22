// What a snapshot holds, in three numbers.
#ifndef SQLMAP_DAEMON_SNAPSHOT_FACTS_H_
#define SQLMAP_DAEMON_SNAPSHOT_FACTS_H_

#include "common/snapshot/view.h"
#include "daemon/refresh_policy.h"

namespace sqlmap {

// Walks the whole file. Two files of the same accounts have the same facts, whatever their
// generations, seeds and the order of their rows and members, if both or neither may be listed.
TableFacts FactsOf(const SnapshotView& view);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_SNAPSHOT_FACTS_H_
