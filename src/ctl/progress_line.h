// One line on a terminal that says what takes long.
#ifndef SQLMAP_CTL_PROGRESS_LINE_H_
#define SQLMAP_CTL_PROGRESS_LINE_H_

#include <sys/types.h>

#include <string_view>

#include "common/process/owned_fd.h"

namespace sqlmap {

// A process of its own writes it: whoever does what takes long may be in one system call all the
// time. It holds nothing of ours, and ends with us.
class ProgressLine {
 public:
  ProgressLine() = default;
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // The last text, up to 500 bytes, stands there from a second after the first call on. Where there
  // can be no such process, there is no line.
  void Show(int terminal, std::string_view text);
  // The line is gone when this returns; the next call of Show is a first one.
  void Clear();

 private:
  OwnedFd to_;
  pid_t helper_ = -1;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_PROGRESS_LINE_H_
