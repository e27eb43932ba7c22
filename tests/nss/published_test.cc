// The module where a snapshot is published.
#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "common/snapshot/control_writer.h"
#include "module.h"
#include "snapshots.h"

namespace sqlmap {
namespace {

using Names = std::vector<std::string>;

// The module finds out with its first question: one process, one test.
class PublishedTest : public NssTest {
 protected:
  PublishedTest() {
    test::Site::Put(SQLMAP_TEST_RUN_DIR "/snapshot.1", test::Write(test::SmallSite(), 1));
    control_.Publish(1, true);
    control_.Beat(test::MonotonicSeconds());
  }
  ~PublishedTest() override { std::filesystem::remove_all(SQLMAP_TEST_RUN_DIR); }

  // As getent(1) walks.
  Names Users() {
    Names names;
    nss.setpwent(0);
    while (nss.getpwent_r(&user_, buffer_.data(), buffer_.size(), &error_) == NSS_STATUS_SUCCESS)
      names.push_back(user_.pw_name);
    nss.endpwent();
    return names;
  }
  Names Groups() {
    Names names;
    nss.setgrent(0);
    while (nss.getgrent_r(&group_, buffer_.data(), buffer_.size(), &error_) == NSS_STATUS_SUCCESS)
      names.push_back(group_.gr_name);
    nss.endgrent();
    return names;
  }

  ControlPageWriter control_ = [] {
    std::filesystem::remove_all(SQLMAP_TEST_RUN_DIR);
    mkdir(SQLMAP_TEST_RUN_DIR, 0755);
    return std::move(*ControlPageWriter::Open(SQLMAP_TEST_RUN_DIR "/control"));
  }();
  passwd user_{};
  ::group group_{};
  std::array<char, 4096> buffer_{};
  int error_ = 0;
};

TEST_F(PublishedTest, WhereListsAreNotAllowedEachWalkIsEmptyAndAsksNobodyYetTheHostIsNoNewOne) {
  control_.SetLists(false);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Users(), Names());
    EXPECT_EQ(error_, ENOENT);
    EXPECT_EQ(Groups(), Names());
    EXPECT_EQ(error_, ENOENT);
  }
  EXPECT_EQ(nss.getpwnam_r("alice", &user_, buffer_.data(), buffer_.size(), &error_),
            NSS_STATUS_SUCCESS);
  control_.SetLists(true);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(Users(), (Names{"alice", "bob", "shop.acme.example", "ann", "carol"}));
    EXPECT_EQ(Groups(), (Names{"staff", "www", "empty", "web"}));
  }
  control_.SetLists(false);
  EXPECT_EQ(Users(), Names());
  EXPECT_EQ(table.questions, 0);

  // As in a container that shares /run/sqlmapd, and has no configuration of its own.
  table.answer = Answer::Unavailable(Reason::kNotConfigured);
  spwd shadow{};
  EXPECT_EQ(nss.getspnam_r("alice", &shadow, buffer_.data(), buffer_.size(), &error_),
            NSS_STATUS_UNAVAIL);
  EXPECT_EQ(error_, ENOTSUP);
}

}  // namespace
}  // namespace sqlmap
