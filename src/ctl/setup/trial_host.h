// The host as a rehearsal sees it: with the new files, and without what would keep a trace of it.
#ifndef SQLMAP_CTL_SETUP_TRIAL_HOST_H_
#define SQLMAP_CTL_SETUP_TRIAL_HOST_H_

#include <string>
#include <string_view>
#include <vector>

#include "ctl/setup/file_change.h"

namespace sqlmap {

// In a child (child.h). `stage`, a directory of root's own, becomes one of memory, with `own` in
// it; `over` stand at the paths that they name. All else is read-only, but for /run, /tmp, /var/tmp
// and /dev/shm, which are of memory too: what a module writes there is gone with the child. In /run
// is what was there, so that daemons can be asked, but for nscd, which would answer by the old
// files, faillock, and the system log, which would tell of logins that nobody tried. What is sent
// to other daemons, to the kernel or over the network goes out. False with errno.
struct TrialFile {
  std::string path;
  std::string text;
};
bool EnterTrialHost(const std::string& stage, const std::vector<TrialFile>& over,
                    const std::vector<TrialFile>& own);

// In there: failed logins that pam_faillock has counted since.
void ForgetFailedLogins();

// shadow(5) with this hash for that user; "" if there is no line of his. Pure.
std::string WithHash(std::string_view shadow, std::string_view name, std::string_view hash);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_TRIAL_HOST_H_
