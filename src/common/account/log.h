// Where a layer that must not know about syslog sends its remarks.
#ifndef SQLMAP_COMMON_ACCOUNT_LOG_H_
#define SQLMAP_COMMON_ACCOUNT_LOG_H_

#include <cstdint>
#include <string_view>

namespace sqlmap {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

class Log {
 public:
  // One line, no newline, never a secret. Thread safe; never blocks; may drop lines.
  virtual void Write(LogLevel level, std::string_view line) noexcept = 0;

 protected:
  ~Log() = default;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_LOG_H_
