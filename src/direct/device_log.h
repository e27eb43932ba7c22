// Writes to the system log without syslog(3), whose descriptor and identity belong to the host
// program.
#ifndef SQLMAP_DIRECT_DEVICE_LOG_H_
#define SQLMAP_DIRECT_DEVICE_LOG_H_

#include "common/account/log.h"

namespace sqlmap {

// One datagram a line to /dev/log, over a socket that is closed again. Never waits; a full log
// loses the line.
class DeviceLog final : public Log {
 public:
  constexpr DeviceLog() = default;
  void Write(LogLevel level, std::string_view line) noexcept override;
};

}  // namespace sqlmap

#endif  // SQLMAP_DIRECT_DEVICE_LOG_H_
