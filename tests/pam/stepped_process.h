// Runs something in a child process and interferes with one of its system calls: what a crash, or
// a disk that is full just now, does to it.
#ifndef SQLMAP_TESTS_PAM_STEPPED_PROCESS_H_
#define SQLMAP_TESTS_PAM_STEPPED_PROCESS_H_

#include <functional>

namespace sqlmap {

using Action = std::function<void()>;
// By the number of the system call (SYS_...); null: all of them.
using CallFilter = bool (*)(long call);

// Each runs `action` in a child and waits for its end. Calls that pass the filter are counted from
// 0.
//
// How many there are.
int CountCalls(const Action& action, CallFilter filter = nullptr);
// Kills the child (SIGKILL) as it is about to make the call with that number. False: it had ended
// before.
bool RunAndKillBefore(int number, const Action& action, CallFilter filter = nullptr);
// Lets that call fail with `error`, without effect, and the child go on. False as above.
bool RunWithError(int number, int error, const Action& action, CallFilter filter = nullptr);
// Holds the child at that call, does `meanwhile` here, and lets the child go on. False as above.
bool RunWithInterruption(int number, const Action& meanwhile, const Action& action,
                         CallFilter filter = nullptr);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_STEPPED_PROCESS_H_
