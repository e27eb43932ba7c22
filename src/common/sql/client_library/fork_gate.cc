#include "common/sql/client_library/fork_gate.h"

#include <pthread.h>
#include <time.h>

#include <atomic>

#include "common/process/monotonic.h"
#include "common/sql/client_library/call_scope.h"

namespace sqlmap {
namespace {

constinit std::atomic<bool> g_registered{false};
constinit std::atomic<std::uint32_t> g_inside{0};
constinit std::atomic<std::uint32_t> g_forks{0};  // under way

void WaitUntilNone(const std::atomic<std::uint32_t>& count) {
  const std::int64_t give_up = MonotonicMs() + ForkGate::kPatienceMs;
  while (count.load() != 0 && MonotonicMs() < give_up) {
    const timespec pause{0, 50'000};
    nanosleep(&pause, nullptr);
  }
}

void BeforeFork() {
  g_forks.fetch_add(1);
  // A signal handler that forks has interrupted what it would wait for.
  if (!CallScope::ThreadIsInOpenSsl()) WaitUntilNone(g_inside);
}

void InParent() { g_forks.fetch_sub(1); }

void InChild() {
  g_forks.store(0);
  g_inside.store(0);
}

}  // namespace

void ForkGate::Enter() noexcept {
  if (!g_registered.load(std::memory_order_relaxed) && !g_registered.exchange(true))
    pthread_atfork(BeforeFork, InParent, InChild);
  // A fork that takes its time, with the handlers of others, is not waited for twice.
  for (bool patient = true;; patient = false) {
    g_inside.fetch_add(1);
    if (g_forks.load() == 0 || !patient) return;
    g_inside.fetch_sub(1);
    WaitUntilNone(g_forks);
  }
}

void ForkGate::Leave() noexcept { g_inside.fetch_sub(1); }

}  // namespace sqlmap
