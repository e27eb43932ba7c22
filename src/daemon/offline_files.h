// Where what is remembered of logins survives a reboot: paths.offline() and, with the key,
// paths.offline_key(), both root's alone (mode 0600). Root's process reads them, hands them to its
// children, and writes what a child sends; it looks at the size, and never inside.
#ifndef SQLMAP_DAEMON_OFFLINE_FILES_H_
#define SQLMAP_DAEMON_OFFLINE_FILES_H_

#include <cstdint>
#include <optional>
#include <string>

#include "common/account/log.h"
#include "common/config/wipe.h"
#include "common/process/owned_fd.h"
#include "daemon/event.h"
#include "daemon/paths.h"
#include "daemon/process.h"

namespace sqlmap {

// What a child gets.
struct OfflineBytes {
  Secret key;    // of OfflineKey; "": nothing is remembered
  Secret store;  // of OfflineStore; may be anything that somebody wrote there
};

// For a process of one thread. What fails is logged, once for each reason, and tried again.
class OfflineFiles {
 public:
  // After a failure.
  static constexpr std::int64_t kAgainMs = 10'000;

  // All references must outlive it.
  OfflineFiles(EventLoop& loop, const DaemonPaths& paths, Log& log)
      : loop_(loop), paths_(paths), log_(log) {}

  // After a start and each change of the settings. Switched on: reads the files, and makes a key if
  // there is no good one. Off: removes them. On as before: nothing.
  void Switch(bool on);
  const OfflineBytes& bytes() const { return bytes_; }

  // From a child: `memory` is sealed. Written by a process of its own; what comes meanwhile is
  // written after it. False: it is larger than any of ours.
  bool Take(const OwnedFd& memory);
  // Waits for what is being written.
  void Finish(std::int64_t patience_ms);

 private:
  void Load();
  void Remove();
  void Write();
  void OnWritten();
  void Complain(const std::string& why);

  EventLoop& loop_;
  const DaemonPaths& paths_;
  Log& log_;
  bool on_ = false;
  OfflineBytes bytes_;
  bool unwritten_ = false;  // bytes_.store is newer than what is on disk, or on its way there
  std::string complaint_;
  std::optional<Process> writer_;
  OwnedFd error_;  // what the writer says if it fails
  EventLoop::Watch on_end_;
  EventLoop::Watch again_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_OFFLINE_FILES_H_
