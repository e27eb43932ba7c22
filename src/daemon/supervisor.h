// The parent: root, one thread, no network. It owns the socket, the control page and what is
// published, and sees to it that there is always one child that serves.
#ifndef SQLMAP_DAEMON_SUPERVISOR_H_
#define SQLMAP_DAEMON_SUPERVISOR_H_

#include <cstdint>
#include <expected>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "common/config/settings.h"
#include "daemon/child_process.h"
#include "daemon/daemon_log.h"
#include "daemon/event.h"
#include "daemon/listener.h"
#include "daemon/load_settings.h"
#include "daemon/offline_files.h"
#include "daemon/paths.h"
#include "daemon/privileges.h"
#include "daemon/publication.h"
#include "daemon/restart_policy.h"
#include "daemon/shared_count.h"

namespace sqlmap {

// What the daemon is told by signals:
//
//   SIGHUP           reads the files again; with a mistake in them all stays as it is, else a new
//                    child takes over
//                    (the same happens when the host's own accounts or groups have changed)
//   SIGUSR1          reads the database again
//   SIGTERM, SIGINT  ends, in 4 s at most; the last snapshot stands
class Supervisor {
 public:
  struct Options {
    DaemonPaths paths;
    bool foreground = false;
    int (*run_child)(ChildContext) = nullptr;
    std::int64_t silence_ms = 10'000;  // a child that says nothing for so long is ended
    // How long a child may take to leave: when all ends, and when another one has taken over.
    std::int64_t stop_ms = 3'000;
    std::int64_t hand_over_ms = 15'000;
    std::int64_t publisher_ms = Publication::kPatienceMs;
  };

  // `log` is moved to the system log when all is well, unless in the foreground.
  Supervisor(Options options, Settings settings, DaemonLog& log);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  // In a process of one thread, as root. Returns the exit status.
  int Run();

 private:
  std::expected<void, std::string> Prepare();
  int Serve();
  void WatchSignals();
  void StartChild();
  bool TakeOver();
  void WatchLocalAccounts();
  void Tick();
  void MendRunDirectory();
  void OnMessage(ChildProcess& child);
  void OnSnapshot(ChildProcess& child, OwnedFd memory, std::uint64_t token);
  bool OnRemember(ChildProcess& child, const OwnedFd& memory);
  void TellOthers(ChildProcess& child, const Message& message);
  void Distrust(ChildProcess& child);
  void OnAlive(ChildProcess& child, std::uint32_t down_seconds);
  void OnEnd(ChildProcess& child);
  void SendAway(ChildProcess& child, std::int64_t patience_ms);
  void Reload();
  void Stop();
  void End();
  void SayReady();
  void Say(LogLevel level, const std::string& line) { log_.Write(level, line); }

  const Options options_;
  DaemonLog& log_;
  Settings settings_;
  LocalStamp local_;         // of the files that settings_ has the local ids from
  std::string local_error_;  // why newer ones cannot be read; has been logged
  ServiceUser user_;
  OwnedFd lock_;
  std::optional<Listener> listener_;
  EventLoop loop_;
  Publication publication_;
  OfflineFiles offline_;
  RestartPolicy restarts_;
  DaemonFacts facts_;
  SharedCount flushes_;
  std::list<std::unique_ptr<ChildProcess>> children_;
  ChildProcess* current_ = nullptr;  // of children_: the one that serves; null: it will be started
  bool ready_ = false;               // the service manager knows that the current one serves
  bool stopping_ = false;
  EventLoop::Watch signals_[4];
  EventLoop::Watch tick_;
  std::int64_t ticked_ms_ = 0;  // when it last was, as it should be each second
  EventLoop::Watch restart_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_SUPERVISOR_H_
