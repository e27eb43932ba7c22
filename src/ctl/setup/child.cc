#include "ctl/setup/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "common/process/owned_fd.h"
#include "ctl/exit_status.h"

namespace sqlmap {
namespace {

[[noreturn]] void Fail(const char* call) {
  throw Failure(ExitStatus::kUnknown,
                std::string(call) + ": " + std::system_category().message(errno));
}

// True: there is something to read, or the end.
bool Await(int fd, int patience_ms) {
  pollfd descriptor{fd, POLLIN, 0};
  for (;;) {
    const int ready = poll(&descriptor, 1, patience_ms);
    if (ready >= 0 || errno != EINTR) return ready != 0;
  }
}

// A child that is the first process of a namespace of its own: whatever it starts ends with it.
pid_t ForkWithAllItStarts() {
  const OwnedFd ours(open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
  if (!ours.valid()) Fail("/proc/self/ns/pid");
  if (unshare(CLONE_NEWPID) != 0) Fail("unshare");
  const pid_t child = fork();
  if (child < 0) Fail("fork");
  if (child > 0) (void)setns(ours.get(), CLONE_NEWPID);  // the next child gets one of its own
  return child;
}

[[noreturn]] void BeChild(const std::function<int(int out)>& body, int out) {
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  setsid();
  const int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd <= 2; ++fd) dup2(null, fd);
  int status = 125;
  try {
    status = body(out);
  } catch (...) {
    // Its status says that it failed.
  }
  _exit(status);
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

ChildResult RunChild(const std::function<int(int out)>& body, int patience_ms) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) Fail("pipe2");
  const OwnedFd in(ends[0]);
  OwnedFd out(ends[1]);
  const pid_t child = ForkWithAllItStarts();
  if (child == 0) BeChild(body, out.get());
  out = OwnedFd();
  ChildResult result;
  std::array<char, 4096> buffer;
  for (;;) {
    result.in_time = Await(in.get(), patience_ms);
    if (!result.in_time) break;
    const ssize_t got = read(in.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    result.said.append(buffer.data(), static_cast<std::size_t>(got));
  }
  if (!result.in_time) (void)kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) result.status = WEXITSTATUS(status);
  return result;
}

int Execute(int out, const std::vector<std::string>& arguments,
            const std::vector<std::string>& environment) {
  dup2(out, STDOUT_FILENO);
  dup2(out, STDERR_FILENO);
  std::vector<std::string> words = arguments;
  std::vector<std::string> variables = environment;
  variables.emplace_back("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
  execve(words[0].c_str(), Pointers(words).data(), Pointers(variables).data());
  const std::string what = words[0] + ": " + std::system_category().message(errno) + "\n";
  (void)!write(out, what.data(), what.size());
  return 127;
}

bool EnterPrivateMounts() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

bool MountOver(const std::string& from, const std::string& path) {
  return mount(from.c_str(), path.c_str(), nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

bool MountEmpty(const std::string& path, const char* mode) {
  return mount("sqlmap", path.c_str(), "tmpfs", MS_NOSUID | MS_NODEV,
               (std::string("mode=") + mode).c_str()) == 0;
}

bool MakeAllReadOnly() {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY;
  return mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof attributes) == 0;
}

}  // namespace sqlmap
