// A process that we forked.
#ifndef SQLMAP_DAEMON_PROCESS_H_
#define SQLMAP_DAEMON_PROCESS_H_

#include <sys/types.h>

#include <expected>
#include <functional>
#include <string>

#include "common/process/owned_fd.h"

namespace sqlmap {

class Process {
 public:
  // For a process of one thread. `body` runs in the child, which exits with what it returns;
  // nothing of the parent's is destroyed there. The error says what is missing.
  static std::expected<Process, std::string> Fork(const std::function<int()>& body) noexcept;
  Process(Process&&) = default;
  Process& operator=(Process&&) = delete;
  ~Process();  // kills it and waits, unless it has been waited for

  pid_t pid() const { return pid_; }
  // Readable when it has ended.
  int fd() const { return handle_.get(); }
  void Kill();
  // Waits for its end, once; as waitpid(2) has it. Closes fd(): end what watches it before. (A
  // process that was forked meanwhile may have it open still, and then epoll(7) does not forget
  // it.)
  int Wait();

 private:
  Process(pid_t pid, OwnedFd handle) : pid_(pid), handle_(std::move(handle)) {}

  pid_t pid_;
  OwnedFd handle_;  // valid until it has been waited for
};

// "was ended by signal 9", "exited with status 1".
std::string DescribeEnd(int status);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_PROCESS_H_
