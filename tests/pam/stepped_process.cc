#include "stepped_process.h"

#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <utility>

namespace sqlmap {
namespace {

void Require(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

// The registers of a child that has stopped at a system call.
class Registers {
 public:
  explicit Registers(pid_t child) : child_(child) {
    iovec range = {&values_, sizeof values_};
    Require(ptrace(PTRACE_GETREGSET, child_, NT_PRSTATUS, &range) == 0, "PTRACE_GETREGSET");
  }
#if defined(__x86_64__)
  long call() const { return static_cast<long>(values_.orig_rax); }
  void CancelCall() {
    values_.orig_rax = static_cast<unsigned long long>(-1LL);
    Store();
  }
  void SetResult(long result) {
    values_.rax = static_cast<unsigned long long>(result);
    Store();
  }
#elif defined(__aarch64__)
  long call() const { return static_cast<long>(values_.regs[8]); }
  void CancelCall() {
    int none = -1;
    iovec range = {&none, sizeof none};
    Require(ptrace(PTRACE_SETREGSET, child_, NT_ARM_SYSTEM_CALL, &range) == 0, "PTRACE_SETREGSET");
  }
  void SetResult(long result) {
    values_.regs[0] = static_cast<unsigned long long>(result);
    Store();
  }
#else
#error "how this machine passes the number and the result of a system call"
#endif

 private:
  void Store() {
    iovec range = {&values_, sizeof values_};
    Require(ptrace(PTRACE_SETREGSET, child_, NT_PRSTATUS, &range) == 0, "PTRACE_SETREGSET");
  }

  const pid_t child_;
#if defined(__x86_64__)
  user_regs_struct values_{};
#else
  user_pt_regs values_{};
#endif
};

class Child {
 public:
  explicit Child(const Action& action) : pid_(fork()) {
    if (pid_ == 0) {
      if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
      raise(SIGSTOP);
      action();
      // Not _exit, where a sanitizer makes calls of its own, which must not fail.
      for (;;) syscall(SYS_exit_group, 0);
    }
    Require(pid_ > 0, "fork");
    Require(Wait() && WIFSTOPPED(status_), "the child did not stop");
    constexpr long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL;
    Require(syscall(SYS_ptrace, PTRACE_SETOPTIONS, pid_, 0L, kOptions) == 0, "PTRACE_SETOPTIONS");
  }
  ~Child() {
    if (!ended_) Kill();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // To the begin or the end of a system call; false: the child has ended.
  bool Step() {
    long signal = 0;
    for (;;) {
      // Not ptrace(2)'s function: the number of a signal is no pointer.
      Require(syscall(SYS_ptrace, PTRACE_SYSCALL, pid_, 0L, signal) == 0, "PTRACE_SYSCALL");
      if (!Wait()) return false;
      if (WSTOPSIG(status_) == (SIGTRAP | 0x80)) return true;
      signal = WSTOPSIG(status_);
    }
  }
  // To the begin of the call with that number; false: the child has ended before.
  bool StepTo(int number, CallFilter filter) {
    for (count_ = 0; Step();) {
      if (filter == nullptr || filter(Registers(pid_).call())) {
        if (count_ == number) return true;
        ++count_;
      }
      if (!Step()) return false;
    }
    return false;
  }
  int count() const { return count_; }
  pid_t pid() const { return pid_; }

  void Kill() {
    kill(pid_, SIGKILL);
    while (Wait()) {
    }
  }
  void RunToEnd() {
    while (!ended_ && Step()) {
    }
    Require(WIFEXITED(status_) && WEXITSTATUS(status_) == 0, "the child came to grief");
  }

 private:
  bool Wait() {
    Require(waitpid(pid_, &status_, 0) == pid_, "waitpid");
    ended_ = !WIFSTOPPED(status_);
    return !ended_;
  }

  const pid_t pid_;
  int status_ = 0;
  int count_ = 0;
  bool ended_ = false;
};

}  // namespace

int CountCalls(const Action& action, CallFilter filter) {
  Child child(action);
  child.StepTo(-1, filter);
  child.RunToEnd();
  return child.count();
}

bool RunAndKillBefore(int number, const Action& action, CallFilter filter) {
  Child child(action);
  if (!child.StepTo(number, filter)) return false;
  child.Kill();
  return true;
}

bool RunWithError(int number, int error, const Action& action, CallFilter filter) {
  Child child(action);
  if (!child.StepTo(number, filter)) return false;
  Registers(child.pid()).CancelCall();
  Require(child.Step(), "the child ended in a system call");
  Registers(child.pid()).SetResult(-error);
  child.RunToEnd();
  return true;
}

bool RunWithInterruption(int number, const Action& meanwhile, const Action& action,
                         CallFilter filter) {
  Child child(action);
  if (!child.StepTo(number, filter)) return false;
  meanwhile();
  Require(child.Step(), "the child ended in a system call");
  child.RunToEnd();
  return true;
}

}  // namespace sqlmap
