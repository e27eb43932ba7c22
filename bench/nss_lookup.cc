// What a look-up costs in a process that goes on asking, through glibc and one NSS module.
//
//   nss_lookup SERVICE KIND ACCOUNTS BATCHES           prints ns per call, the median of batches
//   nss_lookup SERVICE trace KIND ACCOUNTS             looks up 1,000 times between two getppid(2),
//                                                      for strace(1)
//   nss_lookup SERVICE threads ACCOUNTS COUNT EACH     prints look-ups per second, all threads
//                                                      together
//   nss_lookup SERVICE enumerate                       prints ms, rows, and KiB that the peak of
//                                                      resident memory grew by
//   nss_lookup SERVICE pause ACCOUNTS                  looks up by name until its standard input
//                                                      ends; prints the longest look-up in us, and
//                                                      beside it the longest time in which as much
//                                                      was waited for as one takes
//
// KIND: name, uid, group, gid, groups (of a user), miss. SERVICE: a service of nsswitch.conf(5), or
// "-" for what that file says. An answer other than the expected one ends the program with 1.
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "samples.h"

namespace {

using namespace sqlmap::bench;

struct Question {
  Name name;
  unsigned number;
};

using Buffer = std::array<char, 1024>;
using Ask = void (*)(const Question&);

void FindByName(const Question& user) {
  Buffer buffer;
  passwd entry;
  passwd* found = nullptr;
  if (getpwnam_r(user.name.text, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr || found->pw_uid != kFirstUid + user.number) {
    Fail("getpwnam_r did not find", user.name.text);
  }
}

void FindByUid(const Question& user) {
  Buffer buffer;
  passwd entry;
  passwd* found = nullptr;
  if (getpwuid_r(kFirstUid + user.number, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr || std::strcmp(found->pw_name, user.name.text) != 0) {
    Fail("getpwuid_r did not find", user.name.text);
  }
}

void Miss(const Question& user) {
  Buffer buffer;
  passwd entry;
  passwd* found = nullptr;
  if (getpwnam_r(user.name.text, &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found != nullptr) {
    Fail("getpwnam_r did not say that there is no", user.name.text);
  }
}

void FindGroups(const Question& user) {
  std::array<gid_t, 16> groups;
  int size = groups.size();
  // The primary group and three more.
  if (getgrouplist(user.name.text, kFirstGid, groups.data(), &size) != 4) {
    Fail("getgrouplist did not find the groups of", user.name.text);
  }
}

// For a group of some thousand members.
std::array<char, 1 << 18> g_group_buffer;

void FindGroup(const Question& team) {
  group entry;
  group* found = nullptr;
  if (getgrnam_r(team.name.text, &entry, g_group_buffer.data(), g_group_buffer.size(), &found) !=
          0 ||
      found == nullptr || found->gr_gid != kFirstGid + team.number) {
    Fail("getgrnam_r did not find", team.name.text);
  }
}

void FindGroupById(const Question& team) {
  group entry;
  group* found = nullptr;
  if (getgrgid_r(kFirstGid + team.number, &entry, g_group_buffer.data(), g_group_buffer.size(),
                 &found) != 0 ||
      found == nullptr || std::strcmp(found->gr_name, team.name.text) != 0) {
    Fail("getgrgid_r did not find", team.name.text);
  }
}

Question AboutUser(unsigned number) { return {UserName(number), number}; }

Question AboutNobody(unsigned number) {
  Question question = AboutUser(number);
  std::memcpy(question.name.text, "none", 4);
  return question;
}

Question AboutTeam(unsigned number) { return {TeamName(number), number % kTeams}; }

struct Kind {
  std::string_view name;
  Ask ask;
  Question (*about)(unsigned);
};

constexpr Kind kKinds[] = {
    {"name", FindByName, AboutUser},   {"uid", FindByUid, AboutUser},
    {"group", FindGroup, AboutTeam},   {"gid", FindGroupById, AboutTeam},
    {"groups", FindGroups, AboutUser}, {"miss", Miss, AboutNobody},
};

const Kind* KindNamed(std::string_view name) {
  const Kind* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                        [&](const Kind& k) { return k.name == name; });
  return kind == std::end(kKinds) ? nullptr : kind;
}

// Made beforehand, and in the order in which they are asked: to write a name costs more than to
// look it up.
std::vector<Question> Questions(const Kind& kind, unsigned accounts, unsigned count) {
  RandomAccount random(accounts);
  std::vector<Question> questions(count);
  for (Question& question : questions) question = kind.about(random());
  return questions;
}

void Hot(const Kind& kind, unsigned accounts, unsigned batches) {
  const std::vector<Question> questions = Questions(kind, accounts, batches * kBatchSize + 1);
  // What lies in memory is warm then: to map each page for the first time is not the look-up. In
  // another order, so that no cache has the answers lying as they will be asked for.
  std::vector<Question> shuffled = questions;
  std::shuffle(shuffled.begin(), shuffled.end(), std::minstd_rand(2));
  for (const Question& question : shuffled) kind.ask(question);
  auto next = questions.begin();
  std::printf("%.1f\n", HotNs([&] { kind.ask(*next++); }, batches));
}

void Trace(const Kind& kind, unsigned accounts) {
  constexpr unsigned kCount = 1'000;
  const std::vector<Question> questions = Questions(kind, accounts, kCount);
  kind.ask(questions.front());
  getppid();
  for (const Question& question : questions) kind.ask(question);
  getppid();
}

void Threads(unsigned accounts, unsigned count, unsigned each) {
  const std::vector<Question> questions = Questions(kKinds[0], accounts, std::min(each, 100'000U));
  for (const Question& question : questions) FindByName(question);
  std::atomic<unsigned> waiting{count};
  std::atomic<bool> start{false};
  std::vector<std::jthread> threads;
  for (unsigned thread = 0; thread < count; ++thread) {
    threads.emplace_back([&, thread] {
      auto at = questions.begin() + static_cast<std::ptrdiff_t>(questions.size() / count * thread);
      --waiting;
      start.wait(false);
      for (unsigned i = 0; i < each; ++i) {
        FindByName(*at);
        if (++at == questions.end()) at = questions.begin();
      }
    });
  }
  while (waiting != 0) std::this_thread::yield();
  const double begin = NowNs();
  start = true;
  start.notify_all();
  threads.clear();
  std::printf("%.0f\n", count * static_cast<double>(each) / ((NowNs() - begin) / 1e9));
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
  FindByName(AboutUser(1));
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
  std::printf("%.3f %ld %ld\n", (NowNs() - start) / 1e6, rows, PeakKib() - before);
}

// Before everybody else, so that what is seen is the look-up's own wait and not the turn of another
// process; it sleeps a fifth of the time, because sched(7) takes the CPU from who never does.
void Pause(unsigned accounts) {
  const sched_param first{.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_FIFO, &first) != 0) Fail("sched_setscheduler");
  const std::vector<Question> questions = Questions(kKinds[0], accounts, 100'000);
  for (const Question& question : questions) FindByName(question);
  std::atomic<bool> end{false};
  const std::jthread input([&] {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    end = true;
  });
  double longest = 0;
  double longest_idle = 0;
  auto next = questions.begin();
  while (!end) {
    const double burst_ends = NowNs() + 800'000;
    double now = NowNs();
    while (now < burst_ends) {
      FindByName(*next);
      if (++next == questions.end()) next = questions.begin();
      const double asked = NowNs();
      double idle = asked;
      while (idle - asked < asked - now && idle - asked < 2'000) {
        const double tick = NowNs();
        longest_idle = std::max(longest_idle, tick - idle);
        idle = tick;
      }
      longest = std::max(longest, asked - now);
      now = NowNs();
    }
    constexpr timespec kRest{0, 200'000};
    nanosleep(&kRest, nullptr);
  }
  std::printf("%.1f %.1f\n", longest / 1e3, longest_idle / 1e3);
}

void Use(const char* service) {
  if (std::string_view(service) == "-") return;
  for (const char* database : {"passwd", "group", "initgroups"}) {
    if (__nss_configure_lookup(database, service) != 0) Fail("cannot use the service", service);
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr const char* kUsage =
      "usage: nss_lookup SERVICE name|uid|group|gid|groups|miss ACCOUNTS BATCHES | "
      "trace KIND ACCOUNTS | threads ACCOUNTS COUNT EACH | enumerate | pause ACCOUNTS";
  if (argc < 3) Fail(kUsage);
  Use(argv[1]);
  const std::string_view mode = argv[2];
  const Kind* const kind = KindNamed(mode == "trace" && argc > 3 ? argv[3] : mode);
  if (mode == "trace" && argc == 5 && kind != nullptr) {
    Trace(*kind, Count(argv[4]));
  } else if (mode == "threads" && argc == 6) {
    Threads(Count(argv[3]), Count(argv[4]), Count(argv[5]));
  } else if (mode == "enumerate" && argc == 3) {
    Enumerate();
  } else if (mode == "pause" && argc == 4) {
    Pause(Count(argv[3]));
  } else if (argc == 5 && kind != nullptr) {
    Hot(*kind, Count(argv[3]), Count(argv[4]));
  } else {
    Fail(kUsage);
  }
}
