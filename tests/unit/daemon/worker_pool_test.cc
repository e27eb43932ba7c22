#include "daemon/worker_pool.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <new>
#include <semaphore>
#include <string>
#include <system_error>

#include "daemon/event.h"
#include "daemon/mailbox.h"

namespace sqlmap {
namespace {

TEST(WorkerPool, AsManyPiecesAreDoneAtOnceAsThereAreThreads) {
  WorkerPool pool({.threads = 3, .waiting = 8});
  std::latch together(3);
  std::promise<void> done[3];
  for (auto& promise : done) {
    EXPECT_TRUE(pool.Submit(0, [&] {
      together.arrive_and_wait();  // for ever, if one waited for another
      promise.set_value();
    }));
  }
  for (auto& promise : done) promise.get_future().wait();
}

TEST(WorkerPool, FloodIsRefusedInsteadOfPilingUp) {
  std::promise<void> go;
  std::promise<void> begun;
  WorkerPool pool({.threads = 1, .waiting = 2});
  ASSERT_TRUE(pool.Submit(0, [&, gate = go.get_future().share()] {
    begun.set_value();
    gate.wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(pool.Submit(0, [] {}));
  EXPECT_TRUE(pool.Submit(0, [] {}));
  EXPECT_FALSE(pool.Submit(0, [] {}));
  go.set_value();
}

// Pieces that are at it until the gate opens.
class Gate {
 public:
  WorkerPool::Work Piece() {
    return [this] {
      begun_.release();
      open_.acquire();
    };
  }
  void WaitForOne() { begun_.acquire(); }
  void Open(int pieces) { open_.release(pieces); }

 private:
  std::counting_semaphore<> begun_{0};
  std::counting_semaphore<> open_{0};
};

TEST(WorkerPool, OthersNeverHaveAllThreadsAndRootGoesOn) {
  Gate gate;
  WorkerPool pool({.threads = 3, .waiting = 8, .of_user = {8, 8}});
  for (Uid uid = 1; uid <= 6; ++uid) EXPECT_TRUE(pool.Submit(uid, gate.Piece()));
  gate.WaitForOne();
  gate.WaitForOne();
  std::promise<void> done;
  EXPECT_TRUE(pool.Submit(0, [&] { done.set_value(); }));
  done.get_future().wait();  // for ever, if the third thread had taken another piece
  gate.Open(6);
}

TEST(WorkerPool, UserWhoWantsMuchDelaysHimselfOnly) {
  Gate gate;
  std::string order;
  std::promise<void> done;
  WorkerPool pool({.threads = 1, .waiting = 8, .of_user = {4, 1}});
  EXPECT_TRUE(pool.Submit(0, gate.Piece()));
  gate.WaitForOne();
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(pool.Submit(1, [&] { order += '1'; }));
  EXPECT_FALSE(pool.Submit(1, [] {}));
  EXPECT_TRUE(pool.Submit(2, [&] { order += '2'; }));
  EXPECT_TRUE(pool.Submit(3, [&] { order += '3'; }));
  EXPECT_TRUE(pool.Submit(3, [&, last = gate.Piece()] {
    done.set_value();
    last();  // nothing more happens while the order is looked at
  }));
  EXPECT_TRUE(pool.Submit(0, [&] { order += '0'; }));
  gate.Open(1);
  done.get_future().wait();
  EXPECT_EQ(order, "01231");
  gate.Open(1);
}

TEST(WorkerPool, UserHasNoMoreThreadsThanHisShare) {
  Gate gate;
  WorkerPool pool({.threads = 4, .waiting = 8, .of_user = {2, 1}});
  EXPECT_TRUE(pool.Submit(1, gate.Piece()));
  std::atomic<bool> second = false;
  EXPECT_TRUE(pool.Submit(1, [&] { second = true; }));
  gate.WaitForOne();
  std::promise<void> other;
  EXPECT_TRUE(pool.Submit(2, [&] { other.set_value(); }));
  other.get_future().wait();
  EXPECT_FALSE(second);
  gate.Open(1);
}

// One account with a costly hash, or all that su asks, does not keep others from signing in.
TEST(WorkerPool, PartOfRootsWorkThatWantsMuchDelaysItselfOnly) {
  Gate gate;
  std::string order;
  std::promise<void> done;
  WorkerPool pool({.threads = 1, .waiting = 8, .of_part = {3, 1}});
  EXPECT_TRUE(pool.Submit(0, gate.Piece(), {"costly"}));
  gate.WaitForOne();
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(pool.Submit(0, [&] { order += 'c'; }, {"costly"}));
  EXPECT_FALSE(pool.Submit(0, [] {}, {"costly"}));
  EXPECT_TRUE(pool.Submit(0, [&] { order += 'a'; }, {"alice"}));
  EXPECT_TRUE(pool.Submit(1, [&] { done.set_value(); }));
  gate.Open(1);
  done.get_future().wait();
  EXPECT_EQ(order, "cac");
}

TEST(WorkerPool, PartOfRootsWorkHasNoMoreThreadsThanItsShare) {
  Gate gate;
  WorkerPool pool({.threads = 3, .waiting = 8, .of_part = {8, 2}});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(pool.Submit(0, gate.Piece(), {"costly"}));
  gate.WaitForOne();
  gate.WaitForOne();
  std::promise<void> done;
  EXPECT_TRUE(pool.Submit(0, [&] { done.set_value(); }, {"alice"}));
  done.get_future().wait();  // for ever, if the third thread had taken another piece
  gate.Open(4);
}

// su in a loop, for all accounts there are, does not keep out who comes from elsewhere.
TEST(WorkerPool, WhatAnybodyCanCauseAlternatesWithTheRestOfRootsWork) {
  Gate gate;
  std::string order;
  std::promise<void> done;
  WorkerPool pool({.threads = 1, .waiting = 4});
  EXPECT_TRUE(pool.Submit(0, gate.Piece()));
  gate.WaitForOne();
  for (const char* const name : {"a", "b", "c", "d"})
    EXPECT_TRUE(pool.Submit(0, [&] { order += 's'; }, {name, true}));
  EXPECT_FALSE(pool.Submit(0, [] {}, {"e", true}));
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(pool.Submit(0, [&] { order += 'r'; }, {"alice"}));
  EXPECT_TRUE(pool.Submit(1, [&] { done.set_value(); }));
  gate.Open(1);
  done.get_future().wait();
  EXPECT_EQ(order, "srsrss");
}

TEST(WorkerPool, WhatAnybodyCanCauseNeverHasAllThreads) {
  Gate gate;
  WorkerPool pool({.threads = 3, .waiting = 8});
  for (const char* const name : {"a", "b", "c"})
    EXPECT_TRUE(pool.Submit(0, gate.Piece(), {name, true}));
  gate.WaitForOne();
  gate.WaitForOne();
  std::promise<void> done;
  EXPECT_TRUE(pool.Submit(0, [&] { done.set_value(); }, {"alice"}));
  done.get_future().wait();  // for ever, if the third thread had taken another piece
  gate.Open(3);
}

TEST(WorkerPool, PieceWithoutMemoryIsDroppedAndTheThreadGoesOn) {
  WorkerPool pool({.threads = 1, .waiting = 2});
  EXPECT_TRUE(pool.Submit(1, [] { throw std::bad_alloc(); }));
  std::promise<void> done;
  EXPECT_TRUE(pool.Submit(0, [&] { done.set_value(); }));
  done.get_future().wait();
}

TEST(WorkerPool, SignalOfTheDaemonDoesNotBreakIntoAQuery) {
  WorkerPool pool({.threads = 1, .waiting = 1});
  std::promise<bool> blocked;
  ASSERT_TRUE(pool.Submit(0, [&] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked.set_value(sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1);
  }));
  EXPECT_TRUE(blocked.get_future().get());
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0);
}

// A hang is ended by the alarm.
TEST(WorkerPool, ThreadThatTheKernelRefusesIsAnExceptionAndNoHang) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(60);
    const rlimit few{3, 3};
    if (setrlimit(RLIMIT_NPROC, &few) != 0 || setresuid(64399, 64399, 64399) != 0) _exit(2);
    try {
      const WorkerPool pool({.threads = 8, .waiting = 1});
    } catch (const std::system_error&) {
      _exit(0);
    }
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

TEST(EventLoop, WhatACallThrowsComesOutOfRun) {
  EventLoop loop;
  EventLoop::Watch watch;
  loop.WatchTime(watch, 0, [&] {
    watch.End();
    throw std::bad_alloc();
  });
  EXPECT_THROW(loop.Run(), std::bad_alloc);
}

TEST(Mailbox, ResultsComeHomeToTheLoopInOrderAndWakeIt) {
  Mailbox mailbox;
  pollfd waiting{mailbox.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
  std::string order;
  {
    WorkerPool pool({.threads = 1, .waiting = 4});
    std::promise<void> posted;
    pool.Submit(0, [&] { mailbox.Post([&] { order += 'a'; }); });
    pool.Submit(0, [&] {
      mailbox.Post([&] { order += 'b'; });
      posted.set_value();
    });
    posted.get_future().wait();
  }
  EXPECT_EQ(poll(&waiting, 1, 0), 1);
  mailbox.Deliver();
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
}

}  // namespace
}  // namespace sqlmap
