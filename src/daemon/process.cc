#include "daemon/process.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "daemon/error_text.h"

namespace sqlmap {

std::expected<Process, std::string> Process::Fork(const std::function<int()>& body) noexcept {
  const pid_t pid = fork();
  if (pid < 0) return std::unexpected("fork: " + ErrorText());
  if (pid == 0) _exit(body());
  OwnedFd handle(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (handle.valid()) return Process(pid, std::move(handle));
  const int error = errno;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  return std::unexpected("pidfd_open: " + ErrorText(error));
}

Process::~Process() {
  if (!handle_.valid()) return;
  Kill();
  Wait();
}

void Process::Kill() { kill(pid_, SIGKILL); }

int Process::Wait() {
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  handle_ = OwnedFd();
  return status;
}

std::string DescribeEnd(int status) {
  return WIFSIGNALED(status) ? "was ended by signal " + std::to_string(WTERMSIG(status))
                             : "exited with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace sqlmap
