// The session stage, and a daemon's child that was taken over.
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "common/snapshot/control_writer.h"
#include "pam_session.h"
#include "support/taken_over_daemon.h"

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

class TakenOverTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0U) << "sessions are opened by root";
    char name[] = "/run/sqlmap-session-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    ASSERT_EQ(chmod(name, 0755), 0);
    top_ = name;
    child_.home = top_ + "/shop";
    control_.SetIds({{1000, 60000, {}, {}}, {1000, 60000, {}, {}}});
    folder_.Write("sshd", "session required " SQLMAP_TEST_MODULE " mkhome=" + top_ + "\n");
  }
  ~TakenOverTest() override {
    fs::remove_all(SQLMAP_TEST_RUN_DIR);
    if (!top_.empty()) fs::remove_all(top_);
  }
  // Whether there is a home after a session of hers.
  bool HasHome() {
    PamSession session(folder_, "sshd", "shop");
    (void)pam_open_session(session.handle(), 0);
    return fs::exists(child_.home);
  }

  ServiceFolder folder_;
  ControlPageWriter control_ = [] {
    fs::remove_all(SQLMAP_TEST_RUN_DIR);
    mkdir(SQLMAP_TEST_RUN_DIR, 0755);
    return std::move(*ControlPageWriter::Open(SQLMAP_TEST_RUN_DIR "/control"));
  }();
  TakenOverDaemon child_{SQLMAP_TEST_RUN_DIR "/socket"};
  std::string top_;
};

TEST_F(TakenOverTest, MakesNoDirectoryForASystemAccount) {
  for (const Uid uid : {Uid{0}, Uid{33}, Uid{999}}) {
    child_.uid = uid;
    EXPECT_FALSE(HasHome()) << uid;
  }
  child_.uid = 5000;
  for (const Gid gid : {Gid{0}, Gid{27}, Gid{999}}) {
    child_.gid = gid;
    EXPECT_FALSE(HasHome()) << gid;
  }
  child_.gid = 5000;
  EXPECT_TRUE(HasHome());
}

}  // namespace
}  // namespace sqlmap
