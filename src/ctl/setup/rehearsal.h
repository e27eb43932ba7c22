// Whether root and a local user still get in once files are changed: tried in a child that sees the
// new files, while everybody else sees the old ones.
#ifndef SQLMAP_CTL_SETUP_REHEARSAL_H_
#define SQLMAP_CTL_SETUP_REHEARSAL_H_

#include <string>
#include <string_view>
#include <vector>

#include "ctl/setup/file_change.h"

namespace sqlmap {

struct Trial {
  std::string what;    // "pam.d/sshd: the account of root"
  std::string before;  // how it goes with the files as they are
  std::string after;   // and with the new ones
  bool good = false;
};

// How the trials went, of which the first one that is not good is the last one. `stage` is a
// directory of root's own, over which the child mounts what it needs. `services` are those whose
// stacks change. `load`: the new files need our modules.
//
// Tried are: the modules load; root, and `local_name` (a local user; "": none), are found as
// before, with their groups and shadow lines; for each service, PAM's account stage of theirs has
// the same result as before, and so have a wrong password and the right one, which is a random one
// in the child's own /etc/shadow. Each within kTrialMs, which counts as a result. The child's
// mounts are trial_host.h's. Throws Failure (kUnknown): there can be no such child, or no such
// password.
inline constexpr int kTrialMs = 10'000;
std::vector<Trial> Rehearse(const std::vector<FileChange>& changes, bool load,
                            const std::vector<std::string>& services, const std::string& local_name,
                            const std::string& stage);

// The outcome of each step, as "step\tresult\n" tells it, beside each other. A step that one side
// lacks, since it was stuck or ended there, is "no answer"; both must come to the last one, "the
// end of all trials". Pure.
std::vector<Trial> Compare(std::string_view before, std::string_view after);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_REHEARSAL_H_
