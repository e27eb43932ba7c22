// A few threads that do what would keep the event loop waiting: queries, and hashing of passwords.
#ifndef SQLMAP_DAEMON_WORKER_POOL_H_
#define SQLMAP_DAEMON_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sqlmap {

class WorkerPool {
 public:
  using Work = std::function<void()>;  // must not throw

  // At most `most_waiting` pieces wait beside those that are being done. Signals are for the main
  // thread: none is delivered to a worker.
  WorkerPool(unsigned threads, std::size_t most_waiting);
  // Lets each thread finish what it is at; what still waits is dropped.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // False: too much is waiting already. Thread safe.
  bool Submit(Work work);

 private:
  void Run();

  const std::size_t most_waiting_;
  std::mutex mutex_;
  std::condition_variable more_;
  std::deque<Work> waiting_;
  bool ending_ = false;
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_WORKER_POOL_H_
