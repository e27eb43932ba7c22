// A point in time by which a call must have ended, on the monotonic clock.
#ifndef SQLMAP_COMMON_SQL_DEADLINE_H_
#define SQLMAP_COMMON_SQL_DEADLINE_H_

#include <algorithm>
#include <cstdint>

#include "common/process/monotonic.h"

namespace sqlmap {

class Deadline {
 public:
  static Deadline In(std::int64_t milliseconds) noexcept {
    const std::int64_t now = MonotonicMs();
    return {now, now + milliseconds};
  }

  // The earlier of this one and one so many milliseconds from now.
  Deadline AtMost(std::int64_t milliseconds) const noexcept {
    const std::int64_t now = MonotonicMs();
    return {now, std::min(at_ms_, now + milliseconds)};
  }
  // For poll(2): 0 when it has passed.
  int RemainingMs() const noexcept {
    return static_cast<int>(std::clamp<std::int64_t>(at_ms_ - MonotonicMs(), 0, 3'600'000));
  }
  std::int64_t at_ms() const noexcept { return at_ms_; }
  // How much time there was when it was set, for the log.
  std::int64_t span_ms() const noexcept { return std::max<std::int64_t>(at_ms_ - set_ms_, 0); }
  bool passed() const noexcept { return RemainingMs() == 0; }

 private:
  Deadline(std::int64_t set_ms, std::int64_t at_ms) noexcept : set_ms_(set_ms), at_ms_(at_ms) {}
  std::int64_t set_ms_;
  std::int64_t at_ms_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_DEADLINE_H_
