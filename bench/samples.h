// What the benchmark programs share: the clock, the median, the accounts that exist, and how to
// give up.
#ifndef SQLMAP_BENCH_SAMPLES_H_
#define SQLMAP_BENCH_SAMPLES_H_

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace sqlmap::bench {

inline double NowNs() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<double>(std::chrono::nanoseconds(now).count());
}

inline double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// A figure for something that did not work would be worse than none.
[[noreturn]] inline void Fail(const char* what, const char* detail = "") {
  std::fprintf(stderr, "%s%s%s\n", what, *detail != '\0' ? ": " : "", detail);
  std::exit(1);
}

inline unsigned Count(const char* text) {
  const unsigned long value = std::strtoul(text, nullptr, 10);
  if (value == 0 || value > 100'000'000) Fail("not a count", text);
  return static_cast<unsigned>(value);
}

// bench/accounts.py: user0000001, user0000002, ... with uids from 100001 on, and the groups team0
// to team100 with gids from 100000 on.
inline constexpr unsigned kFirstUid = 100'000;
inline constexpr unsigned kFirstGid = 100'000;
inline constexpr unsigned kTeams = 101;

struct Name {
  char text[16];
};

inline Name UserName(unsigned number) {
  Name name;
  std::snprintf(name.text, sizeof name.text, "user%07u", number % 10'000'000);
  return name;
}

inline Name TeamName(unsigned number) {
  Name name;
  std::snprintf(name.text, sizeof name.text, "team%u", number % kTeams);
  return name;
}

// Numbers from 1 to `accounts`: the same ones in each program and each run.
class RandomAccount {
 public:
  explicit RandomAccount(unsigned accounts, unsigned seed = 1)
      : engine_(seed), numbers_(1, accounts) {}
  unsigned operator()() { return numbers_(engine_); }

 private:
  std::minstd_rand engine_;
  std::uniform_int_distribution<unsigned> numbers_;
};

inline constexpr unsigned kBatchSize = 500;
inline constexpr unsigned kBatches = 21;

// Nanoseconds of one call of `ask`: the median of batches, so that a hiccup of the machine counts
// once. The first call, which loads and connects, is not in it.
template <typename Ask>
double HotNs(Ask&& ask, unsigned batches = kBatches) {
  ask();
  std::vector<double> times;
  for (unsigned batch = 0; batch < batches; ++batch) {
    const double start = NowNs();
    for (unsigned i = 0; i < kBatchSize; ++i) ask();
    times.push_back((NowNs() - start) / kBatchSize);
  }
  return Median(times);
}

}  // namespace sqlmap::bench

#endif  // SQLMAP_BENCH_SAMPLES_H_
