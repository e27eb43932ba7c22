#include "direct/device_log.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "common/account/trusted_path.h"
#include "common/process/owned_fd.h"

namespace sqlmap {
namespace {

constexpr char kDevice[] = "/dev/log";

int Priority(LogLevel level) {
  switch (level) {
    case LogLevel::kError:
      return LOG_DAEMON | LOG_ERR;
    case LogLevel::kWarning:
      return LOG_DAEMON | LOG_WARNING;
    case LogLevel::kInfo:
      return LOG_DAEMON | LOG_INFO;
    case LogLevel::kDebug:
      break;
  }
  return LOG_DAEMON | LOG_DEBUG;
}

}  // namespace

void DeviceLog::Write(LogLevel level, std::string_view line) noexcept {
  // In a user's chroot, whoever listens there is not the log.
  if (TrustOfSocketPath(kDevice) != PathTrust::kTrusted) return;
  const OwnedFd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, kDevice, sizeof kDevice);
  char message[1024];
  // No time: whoever receives it knows it, and localtime(3) would read TZ.
  const int length =
      std::snprintf(message, sizeof message, "<%d>sqlmap[%d]: %.*s", Priority(level), getpid(),
                    static_cast<int>(std::min<std::size_t>(line.size(), 900)), line.data());
  if (length <= 0) return;
  sendto(fd.get(), message, std::min(static_cast<std::size_t>(length), sizeof message - 1),
         MSG_DONTWAIT | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

}  // namespace sqlmap
