// A few threads that do what would keep the event loop waiting: queries, and hashing of passwords.
//
// Root's work goes first, and where there are several threads one is kept for it. All other users
// take turns, and so do the parts of root's work that are named: however much one of them wants,
// he delays himself. Of root's work, what anybody on this host can cause alternates with the rest,
// and leaves a thread to it, too.
#ifndef SQLMAP_DAEMON_WORKER_POOL_H_
#define SQLMAP_DAEMON_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/account/record.h"

namespace sqlmap {

class WorkerPool {
 public:
  // What it throws is dropped with it: who waits for it must not wait for ever.
  using Work = std::function<void()>;

  // Of one user, or of one part of root's work.
  struct Share {
    std::size_t most = SIZE_MAX;  // waiting or being done
    unsigned at_once = UINT32_MAX;
  };
  struct Limits {
    unsigned threads = 1;
    // Pieces of root, as many that anybody can cause, and as many of all others together.
    std::size_t waiting = 1;
    Share of_user = {};  // each but root
    Share of_part = {};  // each of root's
  };
  // Whose share of root's work a piece takes.
  struct Part {
    std::string name = {};
    bool anybodys = false;
  };

  // Signals are for the main thread: none is delivered to a worker. Throws std::system_error.
  explicit WorkerPool(Limits limits);
  // Lets each thread finish what it is at; what still waits is dropped.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // `part`: of root's work. False: too much is waiting already. Thread safe.
  bool Submit(Uid user, Work work, const Part& part);
  bool Submit(Uid user, Work work) { return Submit(user, std::move(work), Part()); }

 private:
  // Who wants something done, by turns. Under mutex_.
  class Turns {
   public:
    // `running`: most pieces of all together.
    Turns(std::size_t waiting, unsigned running, Share share)
        : most_waiting_(waiting), most_running_(running), share_(share) {}

    struct Pieces {
      std::deque<Work> waiting;
      unsigned running = 0;
    };
    using Whose = std::unordered_map<std::string, Pieces>::value_type;

    bool Add(const std::string& whose, Work work);
    // Null: there is nothing that may be done now. Else Finished is to be called when it is done.
    Whose* Take(Work& work) noexcept;
    void Finished(Whose* whose) noexcept;

   private:
    const std::size_t most_waiting_;
    const unsigned most_running_;
    const Share share_;
    std::unordered_map<std::string, Pieces> all_;
    std::deque<Whose*> turns_;  // who has something waiting
    std::size_t waiting_ = 0;
    unsigned running_ = 0;
  };

  // Under mutex_. What it is of; null: there is nothing that may be done now.
  Turns* Next(Work& work, Turns::Whose*& whose) noexcept;
  void Run();
  void End();

  std::mutex mutex_;
  std::condition_variable more_;
  Turns roots_;
  Turns anybodys_;  // of root's
  bool anybodys_turn_ = false;
  Turns others_;
  bool ending_ = false;
  std::vector<std::jthread> threads_;  // last: they use the rest
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_WORKER_POOL_H_
