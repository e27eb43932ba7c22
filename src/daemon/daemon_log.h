// The daemon's log: standard error, or the system log.
#ifndef SQLMAP_DAEMON_DAEMON_LOG_H_
#define SQLMAP_DAEMON_DAEMON_LOG_H_

#include <mutex>
#include <string_view>

#include "common/account/log.h"
#include "daemon/rate_limit.h"

namespace sqlmap {

// Never waits: neither for a reader of standard error nor for the system log; what they do not take
// is lost. Lines of one class are limited (rate_limit.h); debug lines are left out. May be carried
// over a fork by a process of one thread.
class DaemonLog final : public Log {
 public:
  enum class Target : std::uint8_t { kStandardError, kSystem };

  explicit DaemonLog(Target target) : target_(target) {}
  void Write(LogLevel level, std::string_view line) noexcept override;
  // Only while there is one thread.
  void GoTo(Target target) { target_ = target; }

 private:
  void Emit(LogLevel level, std::string_view line) noexcept;

  Target target_;
  std::mutex mutex_;
  RateLimit limit_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_DAEMON_LOG_H_
