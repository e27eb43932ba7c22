// The files of pam.d(5) on this host.
#ifndef SQLMAP_CTL_PAM_FILES_H_
#define SQLMAP_CTL_PAM_FILES_H_

#include <map>
#include <string>

#include "ctl/pam_walk.h"

namespace sqlmap {

struct PamFiles {
  PamTexts texts;
  // Regular files that could not be read, or are too large: why, by their paths. libpam may read
  // them.
  std::map<std::string, std::string> unread;
  std::string error;  // of pam.d itself
};

// What is in both directories, and what that includes. What is no regular file is not there.
PamFiles ReadPamFiles();

}  // namespace sqlmap

#endif  // SQLMAP_CTL_PAM_FILES_H_
