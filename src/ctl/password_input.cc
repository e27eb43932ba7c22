#include "ctl/password_input.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "common/process/owned_fd.h"
#include "ctl/exit_status.h"

namespace sqlmap {
namespace {

// Signals that end or stop us wait while this exists, and come when it ends, so that what they do
// happens with the terminal as it was. Not those that are ignored or were blocked before.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    pthread_sigmask(SIG_BLOCK, nullptr, &before_);
    for (const int signal : kSignals) {
      struct sigaction action {};
      sigaction(signal, nullptr, &action);
      if (action.sa_handler != SIG_IGN && sigismember(&before_, signal) == 0)
        sigaddset(&held, signal);
    }
    pthread_sigmask(SIG_BLOCK, &held, nullptr);
    waiting_ = OwnedFd(signalfd(-1, &held, SFD_CLOEXEC));
  }
  ~HeldSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Readable if one is waiting, which it does until it is let through; invalid without a
  // descriptor.
  const OwnedFd& waiting() const { return waiting_; }

 private:
  static constexpr std::array kSignals{SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGTSTP,
                                       SIGALRM, SIGPIPE, SIGUSR1, SIGUSR2};
  sigset_t before_;
  OwnedFd waiting_;
};

class NoEcho {
 public:
  explicit NoEcho(int terminal) : terminal_(terminal) {
    if (tcgetattr(terminal_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL);
    changed_ = tcsetattr(terminal_, TCSAFLUSH, &silent) == 0;
  }
  // What was typed and not read is not for the shell.
  ~NoEcho() {
    if (changed_) (void)tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  NoEcho(const NoEcho&) = delete;
  NoEcho& operator=(const NoEcho&) = delete;
  bool silent() const { return changed_; }

 private:
  const int terminal_;
  termios before_{};
  bool changed_ = false;
};

enum class Line : std::uint8_t { kRead, kNothing, kInterrupted, kError };

// Up to a line feed, byte by byte, so that what follows is left for others. kInterrupted: `wake`,
// which may be -1, has become readable. kError: errno says why.
Line ReadLine(int fd, int wake, Secret& line) {
  line.reserve(kLongestPassword + 1);  // never moved, so that no copy stays behind
  for (bool something = false;; something = true) {
    std::array<pollfd, 2> ready{{{fd, POLLIN, 0}, {wake, POLLIN, 0}}};
    if (poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return Line::kError;
    if (ready[1].revents != 0) return Line::kInterrupted;
    char byte = 0;
    ssize_t got = 0;
    do {
      got = read(fd, &byte, 1);
    } while (got < 0 && errno == EINTR);
    if (got < 0) return Line::kError;
    if (got == 0) return something ? Line::kRead : Line::kNothing;
    if (byte == '\n') return Line::kRead;
    if (byte == '\0') throw Failure(ExitStatus::kUsage, "the password has a NUL byte in it");
    if (line.size() == kLongestPassword) {
      throw Failure(ExitStatus::kUsage,
                    "the password has more than " + std::to_string(kLongestPassword) + " bytes");
    }
    line += byte;
  }
}

Line AskOnce(int terminal, const std::string& prompt, Secret& password) {
  const HeldSignals signals;
  const NoEcho silence(terminal);
  if (!signals.waiting().valid() || !silence.silent()) {
    throw Failure(ExitStatus::kUnknown, std::string("/dev/tty: echo cannot be switched off: ") +
                                            std::system_category().message(errno));
  }
  (void)!write(terminal, prompt.data(), prompt.size());
  const Line line = ReadLine(terminal, signals.waiting().get(), password);
  (void)!write(terminal, "\n", 1);
  return line;
}

Secret FromTerminal(const std::string& prompt) {
  const OwnedFd terminal(open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!terminal.valid()) {
    throw Failure(ExitStatus::kUsage,
                  "there is no terminal to ask for the password: give it with --stdin");
  }
  for (;;) {
    Secret password;
    const Line line = AskOnce(terminal.get(), prompt, password);
    if (line == Line::kRead) return password;
    // Stopped, and going on.
    if (line == Line::kInterrupted) continue;
    throw Failure(ExitStatus::kUsage, "no password was typed");
  }
}

}  // namespace

Secret ReadPassword(PasswordFrom from, const std::string& prompt) {
  if (from == PasswordFrom::kTerminal) return FromTerminal(prompt);
  Secret password;
  switch (ReadLine(STDIN_FILENO, -1, password)) {
    case Line::kRead:
      return password;
    case Line::kError:
      throw Failure(ExitStatus::kUnknown,
                    std::string("standard input: ") + std::system_category().message(errno));
    default:
      throw Failure(ExitStatus::kUsage, "there is no password on standard input");
  }
}

}  // namespace sqlmap
