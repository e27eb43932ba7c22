#include "nss/sources.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "common/plugin/loader.h"
#include "common/process/call_guard.h"
#include "common/process/monotonic.h"
#include "common/wire/client.h"
#include "nss/entry.h"

#if !defined(SQLMAP_RUN_DIR) || !defined(SQLMAP_STATE_DIR) || !defined(SQLMAP_CONFIG_FILE)
#error \
    "SQLMAP_RUN_DIR and SQLMAP_STATE_DIR name the daemon's directories, SQLMAP_CONFIG_FILE its rules"
#endif

namespace sqlmap {
namespace {

// For a daemon that gives no sign of life, which is just being started, or hangs: how long it is
// waited for, and, if that was in vain, how long this process does not ask it again.
constexpr int kSilentBudgetMs = 200;
constexpr std::int64_t kSilenceMs = 2'000;

// Where there is no daemon at all, and direct mode answers: or a program would find that out at
// each of its look-ups.
constexpr std::int64_t kAbsenceMs = 1'000;

constinit std::atomic<std::int64_t> g_silent_until{0};
constinit std::atomic<std::int64_t> g_absent_until{0};

// Not if it lies further ahead than it can: then it is a time of another clock.
bool Before(const std::atomic<std::int64_t>& until, std::int64_t longest) {
  const std::int64_t left = until.load(std::memory_order_relaxed) - MonotonicMs();
  return left > 0 && left <= longest;
}

// False: there is no daemon.
bool AskDaemon(FunctionRef<Answer(AccountSource&)> question, Answer& told) {
  const bool lives = sources::snapshot.DaemonLives();
  if (!lives) {
    // The first process of a system may be the one that is to start it.
    if (Before(g_absent_until, kAbsenceMs) || getpid() == 1) return false;
    told = Answer::Unavailable(Reason::kTimeout);
    if (Before(g_silent_until, kSilenceMs)) return true;
  }
  SocketSource daemon(
      SQLMAP_RUN_DIR "/socket", lives ? kLookUpBudgetMs : kSilentBudgetMs,
      [](IdKind kind, std::uint32_t id) noexcept { return sources::snapshot.MayHaveId(kind, id); });
  told = question(daemon);
  if (!lives && told == Answer::Unavailable(Reason::kTimeout))
    g_silent_until.store(MonotonicMs() + kSilenceMs, std::memory_order_relaxed);
  return !daemon.no_daemon();
}

Answer AskPlugin(FunctionRef<Answer(AccountSource&)> question) {
  const DirectPlugin* plugin = nullptr;
  const Answer loaded = LoadDirectPlugin(plugin);
  if (!loaded.found()) return loaded;
  if (!Before(g_absent_until, kAbsenceMs))
    g_absent_until.store(MonotonicMs() + kAbsenceMs, std::memory_order_relaxed);
  return question(*plugin->accounts);
}

// A link that leads nowhere is somebody's work, too.
bool NobodySetUp() {
  struct stat status {};
  return sources::snapshot.SawNothing() && lstat(SQLMAP_CONFIG_FILE, &status) != 0 &&
         errno == ENOENT;
}

}  // namespace

namespace sources {

constinit SnapshotMap snapshot(SnapshotPaths{SQLMAP_RUN_DIR, SQLMAP_STATE_DIR "/snapshot"});
constinit std::atomic<bool> never{false};

}  // namespace sources

Outcome AskSources(Question question) noexcept {
  if (sources::never.load(std::memory_order_relaxed))
    return {Answer::Unavailable(Reason::kNotAllowed)};
  Outcome outcome;
  const auto ask = [&](AccountSource& source) {
    outcome.packed = Packed::kNothing;
    return question(source, outcome.packed);
  };
  SnapshotSource nearest(sources::snapshot);
  const Answer published = ask(nearest);
  outcome.answer = published;
  if (published.found() || nearest.MissIsFinal()) return outcome;

  const CallGuard guard;
  Answer told;
  const bool has_daemon = AskDaemon(ask, told);
  if (has_daemon && !told.unavailable()) {
    outcome.answer = told;
  } else if (!published.absent()) {  // what was known last stands
    outcome.answer = has_daemon ? told : AskPlugin(ask);
    if (outcome.answer == Answer::Unavailable(Reason::kNotConfigured) && NobodySetUp())
      outcome.answer = Answer::Unavailable(Reason::kNeverSetUp);
  }
  return outcome;
}

}  // namespace sqlmap

// For sqlmapd, which must not ask itself: from now on, nobody in this process is asked anything.
extern "C" __attribute__((visibility("default"))) void _nss_sqlmap_never_here() {
  sqlmap::sources::never.store(true, std::memory_order_relaxed);
}
