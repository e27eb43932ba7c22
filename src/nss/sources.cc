#include "nss/sources.h"

#include <unistd.h>

#include <atomic>
#include <cstdint>

#include "common/plugin/loader.h"
#include "common/process/monotonic.h"
#include "common/snapshot/map.h"
#include "common/snapshot/source.h"
#include "common/wire/client.h"
#include "nss/entry.h"

#if !defined(SQLMAP_RUN_DIR) || !defined(SQLMAP_STATE_DIR)
#error "SQLMAP_RUN_DIR and SQLMAP_STATE_DIR name the daemon's directories"
#endif

namespace sqlmap {
namespace {

// For a daemon that gives no sign of life, which is just being started, or hangs: how long it is
// waited for, and, if that was in vain, how long this process does not ask it again.
constexpr int kSilentBudgetMs = 200;
constexpr std::int64_t kSilenceMs = 2'000;

constinit SnapshotMap g_snapshot(SnapshotPaths{SQLMAP_RUN_DIR, SQLMAP_STATE_DIR "/snapshot"});
constinit std::atomic<bool> g_never{false};
constinit std::atomic<std::int64_t> g_silent_until{0};

// False: there is no daemon.
bool AskDaemon(FunctionRef<Answer(AccountSource&)> question, Answer& told) {
  const bool lives = g_snapshot.DaemonLives();
  if (!lives) {
    // The first process of a system may be the one that is to start it.
    if (getpid() == 1) return false;
    told = Answer::Unavailable(Reason::kTimeout);
    if (MonotonicMs() < g_silent_until.load(std::memory_order_relaxed)) return true;
  }
  SocketSource daemon(SQLMAP_RUN_DIR "/socket", lives ? kLookUpBudgetMs : kSilentBudgetMs);
  told = question(daemon);
  if (!lives && told == Answer::Unavailable(Reason::kTimeout))
    g_silent_until.store(MonotonicMs() + kSilenceMs, std::memory_order_relaxed);
  return !daemon.no_daemon();
}

Answer AskPlugin(FunctionRef<Answer(AccountSource&)> question) {
  const DirectPlugin* plugin = nullptr;
  const Answer loaded = LoadDirectPlugin(plugin);
  return loaded.found() ? question(*plugin->accounts) : loaded;
}

}  // namespace

Answer AskSources(FunctionRef<Answer(AccountSource&)> question) noexcept {
  if (g_never.load(std::memory_order_relaxed)) return Answer::Unavailable(Reason::kNotAllowed);
  SnapshotSource snapshot(g_snapshot);
  const Answer published = question(snapshot);
  if (published.found() || snapshot.MissIsFinal()) return published;
  Answer told;
  const bool has_daemon = AskDaemon(question, told);
  if (has_daemon && !told.unavailable()) return told;
  if (published.absent()) return published;  // what was known last stands
  return has_daemon ? told : AskPlugin(question);
}

}  // namespace sqlmap

// For sqlmapd, which must not ask itself: from now on, nobody in this process is asked anything.
extern "C" __attribute__((visibility("default"))) void _nss_sqlmap_never_here() {
  sqlmap::g_never.store(true, std::memory_order_relaxed);
}
