// What an attacker could measure, and what happens when many threads verify at once.
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "vectors.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

constexpr const char* kSha512Crypt =
    "$6$saltsaltsaltsalt$bcXJ8qxwY5sQ4v8MTl.0B1jeZ0z0JlA9jjmbUoCJZ.1wYXiLTU."
    "q2ILyrDJLm890lyfuF7sWAeli0yjOyFPkf0";

// Processor time of this thread, so that a busy machine does not matter.
double Seconds() {
  timespec now{};
  EXPECT_EQ(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double Median(const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < 31; ++i) {
    const double start = Seconds();
    work();
    times.push_back(Seconds() - start);
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

void ExpectLike(double time, double usual) {
  EXPECT_GT(time, usual * 0.5);
  EXPECT_LT(time, usual * 2);
}

double UsualVerification() {
  return Median([] { VerifyPassword("wrong", kSha512Crypt, Permissive()); });
}

// An account with slower hashes takes longer; what hides that is the floor of src/pam/floor.h.
TEST(UnknownUser, TakesTheTimeOfAWrongPasswordForOneSha512CryptHash) {
  const double usual = UsualVerification();
  for (const std::string& password : {std::string("wrong"), std::string(), std::string(3, '\0'),
                                      std::string(511, 'a'), std::string(100'000, 'a')}) {
    // A long password is hashed too, which takes longer, and not for want of it.
    EXPECT_GT(Median([&] { SpendVerification(password); }), usual * 0.5) << password.size();
  }
  EXPECT_LT(Median([] { SpendVerification("wrong"); }), usual * 2);
}

TEST(UserWithAWeakHash, IsNotToldFromAnUnknownOneByHisTime) {
  const double unknown = Median([] { SpendVerification("wrong"); });
  for (const char* hash :
       {"{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "{PLAIN}password", "{CRYPT}abJnggxhB/yWI"}) {
    ExpectLike(Median([hash] { VerifyPassword("wrong", hash, Permissive()); }), unknown);
  }
}

TEST(ManyThreads, VerifyAtOnceWithoutDisturbingEachOther) {
  const std::vector<HashVector> vectors = ReadHashVectors();
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  threads.reserve(wrong.size());
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&vectors, &count = wrong[t], t] {
      for (std::size_t i = t; i < vectors.size(); i += 3) {
        if (vectors[i].never) continue;
        if (OutcomeOf(vectors[i].password, vectors[i].hash, PolicyFor(vectors[i])) != kMatch)
          ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(wrong.size(), 0));
}

}  // namespace
}  // namespace sqlmap
