// What a look-up costs in a fresh process: posix_spawn, one getpwnam, wait.
//
//   spawn rounds ROUNDS NAME SERVICE...         one process after the other, the services in random
//                                               order; prints a line "SERVICE us" for each, the
//                                               median; the service "none" looks nothing up
//   spawn crowd PROCESSES FIRST COUNT SERVICE   all at once, each for one of COUNT users from
//   number
//                                               FIRST on; prints ms from the start signal until the
//                                               last one has ended, and how many did not find
//                                               theirs
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "samples.h"

namespace {

using sqlmap::bench::Count;
using sqlmap::bench::Fail;
using sqlmap::bench::Median;
using sqlmap::bench::NowNs;
using sqlmap::bench::RandomAccount;
using sqlmap::bench::UserName;

// Ends its readers' input when it goes.
class StartSignal {
 public:
  StartSignal() {
    if (pipe2(ends_, O_CLOEXEC) != 0) Fail("pipe2");
  }
  StartSignal(const StartSignal&) = delete;
  StartSignal& operator=(const StartSignal&) = delete;
  ~StartSignal() {
    close(ends_[1]);
    close(ends_[0]);
  }
  int input() const { return ends_[0]; }

 private:
  int ends_[2];
};

class OneLookup {
 public:
  // With a signal, the process waits for it.
  pid_t Start(const char* service, const char* name, const StartSignal* signal = nullptr) const {
    char* const arguments[] = {const_cast<char*>(path_.c_str()), const_cast<char*>(service),
                               const_cast<char*>(name),
                               signal != nullptr ? const_cast<char*>("wait") : nullptr, nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (signal != nullptr)
      posix_spawn_file_actions_adddup2(&actions, signal->input(), STDIN_FILENO);
    pid_t pid = 0;
    if (posix_spawn(&pid, path_.c_str(), &actions, nullptr, arguments, environ) != 0)
      Fail("cannot start", path_.c_str());
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }

 private:
  std::string path_ =
      std::filesystem::read_symlink("/proc/self/exe").replace_filename("one_lookup");
};

bool Found(pid_t pid) {
  int status = 0;
  if (waitpid(pid, &status, 0) != pid) Fail("cannot wait");
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void Rounds(unsigned rounds, const char* name, std::span<char*> services) {
  struct Variant {
    const char* service;
    std::vector<double> us;
  };
  std::vector<Variant> variants;
  variants.reserve(services.size());
  for (const char* service : services) variants.push_back({service, {}});
  std::vector<Variant*> order;
  order.reserve(variants.size());
  for (Variant& variant : variants) order.push_back(&variant);
  const OneLookup program;
  std::mt19937 random{std::random_device{}()};
  for (unsigned round = 0; round < rounds; ++round) {
    std::shuffle(order.begin(), order.end(), random);
    for (Variant* variant : order) {
      const double start = NowNs();
      const bool found = Found(program.Start(variant->service, name));
      variant->us.push_back((NowNs() - start) / 1e3);
      if (!found) Fail("no answer from", variant->service);
    }
  }
  for (const Variant& variant : variants) {
    std::printf("%s %.1f\n", variant.service, Median(variant.us));
  }
}

void Crowd(unsigned processes, unsigned first, unsigned count, const char* service) {
  const OneLookup program;
  RandomAccount random(count);
  std::vector<pid_t> children;
  children.reserve(processes);
  auto signal = std::make_unique<StartSignal>();
  for (unsigned i = 0; i < processes; ++i) {
    children.push_back(program.Start(service, UserName(first + random() - 1).text, signal.get()));
  }
  const double start = NowNs();
  signal.reset();
  int failures = 0;
  for (const pid_t child : children) failures += Found(child) ? 0 : 1;
  std::printf("%.1f %d\n", (NowNs() - start) / 1e6, failures);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "rounds" && argc > 4) {
    Rounds(Count(argv[2]), argv[3], std::span(argv + 4, argv + argc));
  } else if (mode == "crowd" && argc == 6) {
    Crowd(Count(argv[2]), Count(argv[3]), Count(argv[4]), argv[5]);
  } else {
    Fail("usage: spawn rounds ROUNDS NAME SERVICE... | crowd PROCESSES FIRST COUNT SERVICE");
  }
}
