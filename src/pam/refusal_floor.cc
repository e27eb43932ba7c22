#include "pam/refusal_floor.h"

#include <cerrno>

#include "common/process/call_guard.h"

namespace sqlmap {
namespace {

constexpr long kSecondNs = 1'000'000'000;

timespec Now() {
  timespec now{};
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return now;
}

}  // namespace

timespec EarliestRefusal(timespec began) {
  began.tv_nsec += kRefusalFloorNs;
  if (began.tv_nsec >= kSecondNs) {
    began.tv_nsec -= kSecondNs;
    ++began.tv_sec;
  }
  return began;
}

RefusalFloor::RefusalFloor() : earliest_(EarliestRefusal(Now())) {}

void RefusalFloor::Wait() const {
  const CallGuard guard;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &earliest_, nullptr) == EINTR) {
  }
}

}  // namespace sqlmap
