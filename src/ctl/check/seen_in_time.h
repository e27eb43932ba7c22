// Looks at what may hang, without being caught in it.
#ifndef SQLMAP_CTL_CHECK_SEEN_IN_TIME_H_
#define SQLMAP_CTL_CHECK_SEEN_IN_TIME_H_

#include <cstddef>
#include <string>

#include "common/account/function_ref.h"
#include "common/sql/deadline.h"

namespace sqlmap {

struct Seen {
  std::string words;  // what was said of each, in their order, until the first that did not end
  bool ended =
      false;  // before its time: the child is dead, or `look` threw, at the one behind them
};

// A child calls `look` with 0, 1, ... up to `count`. Whoever looks into a file system that hangs
// may not even be killed: the child is left behind then, and holds nothing of ours. Throws
// std::system_error: there can be no child.
Seen SeenInTime(std::size_t count, FunctionRef<char(std::size_t)> look, Deadline deadline);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_SEEN_IN_TIME_H_
