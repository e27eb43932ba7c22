// Files that appear in a directory all together, or not at all.
#ifndef SQLMAP_CTL_IMPORT_NEW_FILES_H_
#define SQLMAP_CTL_IMPORT_NEW_FILES_H_

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>

namespace sqlmap::importing {

struct NewFile {
  std::string name;  // without a directory
  std::string_view text;
  mode_t mode;
};

// Each is written beside its place, with its mode and synced, before the first is put there; if one
// cannot be, those before it are taken back. Files that are there are replaced with `replace`, else
// an error. No link is followed. Only a kill in the middle of the renames, which no signal but
// SIGKILL can do, leaves some new beside some old ones, each of them whole. Throws Failure.
void WriteTogether(const std::string& directory, std::span<const NewFile> files, bool replace);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_NEW_FILES_H_
