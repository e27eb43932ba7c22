// When a child that died is started again. Pure.
#ifndef SQLMAP_DAEMON_RESTART_POLICY_H_
#define SQLMAP_DAEMON_RESTART_POLICY_H_

#include <algorithm>
#include <cstdint>

namespace sqlmap {

class RestartPolicy {
 public:
  // A child died after so long: how long to wait. The first time not at all, then 50 ms, doubled up
  // to 5 s. One that had lived for 10 s begins a new count.
  std::int64_t DelayMs(std::int64_t lived_ms) {
    if (lived_ms >= kGoodLifeMs) deaths_ = 0;
    const unsigned before = deaths_++;
    if (before == 0) return 0;
    return std::min(kLongestMs, kFirstMs << std::min(before - 1, 16U));
  }

 private:
  static constexpr std::int64_t kGoodLifeMs = 10'000;
  static constexpr std::int64_t kFirstMs = 50;
  static constexpr std::int64_t kLongestMs = 5'000;

  unsigned deaths_ = 0;  // in a row
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_RESTART_POLICY_H_
