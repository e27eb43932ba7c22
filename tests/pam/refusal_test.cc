// What a refusal costs in time, and that nobody can cut it short.
#include <pthread.h>

#include <chrono>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#include "captured_sleep.h"
#include "pam/refusal_floor.h"
#include "pam_test.h"

namespace sqlmap {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;  // CLOCK_MONOTONIC

nanoseconds Until(const Sleep& sleep) {
  return std::chrono::seconds(sleep.until.tv_sec) + nanoseconds(sleep.until.tv_nsec);
}

nanoseconds Now() { return steady_clock::now().time_since_epoch(); }

constexpr nanoseconds kFloor(kRefusalFloorNs);

// Of this thread from now on: libpam's own, where it is cancelled in the middle of a line for the
// log.
void IgnoreLeaks() {
#ifdef __SANITIZE_ADDRESS__
  __lsan_disable();
#endif
}

class RefusalTest : public PamTest {
 protected:
  RefusalTest() { TakeSleeps(); }
  ~RefusalTest() override {
    InterruptSleeps(0);
    SleepForReal(false);
  }

  std::vector<Sleep> SleepsOf(const char* name, const char* password = "secret") {
    PamSession session(folder_, "sshd", name, {Typed(password)});
    session.Authenticate();
    return TakeSleeps();
  }
};

TEST_F(RefusalTest, EveryRefusalWaitsForTheSameFloorAndNoSuccessDoes) {
  Service("auth required MODULE nodelay\n");
  for (const VerdictCase& c : kVerdictCases) {
    const nanoseconds before = Now();
    const std::vector<Sleep> sleeps = SleepsOf(NameFor(c.verdict).c_str());
    if (c.status == PAM_SUCCESS) {
      EXPECT_TRUE(sleeps.empty());
      continue;
    }
    ASSERT_EQ(sleeps.size(), 1U) << c.words;
    EXPECT_EQ(sleeps[0].clock, CLOCK_MONOTONIC);
    EXPECT_TRUE(sleeps[0].absolute) << "or the time that the answer took would be added";
    EXPECT_GE(Until(sleeps[0]), before + kFloor) << c.words;
    EXPECT_LE(Until(sleeps[0]), Now() + kFloor) << c.words;
  }
  EXPECT_TRUE(SleepsOf("shop", kShopPassword).empty());
}

TEST_F(RefusalTest, AnAccountOfTheHostAndAMissingPluginTakeNoLessTime) {
  Service("auth required MODULE\n");
  EXPECT_EQ(SleepsOf("root").size(), 1U);
  Service("auth required MODULE\n", {{"MODULE", kModuleWithoutPlugin}});
  EXPECT_EQ(SleepsOf("shop").size(), 1U);
}

TEST_F(RefusalTest, AnIgnoredRefusalTakesNoLessTime) {
  Service("auth required MODULE ignore_unknown_user ignore_authinfo_unavail\n");
  EXPECT_EQ(SleepsOf("stranger").size(), 1U);
  EXPECT_EQ(SleepsOf(NameFor(LoginVerdict::kUnavailable).c_str()).size(), 1U);
}

TEST_F(RefusalTest, TheTimeThatTheClientTakesToAnswerDoesNotCount) {
  Service("auth required MODULE\n");
  PamSession session(folder_, "sshd", "shop", {Typed("wrong-secret")});
  nanoseconds prompted{};
  session.OnPrompt([&] { prompted = Now(); });
  EXPECT_EQ(session.Authenticate(), PAM_AUTH_ERR);
  const std::vector<Sleep> sleeps = TakeSleeps();
  ASSERT_EQ(sleeps.size(), 1U);
  EXPECT_GE(Until(sleeps[0]), prompted + kFloor);
}

TEST_F(RefusalTest, SignalsDoNotMakeItShorter) {
  Service("auth required MODULE\n");
  InterruptSleeps(3);
  const std::vector<Sleep> sleeps = SleepsOf("shop");
  ASSERT_EQ(sleeps.size(), 4U);
  for (const Sleep& sleep : sleeps) EXPECT_EQ(Until(sleep), Until(sleeps[0]));
}

TEST_F(RefusalTest, TheAccountStageAnswersAtOnce) {
  Service("account required MODULE\n");
  for (const VerdictCase& c : kVerdictCases) {
    PamSession(folder_, "sshd", NameFor(c.verdict)).CheckAccount();
    EXPECT_TRUE(TakeSleeps().empty()) << c.words;
  }
}

TEST_F(RefusalTest, AWrongPasswordTakesAQuarterOfASecond) {
  Service("auth required MODULE nodelay\n");
  SleepForReal(true);
  PamSession session(folder_, "sshd", "shop", {Typed("wrong-secret")});
  const nanoseconds before = Now();
  EXPECT_EQ(session.Authenticate(), PAM_AUTH_ERR);
  EXPECT_GE(Now() - before, std::chrono::milliseconds(250));
}

TEST_F(RefusalTest, AThreadThatIsCancelledMeanwhileFinishesWhatItBegan) {
  // Twice, so that the second line shows that the first call returned to libpam.
  Service("auth required MODULE\nauth required MODULE\n");
  PamSession session(folder_, "sshd", "shop", {Typed("wrong-secret")});
  session.OnPrompt([] { pthread_cancel(pthread_self()); });  // as soon as it may be
  SleepForReal(true);
  const auto log_in = [](void* argument) -> void* {
    IgnoreLeaks();
    static_cast<PamSession*>(argument)->Authenticate();
    return nullptr;
  };
  pthread_t thread{};
  ASSERT_EQ(pthread_create(&thread, nullptr, log_in, &session), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  EXPECT_EQ(OurLines().size(), 2U) << "cancelled while a file was open, or in the wait";
}

}  // namespace
}  // namespace sqlmap
