// The parent's view of a child.
#ifndef SQLMAP_DAEMON_CHILD_PROCESS_H_
#define SQLMAP_DAEMON_CHILD_PROCESS_H_

#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "daemon/child.h"
#include "daemon/event.h"
#include "daemon/privileges.h"
#include "daemon/process.h"

namespace sqlmap {

struct ChildPlan {
  int (*run)(ChildContext);
  ServiceUser user;
  const Settings& settings;
  int listener;
  std::optional<TableFacts> published;
  bool foreground;
  std::uint64_t generation;             // see ChildContext
  const OfflineBytes& offline;          // the same
  DaemonFacts daemon;                   // the same
  std::atomic<std::uint64_t>& flushes;  // the same
};

// Started at the beginning, killed at the end of its life.
struct ChildProcess {
  static std::expected<std::unique_ptr<ChildProcess>, std::string> Start(const ChildPlan& plan);
  ChildProcess(Process forked, Channel ours, std::int64_t now_ms)
      : process(std::move(forked)),
        channel(std::move(ours)),
        started_ms(now_ms),
        alive_ms(now_ms) {}

  Process process;
  Channel channel;
  std::int64_t started_ms;
  std::int64_t alive_ms;      // when it was last known to be
  std::int64_t leave_ms = 0;  // when it must be gone, 0: it is not draining
  EventLoop::Watch on_end;
  EventLoop::Watch on_message;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_CHILD_PROCESS_H_
