#include "ctl/progress_line.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include "common/process/monotonic.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kAfterMs = 1'000;
constexpr std::size_t kMostBytes = 500;
constexpr std::string_view kLineBegin = "\r\033[K";
constexpr std::string_view kEnd("\0", 1);

void Write(std::string_view text) { (void)!write(STDERR_FILENO, text.data(), text.size()); }

// Until there is something to read; false: the time is over.
bool Await(int fd, int milliseconds) {
  pollfd ready{fd, POLLIN, 0};
  return poll(&ready, 1, milliseconds) != 0;
}

[[noreturn]] void BeHelper(int from, int terminal) {
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  dup2(terminal, STDERR_FILENO);
  dup2(from, STDIN_FILENO);
  close(STDOUT_FILENO);
  closefrom(STDERR_FILENO + 1);
  const std::int64_t show_ms = MonotonicMs() + kAfterMs;
  std::array<char, kMostBytes> text{};
  std::size_t size = 0;
  bool shown = false;
  for (;;) {
    const auto left = std::max<std::int64_t>(show_ms - MonotonicMs(), 0);
    const bool told = Await(STDIN_FILENO, shown ? -1 : static_cast<int>(left));
    if (told) {
      const ssize_t got = read(STDIN_FILENO, text.data(), text.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0 || text[0] == kEnd[0]) break;
      size = static_cast<std::size_t>(got);
    }
    if (!told || shown) {
      Write(kLineBegin);
      Write({text.data(), size});
      shown = true;
    }
  }
  if (shown) Write(kLineBegin);
  _exit(0);
}

}  // namespace

void ProgressLine::Show(int terminal, std::string_view text) {
  if (helper_ < 0) {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
    to_ = OwnedFd(ends[0]);
    const OwnedFd from(ends[1]);
    helper_ = fork();
    if (helper_ == 0) BeHelper(from.get(), terminal);
    if (helper_ < 0) return;
  }
  // One that finds no room is followed by others.
  if (!text.empty())
    (void)send(to_.get(), text.data(), std::min(text.size(), kMostBytes),
               MSG_NOSIGNAL | MSG_DONTWAIT);
}

void ProgressLine::Clear() {
  if (helper_ < 0) return;
  // Others whom we started may hold our end of it, so that closing it would not be seen.
  (void)send(to_.get(), kEnd.data(), kEnd.size(), MSG_NOSIGNAL);
  to_ = OwnedFd();
  while (waitpid(helper_, nullptr, 0) < 0 && errno == EINTR) {
  }
  helper_ = -1;
}

}  // namespace sqlmap
