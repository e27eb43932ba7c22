// The files of an installation: there, root's, and readable by nobody whom they do not concern.
#ifndef SQLMAP_CTL_CHECK_FILES_H_
#define SQLMAP_CTL_CHECK_FILES_H_

#include <string>

#include "common/config/settings.h"
#include "ctl/check/finding.h"
#include "ctl/host.h"

namespace sqlmap {

// What makes a path another's than root's alone, and the command that mends it. Nothing if it is
// root's, or is not there at all.
struct Ownership {
  std::string what;
  std::string remedy;
};
Ownership OwnershipOf(const std::string& path);

// `settings` may be null: they could not be read.
void CheckFiles(const HostPaths& paths, const Settings* settings, Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_FILES_H_
