// What setup is to change on this host, and what it is to take back.
#ifndef SQLMAP_CTL_SETUP_PLAN_H_
#define SQLMAP_CTL_SETUP_PLAN_H_

#include <string>
#include <vector>

#include "ctl/setup/file_change.h"
#include "ctl/setup/journal.h"

namespace sqlmap {

struct SetupPlan {
  std::vector<FileChange> changes;   // in the order in which they are made
  std::vector<std::string> remarks;  // for people
  std::vector<std::string> left;     // paths that cannot be undone; a remark says why
};

// Whether sqlmap is in the text that a change leaves.
bool NamesSqlmap(const FileChange& change);

// nsswitch.conf; and these services of pam.d, or without any the profile of pam-auth-update. What
// is there already is not in it. Throws Failure: kUsage for a service that there is not, kUnknown
// for a file that has no place for sqlmap or is not to be touched, for a stack whose jumps would
// land elsewhere, that would ask sqlmap twice or that has no end, and for a service that has
// sqlmap already and of which JudgePamService tells an error.
SetupPlan PlanSetup(const std::vector<std::string>& services);

// What the journal tells of, and no more: a file that still is as setup left it becomes what it
// was, run by run; from one that was changed since, or in between, sqlmap's own words are taken.
// `unfinished_only`: after a power failure in the middle.
SetupPlan PlanUndo(const Journal& journal, bool unfinished_only);

// The services of pam.d whose stacks these changes are in, however deep they are included.
std::vector<std::string> ServicesOf(const std::vector<FileChange>& changes);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_PLAN_H_
