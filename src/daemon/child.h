// The child: what talks to clients and to the database, without any privilege.
#ifndef SQLMAP_DAEMON_CHILD_H_
#define SQLMAP_DAEMON_CHILD_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "common/config/settings.h"
#include "daemon/channel.h"
#include "daemon/offline_files.h"
#include "daemon/refresh_policy.h"

namespace sqlmap {

// Of the parent, for the status.
struct DaemonFacts {
  std::int64_t start_time = 0;  // seconds since 1970
  std::uint64_t crashes = 0;    // children that ended by themselves
};

// What the parent hands over.
struct ChildContext {
  Settings settings;  // with its secrets
  int listener;       // does not block; stays open
  Channel channel;
  std::optional<TableFacts> published;  // what all processes see now
  bool foreground;                      // log to standard error
  std::uint64_t generation;             // its number
  OfflineBytes offline;                 // what is remembered of logins
  DaemonFacts daemon;
  std::atomic<std::uint64_t>& flushes;  // of all children, see Answerer; the parent's memory
};

// Serves until it is told to drain or the parent is gone; then the process ends. Returns an exit
// status if it cannot go on. All privileges have been dropped before, signals that are for the
// parent are ignored, and no descriptor is open but the standard streams and the two in the
// context.
int RunChild(ChildContext context);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_CHILD_H_
