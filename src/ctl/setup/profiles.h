// Debian's way into /etc/pam.d/common-*: the profiles of /usr/share/pam-configs and
// pam-auth-update(8).
#ifndef SQLMAP_CTL_SETUP_PROFILES_H_
#define SQLMAP_CTL_SETUP_PROFILES_H_

#include <vector>

#include "ctl/setup/file_change.h"

namespace sqlmap {

enum class Profiles { kEnabled, kRemoved };

// What pam-auth-update would do to its files, in /etc/pam.d and in /var/lib/pam, in the order in
// which nobody gets in who would not before or after. It runs on copies
// of them, in mounts of its own: the host's are as they were. None: nothing. Throws Failure
// (kUnknown): there is no pam-auth-update, or it would do nothing, with its words.
std::vector<FileChange> ProfileChanges(Profiles wanted);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_PROFILES_H_
