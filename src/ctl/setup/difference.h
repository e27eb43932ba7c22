// What a change does to a file, as diff -u shows it.
#ifndef SQLMAP_CTL_SETUP_DIFFERENCE_H_
#define SQLMAP_CTL_SETUP_DIFFERENCE_H_

#include <string>

#include "ctl/setup/file_change.h"

namespace sqlmap {

// By diff(1). Throws Failure (kUnknown) without it.
std::string UnifiedDifference(const FileChange& change);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_DIFFERENCE_H_
