#include "faults.h"

#include <sys/mman.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

using sqlmap::test::g_faults;

extern "C" {

void* __real_mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset);
int __real_posix_fallocate(int fd, off_t offset, off_t size);

void* __wrap_mmap(void* at, std::size_t size, int protection, int flags, int fd, off_t offset) {
  const bool fixed = (flags & MAP_FIXED) != 0;
  if (!fixed || g_faults.failed_fixed_mappings == 0 || g_faults.good_fixed_mappings-- > 0)
    return __real_mmap(at, size, protection, flags, fd, offset);
  --g_faults.failed_fixed_mappings;
  g_faults.good_fixed_mappings = 0;
  g_faults.hole = static_cast<char*>(at);
  munmap(at, size);
  if (g_faults.host_takes_holes) {
    __real_mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    std::memset(at, 'h', size);
  }
  errno = ENOMEM;
  return MAP_FAILED;
}

int __wrap_posix_fallocate(int fd, off_t offset, off_t size) {
  if (g_faults.interrupted_allocations == 0) return __real_posix_fallocate(fd, offset, size);
  --g_faults.interrupted_allocations;
  return EINTR;
}

}  // extern "C"
