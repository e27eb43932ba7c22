// Which home directories are there, without being caught in a file system that hangs.
#ifndef SQLMAP_CTL_CHECK_HOMES_H_
#define SQLMAP_CTL_CHECK_HOMES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/sql/deadline.h"

namespace sqlmap {

struct HomesSeen {
  std::size_t there = 0;
  std::size_t missing = 0;
  std::size_t no_directory = 0;
  std::vector<std::string> examples;  // of what is not as it should be
  // Where the look ended; all behind it were not seen. "": all were.
  std::string last;
  bool hung = false;  // it took too long there; else whoever looked is dead
};

// With lstat(2).
HomesSeen LookAtHomes(const std::vector<std::string_view>& homes, Deadline deadline);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_HOMES_H_
