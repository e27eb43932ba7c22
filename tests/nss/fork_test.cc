// Children that are forked at the worst moments. A child does not use gtest: it tells by its exit
// status, and an alarm ends it if it hangs.
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <thread>

#include "module.h"

namespace sqlmap {
namespace {

constexpr unsigned kHangs = 30;  // seconds, far beyond what a child needs

class ForkTest : public NssTest {
 protected:
  nss_status Next() {
    passwd user{};
    std::array<char, 512> buffer{};
    int error = 0;
    return nss.getpwent_r(&user, buffer.data(), buffer.size(), &error);
  }
  bool FindsAlice() {
    passwd user{};
    std::array<char, 512> buffer{};
    int error = 0;
    return nss.getpwnam_r("alice", &user, buffer.data(), buffer.size(), &error) ==
               NSS_STATUS_SUCCESS &&
           user.pw_uid == 10001;
  }
  int Rest() {
    int rows = 0;
    while (Next() == NSS_STATUS_SUCCESS) ++rows;
    return rows;
  }

  // Returns 0 if `check` holds in a child, 1 if it does not, 128 and the signal if the child hangs
  // or crashes.
  static int InChild(const std::function<bool()>& check) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(kHangs);
      _exit(check() ? 0 : 1);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

TEST_F(ForkTest, ChildInTheMiddleOfAWalkSeesItBrokenAndMayBeginAnew) {
  ASSERT_EQ(Next(), NSS_STATUS_SUCCESS);
  EXPECT_EQ(InChild([&] {
              if (Next() != NSS_STATUS_UNAVAIL || Next() != NSS_STATUS_UNAVAIL) return false;
              if (table.open_cursors != 0) return false;
              nss.setpwent(0);
              return Rest() == 2 && FindsAlice();
            }),
            0);
  EXPECT_EQ(Rest(), 1) << "the child moved the parent's walk";
}

TEST_F(ForkTest, GrandchildIsAChildToo) {
  EXPECT_EQ(InChild([&] {
              if (Next() != NSS_STATUS_SUCCESS) return false;
              return InChild([&] {
                       return Next() == NSS_STATUS_UNAVAIL && table.open_cursors == 0;
                     }) == 0 &&
                     Rest() == 1;
            }),
            0);
}

TEST_F(ForkTest, ChildAfterAWalkIsOverSeesItOver) {
  EXPECT_EQ(Rest(), 2);
  EXPECT_EQ(InChild([&] { return Next() == NSS_STATUS_NOTFOUND; }), 0);
}

TEST_F(ForkTest, ChildOfAProcessThatEndedItsWalkBeginsItsOwn) {
  ASSERT_EQ(Next(), NSS_STATUS_SUCCESS);
  nss.endpwent();
  EXPECT_EQ(InChild([&] { return Rest() == 2; }), 0);
}

TEST_F(ForkTest, ChildDoesNotWaitForAThreadThatWasReadingARow) {
  ASSERT_EQ(Next(), NSS_STATUS_SUCCESS);
  table.hold = true;
  std::thread reader([&] { EXPECT_EQ(Next(), NSS_STATUS_SUCCESS); });
  while (table.held == 0) sched_yield();
  EXPECT_EQ(InChild([&] {
              table.hold = false;
              if (Next() != NSS_STATUS_UNAVAIL) return false;
              if (table.open_cursors != 1)
                return false;  // a cursor caught in the act is not to be touched
              nss.endpwent();
              return Rest() == 2 && FindsAlice();
            }),
            0);
  table.hold = false;
  reader.join();
  EXPECT_EQ(Rest(), 0);
}

TEST_F(ForkTest, NoneOfThreeHundredChildrenOfABusyProcessHangs) {
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::thread looker([&] {
    while (!stop) wrong += FindsAlice() ? 0 : 1;
  });
  std::thread walker([&] {
    while (!stop) {
      Next();
      nss.setpwent(0);
    }
  });
  int children = 0, outcome = 0;
  while (outcome == 0 && children < 300) {
    outcome = InChild([&] {
      if (!FindsAlice()) return false;
      nss.setpwent(0);
      return Rest() == 2;
    });
    ++children;
  }
  stop = true;
  looker.join();
  walker.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(outcome, 0) << "child " << children;
}

}  // namespace
}  // namespace sqlmap
