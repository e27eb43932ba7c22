// The module, and a daemon's child that was taken over.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <vector>

#include "common/snapshot/control_writer.h"
#include "module.h"
#include "support/taken_over_daemon.h"

namespace sqlmap {
namespace {

constexpr Gid kSudo = 27;

class TakenOverTest : public NssTest {
 protected:
  TakenOverTest() { control_.SetIds({{1000, 60000, {}, local_}, {1000, 60000, {}, local_}}); }
  ~TakenOverTest() override { std::filesystem::remove_all(SQLMAP_TEST_RUN_DIR); }

  bool User() {
    return nss.getpwnam_r("eve", &user_, buffer_.data(), buffer_.size(), &error_) ==
           NSS_STATUS_SUCCESS;
  }
  static void* AskInAThread(void* test) {
    return static_cast<TakenOverTest*>(test)->User() ? test : nullptr;
  }
  bool Group() {
    return nss.getgrnam_r("eve", &group_, buffer_.data(), buffer_.size(), &error_) ==
           NSS_STATUS_SUCCESS;
  }
  // Whether bob, a local account, becomes a member.
  bool Member(Gid gid) {
    long start = 0;
    long size = 4;
    auto* groups = static_cast<gid_t*>(calloc(4, sizeof(gid_t)));
    (void)nss.initgroups_dyn("bob", 100, &start, &size, &groups, 0, &error_);
    const bool member = std::find(groups, groups + start, gid) != groups + start;
    free(groups);
    return member;
  }

  const std::array<std::uint32_t, 1> local_ = {1000};
  ControlPageWriter control_ = [] {
    std::filesystem::remove_all(SQLMAP_TEST_RUN_DIR);
    mkdir(SQLMAP_TEST_RUN_DIR, 0755);
    return std::move(*ControlPageWriter::Open(SQLMAP_TEST_RUN_DIR "/control"));
  }();
  TakenOverDaemon child_{SQLMAP_TEST_RUN_DIR "/socket"};
  passwd user_{};
  ::group group_{};
  std::array<char, 4096> buffer_{};
  int error_ = 0;
};

// The module finds out with its first question: one process, one test.
TEST_F(TakenOverTest, MakesNobodyRootNorMemberOfSudoNorALocalAccount) {
  // Of the smallest stack that a thread can have; AddressSanitizer's own frames need more.
#ifdef __SANITIZE_ADDRESS__
  constexpr std::size_t kStack = 1 << 20;
#else
  const auto kStack = static_cast<std::size_t>(PTHREAD_STACK_MIN);
#endif
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, kStack);
  pthread_t thread{};
  ASSERT_EQ(pthread_create(&thread, &small, AskInAThread, this), 0);
  void* found = nullptr;
  pthread_join(thread, &found);
  EXPECT_NE(found, nullptr);
  EXPECT_TRUE(Group());
  EXPECT_TRUE(Member(5000));
  for (const Uid uid : {Uid{0}, Uid{33}, Uid{999}, Uid{1000}}) {
    child_.uid = uid;
    EXPECT_FALSE(User()) << uid;
  }
  child_.uid = 5000;
  for (const Gid gid : {Gid{0}, kSudo, Gid{999}, Gid{1000}}) {
    child_.gid = gid;
    EXPECT_FALSE(User()) << gid;
    EXPECT_FALSE(Group()) << gid;
    EXPECT_FALSE(Member(gid)) << gid;
  }
  child_.gid = 5000;
  EXPECT_TRUE(User());
}

}  // namespace
}  // namespace sqlmap
