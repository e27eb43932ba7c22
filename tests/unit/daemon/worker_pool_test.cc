#include "daemon/worker_pool.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <future>
#include <latch>

#include "daemon/mailbox.h"

namespace sqlmap {
namespace {

TEST(WorkerPool, AsManyPiecesAreDoneAtOnceAsThereAreThreads) {
  WorkerPool pool(3, 8);
  std::latch together(3);
  std::promise<void> done[3];
  for (auto& promise : done) {
    EXPECT_TRUE(pool.Submit([&] {
      together.arrive_and_wait();  // for ever, if one waited for another
      promise.set_value();
    }));
  }
  for (auto& promise : done) promise.get_future().wait();
}

TEST(WorkerPool, FloodIsRefusedInsteadOfPilingUp) {
  std::promise<void> go;
  std::promise<void> begun;
  WorkerPool pool(1, 2);
  ASSERT_TRUE(pool.Submit([&, gate = go.get_future().share()] {
    begun.set_value();
    gate.wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(pool.Submit([] {}));
  EXPECT_TRUE(pool.Submit([] {}));
  EXPECT_FALSE(pool.Submit([] {}));
  go.set_value();
}

TEST(WorkerPool, SignalOfTheDaemonDoesNotBreakIntoAQuery) {
  WorkerPool pool(1, 1);
  std::promise<bool> blocked;
  ASSERT_TRUE(pool.Submit([&] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked.set_value(sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1);
  }));
  EXPECT_TRUE(blocked.get_future().get());
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(sigismember(&mask, SIGTERM), 0);
}

TEST(Mailbox, ResultsComeHomeToTheLoopInOrderAndWakeIt) {
  Mailbox mailbox;
  pollfd waiting{mailbox.fd(), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
  std::string order;
  {
    WorkerPool pool(1, 4);
    std::promise<void> posted;
    pool.Submit([&] { mailbox.Post([&] { order += 'a'; }); });
    pool.Submit([&] {
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
