// Who a local server takes the process for that connects: unix_socket authentication goes by it.
#include "common/sql/dial.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <future>
#include <optional>
#include <string>

#include "support/mariadb_server.h"
#include "unit/sql/fake_server.h"

namespace sqlmap {
namespace {

constexpr std::uint32_t kSomebody = 4711;

class DialTest : public ::testing::Test {
 protected:
  // Whom the server sees.
  uid_t Seen(std::optional<std::uint32_t> socket_uid) {
    const std::string path = directory_.path() + "/socket";
    std::promise<uid_t> seen;
    uid_t uid = 0;
    {
      const testing::FakeServer server(path, [&](int client, const std::atomic<bool>&) {
        ucred peer{};
        socklen_t size = sizeof peer;
        getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size);
        seen.set_value(peer.uid);
      });
      // As a database server does it: who may come in is a later question.
      chmod(directory_.path().c_str(), 0755);
      chmod(path.c_str(), 0777);
      const auto dial = Dial::Start({.socket = path, .host = {}}, Dial::Names::kHostsFileOnly, 0,
                                    Deadline::In(1000), socket_uid);
      EXPECT_TRUE(dial.has_value()) << dial.error().text;
      if (dial) uid = seen.get_future().get();
    }
    std::filesystem::remove(path);
    return uid;
  }

  testing::TemporaryDirectory directory_;
};

TEST_F(DialTest, AServerSeesRootUnlessSomebodyElseIsMeant) {
  EXPECT_EQ(Seen(std::nullopt), 0U);
  EXPECT_EQ(Seen(kSomebody), kSomebody);
}

TEST_F(DialTest, WhoeverConnectsAsSomebodyElseIsRootAgainAfterwards) {
  EXPECT_EQ(Seen(kSomebody), kSomebody);
  uid_t real = 1;
  uid_t effective = 1;
  uid_t saved = 1;
  ASSERT_EQ(getresuid(&real, &effective, &saved), 0);
  EXPECT_EQ(real, 0U);
  EXPECT_EQ(effective, 0U);
  EXPECT_EQ(saved, 0U);
  const std::string closed = directory_.path() + "/closed";
  const OwnedFd made(open(closed.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0));
  const OwnedFd opened(open(closed.c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(opened.valid()) << "root has lost its capabilities";
  EXPECT_EQ(Seen(std::nullopt), 0U);
}

}  // namespace
}  // namespace sqlmap
