// What a look-up costs in a process that goes on asking, through glibc and one NSS module.
//
//   nss_lookup SERVICE hot|uid|miss|groups ACCOUNTS   prints ns per call
//   nss_lookup SERVICE threads ACCOUNTS THREADS       prints look-ups per second, all threads
//   together nss_lookup SERVICE enumerate                      prints ms, rows, and KiB that the
//   peak of resident memory grew by
//
// An answer other than the expected one ends the program with 1.
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "samples.h"

namespace {

using sqlmap::bench::Count;
using sqlmap::bench::Fail;
using sqlmap::bench::HotNs;
using sqlmap::bench::kFirstUid;
using sqlmap::bench::Name;
using sqlmap::bench::NowNs;
using sqlmap::bench::RandomAccount;
using sqlmap::bench::UserName;

constexpr unsigned kPerThread = 4'000;

using Buffer = std::array<char, 1024>;

void FindByName(unsigned number) {
  const Name name = UserName(number);
  Buffer buffer;
  passwd entry;
  passwd* found = nullptr;
  if (getpwnam_r(name.text, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr || found->pw_uid != kFirstUid + number) {
    Fail("getpwnam_r did not find", name.text);
  }
}

void FindByUid(unsigned number) {
  Buffer buffer;
  passwd entry;
  passwd* found = nullptr;
  if (getpwuid_r(kFirstUid + number, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr || std::strcmp(found->pw_name, UserName(number).text) != 0) {
    Fail("getpwuid_r did not find", UserName(number).text);
  }
}

void Miss(unsigned number) {
  Name name = UserName(number);
  std::memcpy(name.text, "none", 4);
  Buffer buffer;
  passwd entry;
  passwd* found = nullptr;
  if (getpwnam_r(name.text, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found != nullptr) {
    Fail("getpwnam_r did not say that there is no", name.text);
  }
}

void FindGroups(unsigned number) {
  const Name name = UserName(number);
  std::array<gid_t, 16> groups;
  int size = groups.size();
  // The primary group and three more.
  if (getgrouplist(name.text, kFirstUid, groups.data(), &size) != 4) {
    Fail("getgrouplist did not find the groups of", name.text);
  }
}

void Hot(void (*ask)(unsigned), unsigned accounts) {
  RandomAccount random(accounts);
  std::printf("%.0f\n", HotNs([&] { ask(random()); }));
}

void Threads(unsigned accounts, unsigned count) {
  FindByName(1);
  const double start = NowNs();
  std::vector<std::jthread> threads;
  threads.reserve(count);
  for (unsigned thread = 0; thread < count; ++thread) {
    threads.emplace_back([accounts, thread] {
      RandomAccount random(accounts, thread + 1);
      for (unsigned i = 0; i < kPerThread; ++i) FindByName(random());
    });
  }
  threads.clear();
  std::printf("%.0f\n", count * kPerThread / ((NowNs() - start) / 1e9));
}

// The highest resident memory since ResetPeak(), in KiB (proc(5), VmHWM).
long PeakKib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::strtol(line.c_str() + 6, nullptr, 10);
  }
  Fail("no VmHWM in /proc/self/status");
}

void ResetPeak() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  if (!file) Fail("cannot reset the peak of resident memory");
}

void Enumerate() {
  FindByName(1);
  ResetPeak();
  const long before = PeakKib();
  const double start = NowNs();
  Buffer buffer;
  passwd entry;
  passwd* row = nullptr;
  long rows = 0;
  int error = 0;
  // The cursor of an enumeration belongs to the process, and this one has a single thread now.
  // NOLINTBEGIN(concurrency-mt-unsafe)
  setpwent();
  while ((error = getpwent_r(&entry, buffer.data(), buffer.size(), &row)) == 0) ++rows;
  endpwent();
  // NOLINTEND(concurrency-mt-unsafe)
  if (error != ENOENT) Fail("getpwent_r", strerrordesc_np(error));
  std::printf("%.2f %ld %ld\n", (NowNs() - start) / 1e6, rows, PeakKib() - before);
}

void Use(const char* service) {
  for (const char* database : {"passwd", "group", "initgroups"}) {
    if (__nss_configure_lookup(database, service) != 0) Fail("cannot use the service", service);
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr const char* kUsage =
      "usage: nss_lookup SERVICE hot|uid|miss|groups ACCOUNTS | threads ACCOUNTS THREADS | "
      "enumerate";
  if (argc < 3) Fail(kUsage);
  Use(argv[1]);
  const std::string_view mode = argv[2];
  if (mode == "hot" && argc == 4) {
    Hot(FindByName, Count(argv[3]));
  } else if (mode == "uid" && argc == 4) {
    Hot(FindByUid, Count(argv[3]));
  } else if (mode == "miss" && argc == 4) {
    Hot(Miss, Count(argv[3]));
  } else if (mode == "groups" && argc == 4) {
    Hot(FindGroups, Count(argv[3]));
  } else if (mode == "threads" && argc == 5) {
    Threads(Count(argv[3]), Count(argv[4]));
  } else if (mode == "enumerate" && argc == 3) {
    Enumerate();
  } else {
    Fail(kUsage);
  }
}
