#include "daemon/shared_count.h"

#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace sqlmap {
namespace {

using Count = std::atomic<std::uint64_t>;
// A lock would be each process's own.
static_assert(Count::is_always_lock_free);

Count* Make() {
  void* const at =
      mmap(nullptr, sizeof(Count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  return new (at) Count(0);
}

}  // namespace

SharedCount::SharedCount() : value_(Make()) {}

SharedCount::~SharedCount() { munmap(value_, sizeof(Count)); }

}  // namespace sqlmap
