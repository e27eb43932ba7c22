// Looks at what may hang, without being caught in it.
#ifndef SQLMAP_CTL_CHECK_SEEN_IN_TIME_H_
#define SQLMAP_CTL_CHECK_SEEN_IN_TIME_H_

#include <cstddef>
#include <string>

#include "common/account/function_ref.h"
#include "common/sql/deadline.h"

namespace sqlmap {

// A child calls `look` with 0, 1, ... up to `count`: what it said of each, in their order, until
// the first one that did not end in time. Whoever looks into a file system that hangs may not even
// be killed: the child is left behind then, and holds nothing of ours. Throws std::system_error:
// there can be no child.
std::string SeenInTime(std::size_t count, FunctionRef<char(std::size_t)> look, Deadline deadline);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_SEEN_IN_TIME_H_
