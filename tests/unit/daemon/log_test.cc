#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "daemon/daemon_log.h"
#include "daemon/rate_limit.h"
#include "daemon/restart_policy.h"
#include "unit/daemon/daemon_files.h"

namespace sqlmap {
namespace {

TEST(RateLimit, DatabaseThatIsDownForANightDoesNotFillTheDisk) {
  RateLimit limit;
  unsigned written = 0;
  std::uint64_t told_of = 0;
  constexpr std::int64_t kNight = 8 * 3600 * 1000;
  for (std::int64_t ms = 0; ms < kNight; ms += 100) {
    const RateLimit::Verdict verdict = limit.Ask("getpwnam", ms);
    if (!verdict.write) continue;
    ++written;
    told_of += verdict.left_out;
  }
  EXPECT_LE(written, RateLimit::kBurst + kNight / RateLimit::kRefillMs + 1);
  EXPECT_GE(told_of + written, kNight / 100 - RateLimit::kRefillMs / 100);
}

TEST(RateLimit, FloodOfOneKindDoesNotHideAnother) {
  RateLimit limit;
  for (int i = 0; i < 1000; ++i) limit.Ask("wrong password", 0);
  EXPECT_FALSE(limit.Ask("wrong password", 0).write);
  EXPECT_TRUE(limit.Ask("the child hangs, and is ended", 0).write);
}

TEST(RateLimit, ClassOfALineDoesNotDependOnWhoItIsAbout) {
  EXPECT_EQ(LineClass("wrong password user=alice rhost=1.2.3.4"),
            LineClass("wrong password user=bob"));
  EXPECT_EQ(LineClass("slow query: getpwnam"), "slow query");
  EXPECT_EQ(LineClass("process 12 ended"), "process ");
  EXPECT_EQ(LineClass("plain"), "plain");
}

// Sends standard error into a pipe.
class DaemonLogTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(pipe2(ends_, O_CLOEXEC), 0);
    saved_ = dup(STDERR_FILENO);
    ASSERT_EQ(dup2(ends_[1], STDERR_FILENO), STDERR_FILENO);
  }
  void TearDown() override {
    dup2(saved_, STDERR_FILENO);
    for (const int fd : {saved_, ends_[0], ends_[1]}) close(fd);
  }
  std::string Read() const {
    char text[8192];
    const ssize_t size = read(ends_[0], text, sizeof text);
    return {text, size < 0 ? 0 : static_cast<std::size_t>(size)};
  }

  int ends_[2] = {-1, -1};
  int saved_ = -1;
  DaemonLog log_{DaemonLog::Target::kStandardError};
};

TEST_F(DaemonLogTest, NobodyForgesALine) {
  log_.Write(LogLevel::kError, "name \"a\nsqlmapd: all is well\x1b[2J\"");
  EXPECT_EQ(Read(), "sqlmapd: name \"a sqlmapd: all is well [2J\"\n");
  log_.Write(LogLevel::kError,
             "server: \x7f\xc2\x9b"
             "2J");
  EXPECT_EQ(Read(), "sqlmapd: server: ???2J\n");
}

TEST_F(DaemonLogTest, LogThatNobodyReadsDoesNotStopTheDaemon) {
  const std::string line(1500, 'x');
  for (int i = 0; i < 10'000; ++i) {
    std::string other = "k";
    other += static_cast<char>('A' + i % 26);
    log_.Write(LogLevel::kError, other + static_cast<char>('A' + i / 26 % 26) + line);
  }
  EXPECT_EQ(Read().substr(0, 9), "sqlmapd: ");
}

TEST_F(DaemonLogTest, LinesThatWereLeftOutAreCounted) {
  for (int i = 0; i < 100; ++i) log_.Write(LogLevel::kError, "again: " + std::to_string(i));
  const std::string text = Read();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), RateLimit::kBurst);
}

TEST(RestartPolicy, FirstDeathCostsNothingAndOneAfterTheOtherDoesNotBurnTheProcessor) {
  RestartPolicy policy;
  EXPECT_EQ(policy.DelayMs(0), 0);
  EXPECT_EQ(policy.DelayMs(0), 50);
  EXPECT_EQ(policy.DelayMs(0), 100);
  for (int i = 0; i < 100; ++i) EXPECT_LE(policy.DelayMs(9'999), 5'000);
  EXPECT_EQ(policy.DelayMs(0), 5'000);
  EXPECT_EQ(policy.DelayMs(10'000), 0);
}

}  // namespace
}  // namespace sqlmap
