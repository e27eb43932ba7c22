// The old modules' files, from the disk.
#ifndef SQLMAP_CTL_IMPORT_OLD_FILES_H_
#define SQLMAP_CTL_IMPORT_OLD_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "ctl/import/old_readers.h"

namespace sqlmap::importing {

// Reads and recognises each path, and the config_file that a pam.d file among them names if no such
// file is given. `kind`: what all of them are, in place of what they look like. Whose they are does
// not matter: who runs the command chose them. Throws Failure: not a regular file, of more than
// 1 MiB, with a NUL byte, not readable, or not to be recognised.
std::vector<OldFile> OpenOldFiles(const std::vector<std::string>& paths,
                                  std::optional<OldDialect> kind);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_OLD_FILES_H_
