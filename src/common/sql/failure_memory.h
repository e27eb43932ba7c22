// What a pool remembers of a server that failed: until when it is not to be tried. Pure: time and
// chance come in.
#ifndef SQLMAP_COMMON_SQL_FAILURE_MEMORY_H_
#define SQLMAP_COMMON_SQL_FAILURE_MEMORY_H_

#include <cstdint>

namespace sqlmap {

class FailureMemory {
 public:
  static constexpr std::int64_t kFirstDelayMs = 250;
  static constexpr std::int64_t kLongestDelayMs = 4'000;

  // Each failure in a row doubles the delay, from kFirstDelayMs to kLongestDelayMs; `chance` is any
  // random number, which moves the delay to between half and one and a half of it, so that a fleet
  // does not come back in step.
  void OnFailure(std::int64_t now_ms, std::uint32_t chance);
  void OnSuccess() { *this = FailureMemory(); }

  // Whether a look-up may spend time on this server.
  bool MayTry(std::int64_t now_ms) const { return now_ms >= not_before_ms_; }
  bool failing() const { return failures_ != 0; }
  // When the first failure of this row was, and when it may be tried next.
  std::int64_t since_ms() const { return since_ms_; }
  std::int64_t not_before_ms() const { return not_before_ms_; }

 private:
  std::uint32_t failures_ = 0;
  std::int64_t since_ms_ = 0;
  std::int64_t not_before_ms_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_FAILURE_MEMORY_H_
