// A number that a process has in common with all that it forks.
#ifndef SQLMAP_DAEMON_SHARED_COUNT_H_
#define SQLMAP_DAEMON_SHARED_COUNT_H_

#include <atomic>
#include <cstdint>

namespace sqlmap {

class SharedCount {
 public:
  // Zero. Throws std::system_error.
  SharedCount();
  ~SharedCount();
  SharedCount(const SharedCount&) = delete;
  SharedCount& operator=(const SharedCount&) = delete;

  std::atomic<std::uint64_t>& value() { return *value_; }

 private:
  std::atomic<std::uint64_t>* const value_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_SHARED_COUNT_H_
