// The test program's own syslog(3): libpam's lines end here instead of in the host's log.
#ifndef SQLMAP_TESTS_PAM_CAPTURED_SYSLOG_H_
#define SQLMAP_TESTS_PAM_CAPTURED_SYSLOG_H_

#include <string>
#include <vector>

namespace sqlmap {

struct LogLine {
  int priority = 0;  // with the facility
  std::string text;
};

// Thread safe.
std::vector<LogLine> TakeLogLines();
// While on, lines are counted as taken and forgotten.
void DiscardLogLines(bool on);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_CAPTURED_SYSLOG_H_
