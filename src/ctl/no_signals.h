// A stretch of work that no signal cuts in two.
#ifndef SQLMAP_CTL_NO_SIGNALS_H_
#define SQLMAP_CTL_NO_SIGNALS_H_

#include <csignal>

namespace sqlmap {

// Nothing ends or stops the process while this exists, but SIGKILL and SIGSTOP.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_NO_SIGNALS_H_
