// A long-lived host program, such as saslauthd or a web server: thousands of logins in one process,
// many at once.
#include <malloc.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "captured_sleep.h"
#include "pam_test.h"

namespace sqlmap {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SQLMAP_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SQLMAP_SANITIZED 1
#endif
#endif
#ifdef SQLMAP_SANITIZED
// Their allocators keep what is freed; the leak checker counts instead.
constexpr bool kHeapCanBeMeasured = false;
#else
constexpr bool kHeapCanBeMeasured = true;
#endif

std::size_t OpenDescriptors() {
  const std::filesystem::directory_iterator folder("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(folder), end(folder)));
}

std::size_t ResidentKib() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  return 0;
}

std::size_t Mappings() {
  std::ifstream file("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(file, line);) ++count;
  return count;
}

class EnduranceTest : public PamTest {
 protected:
  EnduranceTest() {
    Service("auth required MODULE\naccount required MODULE\n");
    DiscardLogLines(true);
  }
  ~EnduranceTest() override { DiscardLogLines(false); }

  // One login in four with each of: right, wrong, unknown, database away. Returns whether it went
  // as it should.
  bool Login(int turn) {
    const std::string names[] = {"shop", "shop", "stranger", NameFor(LoginVerdict::kUnavailable)};
    constexpr int kStatuses[] = {PAM_SUCCESS, PAM_AUTH_ERR, PAM_USER_UNKNOWN, PAM_AUTHINFO_UNAVAIL};
    const int kind = turn % 4;
    PamSession session(folder_, "sshd", names[kind], {Typed(kind == 0 ? kShopPassword : "secret")});
    const int status = session.Authenticate();
    TakeSleeps();
    if (status != kStatuses[kind]) return false;
    return kind != 0 ||
           (session.CheckAccount() == PAM_SUCCESS && session.SetCredentials() == PAM_SUCCESS);
  }
};

TEST_F(EnduranceTest, TenThousandLoginsLeaveNoMemoryNoMappingAndNoDescriptorBehind) {
  for (int turn = 0; turn < 400; ++turn) ASSERT_TRUE(Login(turn));
  const std::size_t descriptors = OpenDescriptors();
  const std::size_t mappings = Mappings();
  const std::size_t heap = mallinfo2().uordblks;
  const std::size_t resident = ResidentKib();
  for (int turn = 0; turn < 10000; ++turn) ASSERT_TRUE(Login(turn)) << turn;
  EXPECT_EQ(OpenDescriptors(), descriptors);
  if (!kHeapCanBeMeasured) return;
  EXPECT_LE(Mappings(), mappings + 2);
  EXPECT_LE(mallinfo2().uordblks, heap + 4096)
      << "less than half a byte a login is no leak of ours";
  EXPECT_LE(ResidentKib(), resident + 512);
}

TEST_F(EnduranceTest, EightThreadsLogInWithoutGettingEachOthersAnswers) {
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([this, thread, &failures] {
        for (int turn = 0; turn < 200; ++turn) {
          if (!Login(turn + thread)) failures.fetch_add(1);
        }
      });
    }
  }
  EXPECT_EQ(failures.load(), 0);
}

}  // namespace
}  // namespace sqlmap
