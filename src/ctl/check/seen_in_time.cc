#include "ctl/check/seen_in_time.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/process/owned_fd.h"

namespace sqlmap {
namespace {

// Without our descriptors: whoever reads our output waits for its end, and the server for that of a
// connection.
[[noreturn]] void Look(std::size_t count, FunctionRef<char(std::size_t)> look, int out) {
  dup2(out, STDIN_FILENO);
  closefrom(STDIN_FILENO + 1);
  try {
    for (std::size_t i = 0; i < count; ++i) {
      const char word = look(i);
      if (write(STDIN_FILENO, &word, 1) != 1) break;
    }
  } catch (...) {
    // What was not seen is missing.
  }
  _exit(0);
}

}  // namespace

Seen SeenInTime(std::size_t count, FunctionRef<char(std::size_t)> look, Deadline deadline) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const OwnedFd from(ends[0]);
  OwnedFd to(ends[1]);
  const pid_t child = fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) Look(count, look, to.get());
  to = OwnedFd();

  Seen seen;
  while (seen.words.size() < count) {
    pollfd ready{from.get(), POLLIN, 0};
    if (poll(&ready, 1, deadline.RemainingMs()) <= 0 || deadline.passed()) break;
    char words[4096];
    const ssize_t got = read(from.get(), words, sizeof words);
    seen.ended = got == 0;
    if (got <= 0) break;
    seen.words.append(words, static_cast<std::size_t>(got));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, seen.words.size() < count && !seen.ended ? WNOHANG : 0);
  return seen;
}

}  // namespace sqlmap
