// Nothing of what a call into a module does shows in the thread that made it.
#ifndef SQLMAP_COMMON_PROCESS_CALL_GUARD_H_
#define SQLMAP_COMMON_PROCESS_CALL_GUARD_H_

#include <pthread.h>

#include <cerrno>

namespace sqlmap {

// While it lives the calling thread cannot be cancelled: descriptors would stay open and locks be
// held by nobody. Then errno and the cancellation state are what they were.
class CallGuard {
 public:
  CallGuard() noexcept : errno_(errno) {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
  }
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

#endif  // SQLMAP_COMMON_PROCESS_CALL_GUARD_H_
