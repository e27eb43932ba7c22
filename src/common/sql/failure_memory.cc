#include "common/sql/failure_memory.h"

#include <algorithm>

namespace sqlmap {

void FailureMemory::OnFailure(std::int64_t now_ms, std::uint32_t chance) {
  const std::uint32_t doublings = std::min(failures_, std::uint32_t{16});
  const std::int64_t delay = std::min(kFirstDelayMs << doublings, kLongestDelayMs);
  const std::int64_t jittered = delay / 2 + static_cast<std::int64_t>(chance) % (delay + 1);
  if (failures_ == 0) since_ms_ = now_ms;
  if (failures_ < 1000) ++failures_;
  not_before_ms_ = now_ms + jittered;
}

}  // namespace sqlmap
