// Leaves the calling thread as it was: errno, and whether it can be cancelled.
#ifndef SQLMAP_DIRECT_CALL_GUARD_H_
#define SQLMAP_DIRECT_CALL_GUARD_H_

#include <pthread.h>

#include <cerrno>

namespace sqlmap {

// A thread that is cancelled in the middle of a call would leave a connection lent out and a lock
// taken.
class CallGuard {
 public:
  CallGuard() : errno_(errno) { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_); }
  ~CallGuard() {
    pthread_setcancelstate(cancel_state_, nullptr);
    errno = errno_;
  }
  CallGuard(const CallGuard&) = delete;
  CallGuard& operator=(const CallGuard&) = delete;

 private:
  const int errno_;
  int cancel_state_ = PTHREAD_CANCEL_ENABLE;
};

}  // namespace sqlmap

#endif  // SQLMAP_DIRECT_CALL_GUARD_H_
