// The test program's own clock_nanosleep(2): what the module waits for is noted instead of waited.
#ifndef SQLMAP_TESTS_PAM_CAPTURED_SLEEP_H_
#define SQLMAP_TESTS_PAM_CAPTURED_SLEEP_H_

#include <time.h>

#include <vector>

namespace sqlmap {

struct Sleep {
  clockid_t clock = CLOCK_REALTIME;
  bool absolute = false;
  timespec until{};
};

// Since the last call. Thread safe.
std::vector<Sleep> TakeSleeps();
// The next `count` sleeps end with EINTR, as if a signal had come.
void InterruptSleeps(int count);
// While on, the sleeps are slept.
void SleepForReal(bool on);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_CAPTURED_SLEEP_H_
