#include "daemon/child_process.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <system_error>
#include <utility>

#include "common/process/monotonic.h"
#include "daemon/daemon_log.h"

namespace sqlmap {
namespace {

// The parent decides when the child goes; a SIGINT from the terminal, or a SIGTERM from a service
// manager, comes to both.
void LeaveSignalsToTheParent() {
  for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGPIPE})
    (void)signal(number, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

int Fail(const ChildPlan& plan, const char* what) {
  DaemonLog log(plan.foreground ? DaemonLog::Target::kStandardError : DaemonLog::Target::kSystem);
  log.Write(LogLevel::kError, std::string("the child cannot go on: ") + what);
  return EXIT_FAILURE;
}

int Live(const ChildPlan& plan, Channel channel, pid_t parent) noexcept {
  try {
    LeaveSignalsToTheParent();
    CloseAllBut(plan.listener, channel.fd());
    // What the service manager gave, it gave to the parent.
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC"})
      unsetenv(name);  // NOLINT(concurrency-mt-unsafe): there is one thread
    if (const auto done = BecomeUser(plan.user, parent); !done)
      return Fail(plan, done.error().c_str());
    return plan.run({plan.settings, plan.listener, std::move(channel), plan.published,
                     plan.foreground, plan.generation, plan.offline, plan.daemon, plan.flushes});
  } catch (const std::exception& error) {
    return Fail(plan, error.what());
  }
}

}  // namespace

std::expected<std::unique_ptr<ChildProcess>, std::string> ChildProcess::Start(
    const ChildPlan& plan) {
  try {
    Channel::Pair ends = Channel::Make();
    const pid_t parent = getpid();
    auto process = Process::Fork([&] { return Live(plan, std::move(ends.child), parent); });
    if (!process) return std::unexpected(std::move(process.error()));
    return std::make_unique<ChildProcess>(*std::move(process), std::move(ends.parent),
                                          MonotonicMs());
  } catch (const std::system_error& error) {
    return std::unexpected(error.what());
  }
}

}  // namespace sqlmap
