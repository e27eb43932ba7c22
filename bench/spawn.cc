// What a look-up costs in a fresh process: posix_spawn, one getpwnam, wait.
//
//   spawn rounds ROUNDS NAME SERVICE...      one process after the other, the services in random
//   order; prints a line
//                                            "SERVICE us" for each, the median; the service "none"
//                                            looks nothing up
//   spawn crowd PROCESSES ACCOUNTS SERVICE   all at once, each for another name; prints ms until
//   the last one has ended,
//                                            and how many did not find their user
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
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

constexpr std::string_view kNone = "none";

class OneLookup {
 public:
  pid_t Start(const char* service, const char* name) const {
    const bool none = service == kNone;
    char* const arguments[] = {const_cast<char*>(path_.c_str()),
                               none ? nullptr : const_cast<char*>(service), const_cast<char*>(name),
                               nullptr};
    pid_t pid = 0;
    if (posix_spawn(&pid, path_.c_str(), nullptr, nullptr, arguments, environ) != 0) {
      Fail("cannot start", path_.c_str());
    }
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

void Crowd(unsigned processes, unsigned accounts, const char* service) {
  const OneLookup program;
  RandomAccount random(accounts);
  std::vector<pid_t> children;
  children.reserve(processes);
  const double start = NowNs();
  for (unsigned i = 0; i < processes; ++i) {
    children.push_back(program.Start(service, UserName(random()).text));
  }
  int failures = 0;
  for (const pid_t child : children) failures += Found(child) ? 0 : 1;
  std::printf("%.1f %d\n", (NowNs() - start) / 1e6, failures);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "rounds" && argc > 4) {
    Rounds(Count(argv[2]), argv[3], std::span(argv + 4, argv + argc));
  } else if (mode == "crowd" && argc == 5) {
    Crowd(Count(argv[2]), Count(argv[3]), argv[4]);
  } else {
    Fail("usage: spawn rounds ROUNDS NAME SERVICE... | crowd PROCESSES ACCOUNTS SERVICE");
  }
}
