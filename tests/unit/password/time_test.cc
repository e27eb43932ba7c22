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

double Taken(const std::function<void()>& work) {
  const double start = Seconds();
  work();
  return Seconds() - start;
}

// How many times as long as `usual` it takes, in turns: the processor's clock changes meanwhile.
double TimesAsLong(const std::function<void()>& work, const std::function<void()>& usual) {
  std::vector<double> ratios(31);
  for (double& ratio : ratios) {
    const double taken = Taken(work);
    ratio = taken / Taken(usual);
  }
  std::ranges::sort(ratios);
  return ratios[ratios.size() / 2];
}

void VerifyUsual() { VerifyPassword("wrong", kSha512Crypt, Permissive()); }

void SpendUsual() { SpendVerification("wrong"); }

// An account with slower hashes takes longer; what hides that is the floor of src/pam/floor.h.
TEST(UnknownUser, TakesTheTimeOfAWrongPasswordForOneSha512CryptHash) {
  for (const std::string& password : {std::string("wrong"), std::string(), std::string(3, '\0'),
                                      std::string(511, 'a'), std::string(100'000, 'a')}) {
    // A long password is hashed too, which takes longer, and not for want of it.
    EXPECT_GT(TimesAsLong([&] { SpendVerification(password); }, VerifyUsual), 0.5)
        << password.size();
  }
  EXPECT_LT(TimesAsLong(SpendUsual, VerifyUsual), 2);
}

TEST(UserWithAWeakHash, IsNotToldFromAnUnknownOneByHisTime) {
  for (const char* hash :
       {"{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=", "{PLAIN}password", "{CRYPT}abJnggxhB/yWI"}) {
    const double times =
        TimesAsLong([hash] { VerifyPassword("wrong", hash, Permissive()); }, SpendUsual);
    EXPECT_GT(times, 0.5) << hash;
    EXPECT_LT(times, 2) << hash;
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
