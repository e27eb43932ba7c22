// Where an answer is received: a piece of the caller's stack, and pages of its own once that will
// not do. Never the host's allocator, which a signal handler or a fork may have caught locked.
#ifndef SQLMAP_COMMON_WIRE_ANSWER_BUFFER_H_
#define SQLMAP_COMMON_WIRE_ANSWER_BUFFER_H_

#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace sqlmap {

class AnswerBuffer {
 public:
  static constexpr std::size_t kOnStack = 2048;  // enough for all but large groups

  AnswerBuffer() noexcept {}  // the array stays as it is: clearing it would cost more than the rest
  // An answer may hold a hash. Pages are cleared by the kernel before anybody else sees them.
  ~AnswerBuffer() {
    explicit_bzero(small_, std::min(used_, sizeof small_));
    if (data_ != small_) munmap(data_, capacity_);
  }
  AnswerBuffer(const AnswerBuffer&) = delete;
  AnswerBuffer& operator=(const AnswerBuffer&) = delete;

  // What was received. Aligned for any number; moves when room is made.
  std::span<unsigned char> bytes() { return {data_, used_}; }
  std::span<unsigned char> Space() { return {data_ + used_, capacity_ - used_}; }
  void Add(std::size_t count) { used_ += count; }

  // Makes room for `size` bytes in all. False: no memory, and nothing has changed.
  bool Reserve(std::size_t size) noexcept {
    if (size <= capacity_) return true;
    constexpr std::size_t kPage = 4096;
    const std::size_t grown = (std::max(size, 2 * capacity_) + kPage - 1) / kPage * kPage;
    void* const pages = data_ == small_ ? mmap(nullptr, grown, PROT_READ | PROT_WRITE,
                                               MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                        : mremap(data_, capacity_, grown, MREMAP_MAYMOVE);
    if (pages == MAP_FAILED) return false;
    if (data_ == small_) memcpy(pages, small_, used_);
    data_ = static_cast<unsigned char*>(pages);
    capacity_ = grown;
    return true;
  }

  // Gives the pages away, which must have been reserved: whoever takes them unmaps them.
  std::span<unsigned char> Release() noexcept {
    return {std::exchange(data_, small_), std::exchange(capacity_, sizeof small_)};
  }

 private:
  unsigned char* data_ = small_;
  std::size_t used_ = 0;
  std::size_t capacity_ = sizeof small_;
  alignas(16) unsigned char small_[kOnStack];
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_ANSWER_BUFFER_H_
