// While it lives the calling thread cannot be cancelled.
#ifndef SQLMAP_PAM_CANCEL_GUARD_H_
#define SQLMAP_PAM_CANCEL_GUARD_H_

#include <pthread.h>

namespace sqlmap {

// A thread that is cancelled in the middle of a call would leave files open and locks taken.
class CancelGuard {
 public:
  CancelGuard() { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state_); }
  ~CancelGuard() { pthread_setcancelstate(state_, nullptr); }
  CancelGuard(const CancelGuard&) = delete;
  CancelGuard& operator=(const CancelGuard&) = delete;

 private:
  int state_ = PTHREAD_CANCEL_ENABLE;
};

}  // namespace sqlmap

#endif  // SQLMAP_PAM_CANCEL_GUARD_H_
