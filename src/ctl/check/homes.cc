#include "ctl/check/homes.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/process/owned_fd.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMostExamples = 3;

enum Word : char { kThere = 'd', kMissing = 'm', kNoDirectory = 'f' };

// Views of text that is followed by a NUL.
[[noreturn]] void Look(const std::vector<std::string_view>& homes, int out) {
  for (const std::string_view home : homes) {
    struct stat status {};
    char word = kMissing;
    if (lstat(home.data(), &status) == 0)
      word = S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode) ? kThere : kNoDirectory;
    if (write(out, &word, 1) != 1) break;
  }
  _exit(0);
}

}  // namespace

HomesSeen LookAtHomes(const std::vector<std::string_view>& homes, Deadline deadline) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const OwnedFd from(ends[0]);
  OwnedFd to(ends[1]);
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) Look(homes, to.get());
  to = OwnedFd();

  HomesSeen seen;
  std::size_t at = 0;
  while (at < homes.size()) {
    pollfd ready{from.get(), POLLIN, 0};
    if (poll(&ready, 1, deadline.RemainingMs()) <= 0 || deadline.passed()) break;
    char words[4096];
    const ssize_t count = read(from.get(), words, sizeof words);
    if (count <= 0) break;
    for (ssize_t i = 0; i < count && at < homes.size(); ++i, ++at) {
      if (words[i] == kThere) {
        ++seen.there;
        continue;
      }
      ++(words[i] == kMissing ? seen.missing : seen.no_directory);
      if (seen.examples.size() < kMostExamples) seen.examples.emplace_back(homes[at]);
    }
  }
  if (at < homes.size()) seen.hung = homes[at];
  kill(child, SIGKILL);
  // One that sleeps in the kernel ends when that lets it.
  waitpid(child, nullptr, seen.hung.empty() ? 0 : WNOHANG);
  return seen;
}

}  // namespace sqlmap
