// A few threads that do what would keep the event loop waiting: queries, and hashing of passwords.
//
// Root's work goes first, and where there are several threads one is kept for it. All other users
// take turns: however much one of them wants, he delays himself.
#ifndef SQLMAP_DAEMON_WORKER_POOL_H_
#define SQLMAP_DAEMON_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "common/account/record.h"

namespace sqlmap {

class WorkerPool {
 public:
  // What it throws is dropped with it: who waits for it must not wait for ever.
  using Work = std::function<void()>;

  struct Limits {
    unsigned threads = 1;
    std::size_t waiting = 1;  // pieces of root, and as many of all others together
    // Of each user but root.
    std::size_t of_one_user = 1;  // waiting or being done
    unsigned at_once = 1;         // being done
  };

  // Signals are for the main thread: none is delivered to a worker. Throws std::system_error.
  explicit WorkerPool(Limits limits);
  // Lets each thread finish what it is at; what still waits is dropped.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False: too much is waiting already. Thread safe.
  bool Submit(Uid user, Work work);

 private:
  struct Share {
    std::deque<Work> waiting;
    unsigned running = 0;
  };

  void Run();
  void End();
  bool Take(Uid& user, Work& work);
  void Finished(Uid user);

  const Limits limits_;
  const unsigned most_of_others_;  // being done at once
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Work> roots_;
  std::unordered_map<Uid, Share> others_;
  std::deque<Uid> turns_;  // who has something waiting
  std::size_t others_waiting_ = 0;
  unsigned others_running_ = 0;
  bool ending_ = false;
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_WORKER_POOL_H_
