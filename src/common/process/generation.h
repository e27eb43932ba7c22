// Which process is this? A number that differs between a process and every child that it forks.
//
// getpid() does not do: it costs a system call, and a child in a new pid namespace can have its
// parent's number. The kernel clears a page marked MADV_WIPEONFORK (Linux 4.14) in each child, so
// one load tells.
#ifndef SQLMAP_COMMON_PROCESS_GENERATION_H_
#define SQLMAP_COMMON_PROCESS_GENERATION_H_

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>

namespace sqlmap {

class ProcessGeneration {
 public:
  // Never 0. Thread safe, lock-free, no allocation but one page at the first call. Where the page
  // cannot be had, the pid.
  static std::uint32_t Current() noexcept {
    std::atomic<std::uint32_t>* const page = Page();
    if (page == nullptr) return static_cast<std::uint32_t>(getpid());
    std::uint32_t generation = page->load(std::memory_order_relaxed);
    if (generation != 0) return generation;
    // First call in this process. last_ was inherited, so the child's number is new to the whole
    // line of its ancestors.
    std::uint32_t next = last_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (next == 0) next = last_.fetch_add(1, std::memory_order_relaxed) + 1;
    if (page->compare_exchange_strong(generation, next, std::memory_order_relaxed)) return next;
    return generation;  // another thread of this process was first
  }

 private:
  static std::atomic<std::uint32_t>* Page() noexcept {
    std::atomic<std::uint32_t>* page = page_.load(std::memory_order_acquire);
    if (page != nullptr) return page == Failed() ? nullptr : page;
    constexpr std::size_t kSize = 4096;
    void* const fresh =
        mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const bool usable = fresh != MAP_FAILED && madvise(fresh, kSize, MADV_WIPEONFORK) == 0;
    if (fresh != MAP_FAILED && !usable) munmap(fresh, kSize);
    auto* const candidate = usable ? static_cast<std::atomic<std::uint32_t>*>(fresh) : Failed();
    if (!page_.compare_exchange_strong(page, candidate, std::memory_order_acq_rel)) {
      if (usable) munmap(fresh, kSize);
      return page == Failed() ? nullptr : page;
    }
    return usable ? candidate : nullptr;
  }
  static std::atomic<std::uint32_t>* Failed() noexcept { return &last_; }

  static inline constinit std::atomic<std::atomic<std::uint32_t>*> page_{nullptr};
  static inline constinit std::atomic<std::uint32_t> last_{0};
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PROCESS_GENERATION_H_
