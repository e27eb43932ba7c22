// A mutual exclusion lock that a forked child never waits for in vain.
//
// If a thread holds an ordinary mutex while another one forks, the child inherits a locked mutex
// whose owner does not exist there. This lock remembers in which process it was taken: one that was
// inherited is taken over. What it protects may then be half changed: its user compares generations
// and starts afresh.
#ifndef SQLMAP_COMMON_PROCESS_FORK_LOCK_H_
#define SQLMAP_COMMON_PROCESS_FORK_LOCK_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "common/process/generation.h"

namespace sqlmap {

// Best for short critical sections: a waiter wakes every millisecond at the latest.
// Constant-initialised, no destructor: fit for a static. Not recursive.
class ForkLock {
 public:
  constexpr ForkLock() = default;
  ForkLock(const ForkLock&) = delete;
  ForkLock& operator=(const ForkLock&) = delete;

  void Lock() noexcept {
    const std::uint32_t self = ProcessGeneration::Current();
    std::uint32_t holder = 0;
    while (!holder_.compare_exchange_weak(holder, self, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
      if (holder == self) {
        Wait(holder);
        holder = 0;
      } else if (holder != 0 &&
                 holder_.compare_exchange_strong(holder, self, std::memory_order_acquire)) {
        return;  // its owner stayed in the parent
      } else {
        holder = 0;
      }
    }
  }

  // Takes the lock if no thread of this process holds it. Never waits: fit for a signal handler.
  bool TryLock() noexcept {
    const std::uint32_t self = ProcessGeneration::Current();
    std::uint32_t holder = 0;
    return holder_.compare_exchange_strong(holder, self, std::memory_order_acquire,
                                           std::memory_order_relaxed) ||
           (holder != self &&
            holder_.compare_exchange_strong(holder, self, std::memory_order_acquire,
                                            std::memory_order_relaxed));
  }

  void Unlock() noexcept {
    holder_.store(0, std::memory_order_release);
    if (waiters_.load(std::memory_order_seq_cst) != 0) {
      syscall(SYS_futex, &holder_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
    }
  }

 private:
  void Wait(std::uint32_t holder) noexcept {
    waiters_.fetch_add(1, std::memory_order_seq_cst);
    // The time-out covers a wake-up that falls between the store and the count of waiters, and a
    // count inherited by a child.
    const timespec pause{0, 1'000'000};
    syscall(SYS_futex, &holder_, FUTEX_WAIT_PRIVATE, holder, &pause, nullptr, 0);
    waiters_.fetch_sub(1, std::memory_order_seq_cst);
  }

  std::atomic<std::uint32_t> holder_{0};   // generation of the process that holds it, 0: free
  std::atomic<std::uint32_t> waiters_{0};  // threads in Wait; never less than the truth
};

class ForkLockGuard {
 public:
  explicit ForkLockGuard(ForkLock& lock) noexcept : lock_(lock) { lock_.Lock(); }
  ~ForkLockGuard() { lock_.Unlock(); }
  ForkLockGuard(const ForkLockGuard&) = delete;
  ForkLockGuard& operator=(const ForkLockGuard&) = delete;

 private:
  ForkLock& lock_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PROCESS_FORK_LOCK_H_
