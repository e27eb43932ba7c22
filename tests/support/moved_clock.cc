// Preloaded, it moves one clock of a program, and nothing else, by the seconds that stand in
// /etc/sqlmap-moved-clock at each moment: the clock on the wall, or, built with
// SQLMAP_MOVES_MONOTONIC, the one that deadlines are on. The kernel's own waits are as long as
// ever. (libfaketime moves absolute timers of CLOCK_MONOTONIC along with the wall clock.)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

const volatile std::int64_t* MapOffset() {
  const int fd = open("/etc/sqlmap-moved-clock", O_RDONLY | O_CLOEXEC);
  void* const page = mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, fd, 0);
  if (page == MAP_FAILED) abort();
  close(fd);
  return static_cast<const volatile std::int64_t*>(page);
}

const volatile std::int64_t* g_offset = nullptr;

__attribute__((constructor)) void Start() { g_offset = MapOffset(); }

bool Moves(clockid_t clock) {
#ifdef SQLMAP_MOVES_MONOTONIC
  return clock == CLOCK_MONOTONIC;
#else
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
#endif
}

std::int64_t Offset() { return g_offset == nullptr ? 0 : *g_offset; }

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  const long result = syscall(SYS_clock_gettime, clock, now);
  if (result == 0 && Moves(clock)) now->tv_sec += Offset();
  return static_cast<int>(result);
}

time_t time(time_t* where) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (where != nullptr) *where = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(timeval* now, void*) noexcept {
  timespec precise{};
  clock_gettime(CLOCK_REALTIME, &precise);
  *now = {precise.tv_sec, precise.tv_nsec / 1000};
  return 0;
}

}  // extern "C"
