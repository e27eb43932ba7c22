// Passwords from a person or a program: never from the command line, which every user of the host
// can read.
#ifndef SQLMAP_CTL_PASSWORD_INPUT_H_
#define SQLMAP_CTL_PASSWORD_INPUT_H_

#include <string>

#include "common/config/wipe.h"

namespace sqlmap {

inline constexpr std::size_t kLongestPassword = 4096;  // bytes

// Where passwords come from.
enum class PasswordFrom { kTerminal, kStdin };

// One password. kTerminal: asked with `prompt` on /dev/tty, without echo, which is restored before
// a signal ends or stops us (SIGKILL and SIGSTOP cannot wait); whoever goes on after ^Z is asked
// again. kStdin: one line, or what there is until the end, without its line feed. Throws Failure:
// no terminal, nothing there, a NUL byte, or more than kLongestPassword bytes. Call it before there
// are other threads, which would take the signals.
Secret ReadPassword(PasswordFrom from, const std::string& prompt);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_PASSWORD_INPUT_H_
