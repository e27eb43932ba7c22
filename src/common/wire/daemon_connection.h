// One connection to sqlmapd, for one question, within one deadline.
#ifndef SQLMAP_COMMON_WIRE_DAEMON_CONNECTION_H_
#define SQLMAP_COMMON_WIRE_DAEMON_CONNECTION_H_

#include <sys/uio.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/account/answer.h"

namespace sqlmap {

// No call blocks beyond the deadline, whatever the other side does. Changes errno. The thread must
// not be cancelled meanwhile.
class DaemonConnection {
 public:
  explicit DaemonConnection(int budget_ms) noexcept;
  ~DaemonConnection() { Close(); }
  DaemonConnection(const DaemonConnection&) = delete;
  DaemonConnection& operator=(const DaemonConnection&) = delete;

  // Found: connected. kNotConfigured: there is no daemon, see client.h.
  Answer Open(const char* path) noexcept;
  // Found: all has been sent. `pieces` is used up.
  Answer Send(std::span<iovec> pieces) noexcept;
  // Found: `count` bytes came, at least one. `space` is not empty.
  Answer Receive(std::span<unsigned char> space, std::size_t& count) noexcept;
  void Close() noexcept;

 private:
  int RemainingMs() const noexcept;
  int Connect(const sockaddr_un& address) noexcept;
  Answer Wait(short events) noexcept;

  const std::int64_t deadline_ms_;
  int fd_ = -1;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_DAEMON_CONNECTION_H_
