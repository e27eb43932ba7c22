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
    : roots_(limits.waiting, limits.threads, limits.of_part),
      anybodys_(limits.waiting, std::max(limits.threads, 2U) - 1, limits.of_part),
      others_(limits.waiting, std::max(limits.threads, 2U) - 1, limits.of_user) {
  const AllSignalsBlocked blocked;
  try {
    for (unsigned i = 0; i < limits.threads; ++i) threads_.emplace_back([this] { Run(); });
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

bool WorkerPool::Submit(Uid user, Work work, const Part& part) {
  {
    const std::lock_guard guard(mutex_);
    Turns& roots = part.anybodys ? anybodys_ : roots_;
    const bool added = user == 0 ? roots.Add(part.name, std::move(work))
                                 : others_.Add(std::to_string(user), std::move(work));
    if (!added) return false;
  }
  more_.notify_one();
  return true;
}

bool WorkerPool::Turns::Add(const std::string& whose, Work work) {
  if (waiting_ >= most_waiting_) return false;
  Whose& owner = *all_.try_emplace(whose).first;
  Pieces& pieces = owner.second;
  if (pieces.waiting.size() + pieces.running >= share_.most) return false;
  pieces.waiting.push_back(std::move(work));
  if (pieces.waiting.size() == 1) {
    try {
      turns_.push_back(&owner);
    } catch (...) {
      pieces.waiting.pop_back();  // it would never get a turn
      throw;
    }
  }
  ++waiting_;
  return true;
}

WorkerPool::Turns::Whose* WorkerPool::Turns::Take(Work& work) noexcept {
  if (running_ >= most_running_) return nullptr;
  const auto turn = std::ranges::find_if(
      turns_, [this](const Whose* whose) { return whose->second.running < share_.at_once; });
  if (turn == turns_.end()) return nullptr;
  Whose* const whose = *turn;
  Pieces& pieces = whose->second;
  work = std::move(pieces.waiting.front());
  pieces.waiting.pop_front();
  // To the end of the row, or out of it.
  std::rotate(turn, turn + 1, turns_.end());
  if (pieces.waiting.empty()) turns_.pop_back();
  ++pieces.running;
  ++running_;
  --waiting_;
  return whose;
}

void WorkerPool::Turns::Finished(Whose* whose) noexcept {
  --running_;
  if (--whose->second.running == 0 && whose->second.waiting.empty())
    all_.erase(all_.find(whose->first));
}

WorkerPool::Turns* WorkerPool::Next(Work& work, Turns::Whose*& whose) noexcept {
  Turns* const order[] = {anybodys_turn_ ? &anybodys_ : &roots_,
                          anybodys_turn_ ? &roots_ : &anybodys_, &others_};
  for (Turns* const turns : order) {
    whose = turns->Take(work);
    if (whose == nullptr) continue;
    if (turns != &others_) anybodys_turn_ = turns == &roots_;
    return turns;
  }
  return nullptr;
}

void WorkerPool::Run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Turns* turns = nullptr;
    Turns::Whose* whose = nullptr;
    Work work;
    more_.wait(lock, [&] { return ending_ || (turns = Next(work, whose)) != nullptr; });
    if (ending_) return;
    lock.unlock();
    try {
      work();
    } catch (...) {  // NOLINT(bugprone-empty-catch): no memory, and nobody to tell
    }
    work = nullptr;
    lock.lock();
    turns->Finished(whose);
  }
}

}  // namespace sqlmap
