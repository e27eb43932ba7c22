// A person types a password: on a terminal of its own, in a session of its own, as under a shell.
#include "ctl/password_input.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

#include "common/process/owned_fd.h"
#include "ctl/exit_status.h"

namespace sqlmap {
namespace {

constexpr std::string_view kPrompt = "Password: ";
constexpr std::string_view kNewLine = "\r\n";  // as a terminal shows one
constexpr int kPatienceMs = 30'000;

// What a ReadPassword of another process came to: "+" and the password, or "-", its exit status and
// what it said.
std::string Outcome(PasswordFrom from) {
  try {
    return "+" + std::string(ReadPassword(from, std::string(kPrompt)));
  } catch (const Failure& failure) {
    return "-" + std::to_string(static_cast<int>(failure.status())) + failure.what();
  }
}

std::array<OwnedFd, 2> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) ADD_FAILURE() << "no pipe";
  return {OwnedFd(ends[0]), OwnedFd(ends[1])};
}

void WriteAll(int fd, std::string_view text) {
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

// More of what `fd` has; false at its end.
bool ReadMore(int fd, std::string& text) {
  pollfd ready{fd, POLLIN, 0};
  if (poll(&ready, 1, kPatienceMs) != 1) {
    ADD_FAILURE() << "nothing came after " << text;
    return false;
  }
  std::array<char, 8192> some;
  const ssize_t got = read(fd, some.data(), some.size());
  if (got > 0) text.append(some.data(), static_cast<std::size_t>(got));
  return got > 0;
}

// A process that asks for a password on a terminal, and the keyboard and the screen of it. Its
// parent is the leader of the terminal's session, as a shell is, or it could not be stopped.
class Typist {
 public:
  explicit Typist(int ignored_signal = 0)
      : keyboard_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)),
        outcome_(MakePipe()),
        statuses_(MakePipe()) {
    grantpt(keyboard_.get());
    unlockpt(keyboard_.get());
    name_ = ptsname(keyboard_.get());
    terminal_ = OwnedFd(open(name_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    shell_ = fork();
    if (shell_ == 0) Shell(ignored_signal);
    outcome_[1] = OwnedFd();
    statuses_[1] = OwnedFd();
    EXPECT_EQ(read(statuses_[0].get(), &asker_, sizeof asker_),
              static_cast<ssize_t>(sizeof asker_));
  }
  ~Typist() {
    kill(asker_, SIGKILL);
    waitpid(shell_, nullptr, 0);
  }
  Typist(const Typist&) = delete;
  Typist& operator=(const Typist&) = delete;

  void Type(std::string_view keys) const { WriteAll(keyboard_.get(), keys); }
  void Send(int signal) const { ASSERT_EQ(kill(asker_, signal), 0); }
  // All that is seen on the screen so far, once it ends with `end`.
  std::string SeenUntil(std::string_view end) {
    while (!seen_.ends_with(end) && ReadMore(keyboard_.get(), seen_)) continue;
    return seen_;
  }
  bool Echoes() const {
    termios now{};
    EXPECT_EQ(tcgetattr(terminal_.get(), &now), 0);
    return (now.c_lflag & ECHO) != 0;
  }
  // The next thing that waitpid(2) says of it.
  int NextStatus() const {
    int status = -1;
    EXPECT_EQ(read(statuses_[0].get(), &status, sizeof status),
              static_cast<ssize_t>(sizeof status));
    return status;
  }
  std::string Result() const {
    std::string text;
    while (ReadMore(outcome_[0].get(), text)) continue;
    return text;
  }

 private:
  [[noreturn]] void Shell(int ignored_signal) const {
    setsid();
    const int terminal = open(name_.c_str(), O_RDWR | O_CLOEXEC);
    ioctl(terminal, TIOCSCTTY, 0);
    const pid_t asker = fork();
    if (asker == 0) Ask(terminal, ignored_signal);
    (void)!write(statuses_[1].get(), &asker, sizeof asker);
    int status = 0;
    do {
      if (waitpid(asker, &status, WUNTRACED) != asker) break;
      (void)!write(statuses_[1].get(), &status, sizeof status);
    } while (WIFSTOPPED(status));
    _exit(0);
  }
  [[noreturn]] void Ask(int terminal, int ignored_signal) const {
    setpgid(0, 0);
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(terminal, getpid());
    signal(SIGTTOU, SIG_DFL);
    if (ignored_signal != 0) signal(ignored_signal, SIG_IGN);
    const std::string outcome = Outcome(PasswordFrom::kTerminal);
    (void)!write(outcome_[1].get(), outcome.data(), outcome.size());
    _exit(0);
  }

  OwnedFd keyboard_;
  std::array<OwnedFd, 2> outcome_;
  std::array<OwnedFd, 2> statuses_;
  std::string name_;
  OwnedFd terminal_;
  pid_t shell_ = -1;
  pid_t asker_ = -1;
  std::string seen_;
};

TEST(TypedPassword, NobodyWhoLooksAtTheScreenSeesIt) {
  Typist typist;
  EXPECT_EQ(typist.SeenUntil(kPrompt), kPrompt);
  EXPECT_FALSE(typist.Echoes());
  typist.Type("correct horse\n");
  EXPECT_EQ(typist.Result(), "+correct horse");
  EXPECT_EQ(typist.SeenUntil(kNewLine), std::string(kPrompt) + std::string(kNewLine));
  EXPECT_TRUE(WIFEXITED(typist.NextStatus()));
  EXPECT_TRUE(typist.Echoes());
}

TEST(TypedPassword, ASignalThatEndsUsDoesNotLeaveATerminalWithoutEcho) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1}) {
    Typist typist;
    typist.SeenUntil(kPrompt);
    if (signal == SIGINT) {
      typist.Type("half a pass\x03");
    } else {
      typist.Send(signal);
    }
    const int status = typist.NextStatus();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal) << signal;
    EXPECT_TRUE(typist.Echoes()) << signal;
    EXPECT_EQ(typist.Result(), "") << signal;
  }
}

TEST(TypedPassword, WhoeverStopsItHasAUsualTerminalMeanwhileAndIsAskedAgain) {
  Typist typist;
  typist.SeenUntil(kPrompt);
  typist.Type("half a pass\x1a");
  const int status = typist.NextStatus();
  ASSERT_TRUE(WIFSTOPPED(status));
  EXPECT_EQ(WSTOPSIG(status), SIGTSTP);
  EXPECT_TRUE(typist.Echoes());
  const std::string before = typist.SeenUntil(kNewLine);
  typist.Send(SIGCONT);
  EXPECT_EQ(typist.SeenUntil(kPrompt), before + std::string(kPrompt));
  EXPECT_FALSE(typist.Echoes());
  typist.Type("whole\n");
  EXPECT_EQ(typist.Result(), "+whole");
  EXPECT_TRUE(WIFEXITED(typist.NextStatus()));
  EXPECT_TRUE(typist.Echoes());
}

TEST(TypedPassword, ASignalThatIsIgnoredDoesNotDisturbWhoTypes) {
  Typist typist(SIGHUP);
  typist.SeenUntil(kPrompt);
  typist.Type("correct ");
  typist.Send(SIGHUP);
  typist.Type("horse\n");
  EXPECT_EQ(typist.Result(), "+correct horse");
  EXPECT_EQ(typist.SeenUntil(kNewLine), std::string(kPrompt) + std::string(kNewLine));
}

TEST(TypedPassword, WhatIsNoPasswordIsNotTakenForOne) {
  struct Row {
    std::string_view keys;
    std::string_view result;
  };
  constexpr std::string_view kNul("sec\0ret\n", 8);
  for (const Row& row :
       {Row{"\x04", "-2no password was typed"}, Row{kNul, "-2the password has a NUL byte in it"},
        Row{"\n", "+"}, Row{"half\x04\x04", "+half"}, Row{"wrong\x15right\n", "+right"}}) {
    Typist typist;
    typist.SeenUntil(kPrompt);
    typist.Type(row.keys);
    EXPECT_EQ(typist.Result(), row.result);
    EXPECT_TRUE(WIFEXITED(typist.NextStatus()));
    EXPECT_TRUE(typist.Echoes());
  }
}

TEST(TypedPassword, WithoutATerminalNobodyIsAskedForEver) {
  auto outcome = MakePipe();
  const pid_t child = fork();
  if (child == 0) {
    setsid();
    const std::string text = Outcome(PasswordFrom::kTerminal);
    (void)!write(outcome[1].get(), text.data(), text.size());
    _exit(0);
  }
  outcome[1] = OwnedFd();
  std::string text;
  while (ReadMore(outcome[0].get(), text)) continue;
  waitpid(child, nullptr, 0);
  EXPECT_EQ(text, "-2there is no terminal to ask for the password: give it with --stdin");
}

// Standard input is a pipe with that text in it while this exists.
class StandardInput {
 public:
  explicit StandardInput(std::string_view text) : before_(dup(STDIN_FILENO)) {
    auto [end, begin] = MakePipe();
    fcntl(begin.get(), F_SETPIPE_SZ, 1 << 16);
    WriteAll(begin.get(), text);
    dup2(end.get(), STDIN_FILENO);
  }
  ~StandardInput() {
    dup2(before_, STDIN_FILENO);
    close(before_);
  }
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;

 private:
  const int before_;
};

TEST(PipedPassword, TheFirstLineIsThePasswordAndNothingElse) {
  const std::string longest(kLongestPassword, 'x');
  struct Row {
    std::string text;
    std::string result;
  };
  const Row rows[] = {
      {"correct horse\n", "+correct horse"},
      {"no line feed", "+no line feed"},
      {"first\nsecond\n", "+first"},
      {"\r\n", "+\r"},
      {"\n", "+"},
      {"", "-2there is no password on standard input"},
      {std::string("sec\0ret\n", 8), "-2the password has a NUL byte in it"},
      {longest + "\n", "+" + longest},
      {longest + "x\n", "-2the password has more than 4096 bytes"},
  };
  for (const Row& row : rows) {
    const StandardInput input(row.text);
    EXPECT_EQ(Outcome(PasswordFrom::kStdin), row.result);
  }
}

TEST(PipedPassword, WhatFollowsIsLeftForTheNextOne) {
  const StandardInput input("old\nnew\n");
  EXPECT_EQ(Outcome(PasswordFrom::kStdin), "+old");
  EXPECT_EQ(Outcome(PasswordFrom::kStdin), "+new");
  EXPECT_EQ(Outcome(PasswordFrom::kStdin), "-2there is no password on standard input");
}

}  // namespace
}  // namespace sqlmap
