#include "captured_sleep.h"

#include <dlfcn.h>

#include <cerrno>
#include <mutex>
#include <utility>

namespace sqlmap {
namespace {

std::mutex g_mutex;
std::vector<Sleep> g_sleeps;
int g_interruptions = 0;
bool g_real = false;

}  // namespace

std::vector<Sleep> TakeSleeps() {
  const std::lock_guard lock(g_mutex);
  return std::exchange(g_sleeps, {});
}

void InterruptSleeps(int count) {
  const std::lock_guard lock(g_mutex);
  g_interruptions = count;
}

void SleepForReal(bool on) {
  const std::lock_guard lock(g_mutex);
  g_real = on;
}

}  // namespace sqlmap

extern "C" __attribute__((visibility("default"))) int clock_nanosleep(clockid_t clock, int flags,
                                                                      const timespec* request,
                                                                      timespec* remaining) {
  {
    const std::lock_guard lock(sqlmap::g_mutex);
    if (!sqlmap::g_real) {
      sqlmap::g_sleeps.push_back({clock, flags == TIMER_ABSTIME, *request});
      return sqlmap::g_interruptions-- > 0 ? EINTR : 0;
    }
  }
  using Function = int (*)(clockid_t, int, const timespec*, timespec*);
  static const auto real = reinterpret_cast<Function>(dlsym(RTLD_NEXT, "clock_nanosleep"));
  return real(clock, flags, request, remaining);
}
