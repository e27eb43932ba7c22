// Puts a snapshot where every process can map it.
//
// Whoever maps a file dies of SIGBUS if somebody truncates it. So the child, which talks to the
// network, never owns one: it hands over a sealed memfd, and a publisher copies it if it is sound.
// The publisher is root without a capability, which is still the owner of most of the system's
// files: therefore it does not look into what it copies; examiner.h does. It is forked for each
// publication, lives as long as it takes, and may be killed at any moment: what is published is
// always the old file or the new one, whole.
#ifndef SQLMAP_DAEMON_PUBLISHER_H_
#define SQLMAP_DAEMON_PUBLISHER_H_

#include <sys/types.h>

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

#include "common/account/function_ref.h"
#include "common/process/owned_fd.h"
#include "common/snapshot/verify.h"
#include "daemon/paths.h"
#include "daemon/process.h"
#include "daemon/refresh_policy.h"

namespace sqlmap {

// Goes through a pipe.
struct PublishResult {
  std::uint64_t generation = 0;  // what stands in paths.run now, whole; 0: nothing new
  bool survives_reboot = false;  // paths.state has it too
  TableFacts facts;
  char text[512] = {};  // what went wrong, "" if nothing did

  bool published() const { return generation != 0; }
};

// Whether a descriptor is memory that can never change again.
bool IsSealedMemory(int fd);

// From the child's sealed memory to paths.run and, as far as possible, paths.state; both are made
// if they are gone. More than snapshot::kMostPublished is refused before it is read. A disk may be
// slow: `out` hears of it when the first half is done.
PublishResult Publish(
    int memory, std::uint64_t generation, const DaemonPaths& paths, const SnapshotRules& rules,
    FunctionRef<void(const PublishResult&)> out = [](const PublishResult&) {});

// After a start: `current` (what the control page says, 0: nothing) if its file is sound; else the
// snapshot that survived the reboot, as `next`.
PublishResult Restore(std::uint64_t current, std::uint64_t next, const DaemonPaths& paths,
                      const SnapshotRules& rules);

// What is out as `current` goes to paths.state again, unless the same accounts lie there.
PublishResult Keep(std::uint64_t current, const DaemonPaths& paths, const SnapshotRules& rules);

// One of the three, in a process of its own.
class PublisherProcess {
 public:
  struct Job {
    int memory = -1;            // -1: restore or keep
    std::uint64_t current = 0;  // of Restore and Keep
    std::uint64_t next = 0;     // the new generation
    bool keep = false;
  };

  // For a process of one thread. The error says what is missing.
  static std::expected<PublisherProcess, std::string> Start(const Job& job,
                                                            const DaemonPaths& paths,
                                                            const SnapshotRules& rules);

  // Readable when it has ended.
  int fd() const { return process_.fd(); }
  pid_t pid() const { return process_.pid(); }
  void Kill() { process_.Kill(); }
  // Waits for its end, once; end what watches fd() before.
  PublishResult Finish();

 private:
  PublisherProcess(Process process, OwnedFd result)
      : process_(std::move(process)), result_(std::move(result)) {}

  Process process_;
  OwnedFd result_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_PUBLISHER_H_
