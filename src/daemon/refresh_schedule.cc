#include "daemon/refresh_schedule.h"

#include <algorithm>

#include "daemon/refresh_policy.h"

namespace sqlmap {

RefreshSchedule::Due RefreshSchedule::At(std::int64_t now) const {
  if (now >= next_read_) return Due::kRead;
  return Polls() && now >= next_poll_ ? Due::kPoll : Due::kNothing;
}

std::int64_t RefreshSchedule::Next() const {
  return Polls() ? std::min(next_read_, next_poll_) : next_read_;
}

void RefreshSchedule::OnFound(std::int64_t now) {
  next_read_ = std::min(next_read_, std::max(now + times_.found_ms, not_before_));
}

void RefreshSchedule::OnRead(std::int64_t began, std::int64_t now) {
  const std::int64_t took = now - began;
  read_ = true;
  read_failures_ = 0;
  not_before_ = now + PauseAfterRead(took, 0);
  next_read_ = now + PauseAfterRead(took, has_version_ ? times_.despite_version_ms : refresh_ms_);
  next_poll_ = now;
}

void RefreshSchedule::OnReadFailed(std::int64_t now, bool down, std::int64_t busy_ms,
                                   std::uint32_t jitter) {
  // With a version, refresh_seconds is not how often all is read.
  const std::int64_t longest =
      down || has_version_ ? std::min(refresh_ms_, times_.longest_down_ms) : refresh_ms_;
  const std::int64_t pause = PauseAfterFailure(++read_failures_, longest, jitter);
  next_read_ = not_before_ = now + PauseAfterRead(busy_ms, pause);
}

void RefreshSchedule::OnPolled(std::int64_t now, bool changed) {
  poll_failures_ = 0;
  next_poll_ = now + times_.poll_ms;
  if (changed) next_read_ = std::min(next_read_, std::max(now, not_before_));
}

// What was read is as good as before: to be polled again is all that it takes.
void RefreshSchedule::OnPollFailed(std::int64_t now, std::uint32_t jitter) {
  const std::int64_t longest = std::min(refresh_ms_, times_.longest_down_ms);
  next_poll_ = now + PauseAfterFailure(++poll_failures_, longest, jitter);
}

}  // namespace sqlmap
