#include "ctl/setup/difference.h"

#include <sys/mman.h>
#include <unistd.h>

#include "ctl/exit_status.h"
#include "ctl/setup/child.h"

namespace sqlmap {
namespace {

constexpr int kPatienceMs = 10'000;

// The path of a file in memory; it is inherited.
std::string InMemory(const std::string& text) {
  const int fd = memfd_create("text", 0);
  if (fd < 0 || write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    throw Failure(ExitStatus::kUnknown, "no memory");
  return "/proc/self/fd/" + std::to_string(fd);
}

}  // namespace

std::string UnifiedDifference(const FileChange& change) {
  const ChildResult result = RunChild(
      [&](int out) {
        return Execute(out,
                       {"/usr/bin/diff", "-u", "--label", change.path, "--label",
                        change.path + " (new)", InMemory(change.before), InMemory(change.after)},
                       {"LC_ALL=C"});
      },
      kPatienceMs);
  if (result.status > 1 || result.status < 0 || !result.in_time)
    throw Failure(ExitStatus::kUnknown, "the difference cannot be shown: diff(1): " + result.said);
  return result.said;
}

}  // namespace sqlmap
