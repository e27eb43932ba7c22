// What the daemon's tests work on: directories of their own and snapshots of made-up users.
#ifndef SQLMAP_TESTS_UNIT_DAEMON_DAEMON_FILES_H_
#define SQLMAP_TESTS_UNIT_DAEMON_DAEMON_FILES_H_

#include <cstdint>
#include <functional>
#include <string>

#include "common/process/owned_fd.h"
#include "common/snapshot/verify.h"
#include "daemon/paths.h"

namespace sqlmap {

// Gone at the end, with all that is in it.
class ScratchDirectory {
 public:
  ScratchDirectory();
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }
  // All of the daemon's files are in here; run and state exist.
  DaemonPaths Paths() const;

 private:
  std::string path_;
};

// user0, user1, ... with the uids 100000, 100001, ...
OwnedFd SnapshotOfUsers(unsigned users, bool sealed = true, std::uint64_t generation = 1);
SnapshotRules AnyRules();

// How many users the file has; -1: it is not a sound snapshot of the generation (0: of any).
int UsersIn(const std::string& path, std::uint64_t generation = 0);

void WriteText(const std::string& path, const std::string& text, unsigned mode = 0644);
std::string ReadText(const std::string& path);

// Runs in a forked child: true if it returns true.
bool HoldsInChild(const std::function<bool()>& body);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_UNIT_DAEMON_DAEMON_FILES_H_
