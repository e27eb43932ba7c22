#include "daemon/worker_pool.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <utility>

namespace sqlmap {
namespace {

// What is started inside inherits a mask in which everything is blocked.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

WorkerPool::WorkerPool(Limits limits)
    : limits_(limits), most_of_others_(std::max(limits.threads, 2U) - 1) {
  const AllSignalsBlocked blocked;
  try {
    for (unsigned i = 0; i < limits_.threads; ++i) threads_.emplace_back([this] { Run(); });
  } catch (...) {
    End();  // or those that there are would be waited for, for ever
    throw;
  }
}

WorkerPool::~WorkerPool() { End(); }

void WorkerPool::End() {
  {
    const std::lock_guard guard(mutex_);
    ending_ = true;
  }
  more_.notify_all();
}

bool WorkerPool::Submit(Uid user, Work work) {
  {
    const std::lock_guard guard(mutex_);
    if (user == 0) {
      if (roots_.size() >= limits_.waiting) return false;
      roots_.push_back(std::move(work));
    } else {
      if (others_waiting_ >= limits_.waiting) return false;
      Share& share = others_[user];
      if (share.waiting.size() + share.running >= limits_.of_one_user) return false;
      if (share.waiting.empty()) turns_.push_back(user);
      share.waiting.push_back(std::move(work));
      ++others_waiting_;
    }
  }
  more_.notify_one();
  return true;
}

// Under mutex_. False: there is nothing that may be done now.
bool WorkerPool::Take(Uid& user, Work& work) {
  if (!roots_.empty()) {
    user = 0;
    work = std::move(roots_.front());
    roots_.pop_front();
    return true;
  }
  if (others_running_ >= most_of_others_) return false;
  const auto turn = std::find_if(turns_.begin(), turns_.end(), [this](Uid uid) {
    return others_.at(uid).running < limits_.at_once;
  });
  if (turn == turns_.end()) return false;
  user = *turn;
  Share& share = others_.at(user);
  // To the end of the row, or out of it.
  if (share.waiting.size() > 1) turns_.push_back(user);
  turns_.erase(std::find(turns_.begin(), turns_.end(), user));
  work = std::move(share.waiting.front());
  share.waiting.pop_front();
  ++share.running;
  ++others_running_;
  --others_waiting_;
  return true;
}

// Under mutex_.
void WorkerPool::Finished(Uid user) {
  if (user == 0) return;
  --others_running_;
  const auto share = others_.find(user);
  if (--share->second.running == 0 && share->second.waiting.empty()) others_.erase(share);
}

void WorkerPool::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Uid user = 0;
    Work work;
    more_.wait(lock, [&] { return ending_ || Take(user, work); });
    if (ending_) return;
    lock.unlock();
    try {
      work();
    } catch (...) {  // NOLINT(bugprone-empty-catch): no memory, and nobody to tell
    }
    work = nullptr;
    lock.lock();
    Finished(user);
  }
}

}  // namespace sqlmap
