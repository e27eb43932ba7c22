// Reads a snapshot from end to end: what a process without rights has written is to be published as
// root's.
#ifndef SQLMAP_COMMON_SNAPSHOT_VERIFY_H_
#define SQLMAP_COMMON_SNAPSHOT_VERIFY_H_

#include <expected>
#include <string>

#include "common/account/rules.h"
#include "common/snapshot/view.h"

namespace sqlmap {

// What every row must keep. The same rules as the rows were read with.
struct SnapshotRules {
  NameRules names;
  IdRules uids;
  IdRules gids;
};

// The error says what is wrong and where, without any text of a row. Sound means: each record is
// whole and keeps the rules; each one is found by its name, and the right one by its id; no index
// leads anywhere else; the header's counts are right.
std::expected<void, std::string> VerifyWhole(const SnapshotView& view, const SnapshotRules& rules);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SNAPSHOT_VERIFY_H_
