#include "daemon/daemon_log.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <cstring>

#include "common/account/line_writer.h"
#include "common/process/monotonic.h"
#include "common/process/owned_fd.h"

namespace sqlmap {
namespace {

constexpr char kDevice[] = "/dev/log";
constexpr std::size_t kMaxLine = 2000;  // a pipe that takes anything takes this in one piece

int Priority(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return LOG_ERR;
    case LogLevel::kWarning:
      return LOG_WARNING;
    case LogLevel::kInfo:
      return LOG_INFO;
    case LogLevel::kDebug:
      break;
  }
  return LOG_DEBUG;
}

// Not syslog(3), which waits while the log does not read.
void ToSystem(LogLevel level, const char* line) {
  const OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, kDevice, sizeof kDevice);
  char message[kMaxLine + 64];
  const int length = std::snprintf(message, sizeof message, "<%d>sqlmapd[%d]: %s",
                                   LOG_DAEMON | Priority(level), getpid(), line);
  if (length <= 0) return;
  (void)sendto(fd.get(), message, static_cast<std::size_t>(length), MSG_DONTWAIT | MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

void ToStandardError(const char* line) {
  pollfd ready{STDERR_FILENO, POLLOUT, 0};
  if (poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  char message[kMaxLine + 64];
  const int length = std::snprintf(message, sizeof message, "sqlmapd: %s\n", line);
  if (length > 0) (void)!write(STDERR_FILENO, message, static_cast<std::size_t>(length));
}

}  // namespace

void DaemonLog::Write(LogLevel level, std::string_view line) noexcept {
  if (level == LogLevel::kDebug) return;
  RateLimit::Verdict verdict{};
  {
    const std::lock_guard guard(mutex_);
    verdict = limit_.Ask(LineClass(line), MonotonicMs());
  }
  if (!verdict.write) return;
  if (verdict.left_out != 0) {
    char text[160];
    LineWriter note(text);
    note.Text("left out ").Number(static_cast<std::int64_t>(verdict.left_out));
    Emit(level, note.Text(" lines like the one that follows").text());
  }
  Emit(level, line);
}

void DaemonLog::Emit(LogLevel level, std::string_view line) noexcept {
  char text[kMaxLine];
  LineWriter clean(text);
  // Line by line is how a log is read, often on a terminal, which obeys some bytes. A server, too,
  // may have said some of it.
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    clean.Text(byte < ' ' ? " " : byte > '~' ? "?" : std::string_view(&c, 1));
  }
  if (target_ == Target::kSystem) {
    ToSystem(level, text);
  } else {
    ToStandardError(text);
  }
}

}  // namespace sqlmap
