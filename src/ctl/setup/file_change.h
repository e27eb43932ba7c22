// What setup is about to do to a file.
#ifndef SQLMAP_CTL_SETUP_FILE_CHANGE_H_
#define SQLMAP_CTL_SETUP_FILE_CHANGE_H_

#include <string>

namespace sqlmap {

// Which change it belongs to: what is undone together.
enum class ChangeKind { kNsswitch, kService, kProfile };

struct FileChange {
  std::string path;
  ChangeKind kind = ChangeKind::kNsswitch;
  std::string before;
  std::string after;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_FILE_CHANGE_H_
