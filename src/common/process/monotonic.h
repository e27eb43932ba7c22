// The clock that deadlines are on.
#ifndef SQLMAP_COMMON_PROCESS_MONOTONIC_H_
#define SQLMAP_COMMON_PROCESS_MONOTONIC_H_

#include <time.h>

#include <cstdint>

namespace sqlmap {

// Since some point in the past, the same for both; no system call.
inline std::int64_t MonotonicUs() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}
inline std::int64_t MonotonicMs() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PROCESS_MONOTONIC_H_
