// What has been logged lately, so that a look-up that fails a thousand times a second writes one line a minute, and a bad row
// one line in a process's life.
#ifndef SQLMAP_COMMON_SQL_COMPLAINTS_H_
#define SQLMAP_COMMON_SQL_COMPLAINTS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/account/log.h"
#include "common/config/settings.h"
#include "common/process/fork_lock.h"
#include "common/sql/deadline.h"
#include "common/sql/rows.h"
#include "common/sql/sql_error.h"

namespace sqlmap {

// Thread safe.
class Complaints {
 public:
  static constexpr std::int64_t kEveryMs = 60'000;

  explicit Complaints(Log& log) : log_(log) {}

  void OnError(QueryId id, const SqlError& error) {
    if (error.logged || error.kind == SqlError::Kind::kNotAllowed || error.text.empty()) return;
    const std::int64_t now = MonotonicMs();
    {
      const ForkLockGuard guard(lock_);
      std::int64_t& last = last_error_ms_[static_cast<std::size_t>(id)];
      if (last != 0 && now - last < kEveryMs) return;
      last = now;
    }
    log_.Write(LogLevel::kError, error.text);
  }

  void OnBadRow(QueryId id, const BadRow& row) {
    const std::string line = std::string(QueryDescriptions()[static_cast<std::size_t>(id)].key) + ": the row of \"" + row.name +
                             "\" is left out: " + row.why;
    std::size_t known = std::hash<std::string>{}(line) | 1;
    {
      const ForkLockGuard guard(lock_);
      std::size_t& place = seen_[known % seen_.size()];
      if (place == known) return;
      place = known;
    }
    log_.Write(LogLevel::kWarning, line);
  }

 private:
  Log& log_;
  ForkLock lock_;
  std::array<std::int64_t, static_cast<std::size_t>(QueryId::kCount)> last_error_ms_{};
  std::array<std::size_t, 256> seen_{};
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_COMPLAINTS_H_
