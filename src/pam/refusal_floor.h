// How long a refusal takes at least. Wrong passwords, unknown names and dead databases take
// different times, which nobody shall tell from outside, not even with `nodelay` or by averaging.
#ifndef SQLMAP_PAM_REFUSAL_FLOOR_H_
#define SQLMAP_PAM_REFUSAL_FLOOR_H_

#include <time.h>

namespace sqlmap {

// More than the usual hashes take, and well inside the second that a call may take. A refusal that
// took longer gets nothing on top: an account whose hashes are slower than this can be told.
inline constexpr long kRefusalFloorNs = 250'000'000;

// What libpam is asked to wait at the end of a stack that has failed as a whole
// (pam_fail_delay(3)).
inline constexpr unsigned kFailDelayMicroseconds = 2'000'000;

// kRefusalFloorNs after `began`.
timespec EarliestRefusal(timespec began);

class RefusalFloor {
 public:
  // Begins now: make it after the last prompt, or the time that the client takes to answer would
  // count.
  RefusalFloor();

  // Returns at the earliest refusal: at once, if that is past. No signal makes it shorter, and the
  // thread is not cancelled meanwhile.
  void Wait() const;

 private:
  timespec earliest_;
};

}  // namespace sqlmap

#endif  // SQLMAP_PAM_REFUSAL_FLOOR_H_
