// The module where sqlmapd has left nothing and direct mode is not there.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "module.h"

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

using Said = std::pair<nss_status, int>;

class NotSetUpTest : public NssTest {
 protected:
  NotSetUpTest() {
    fs::remove_all(SQLMAP_TEST_DIRECTORY);
    fs::create_directory(SQLMAP_TEST_DIRECTORY);
  }
  ~NotSetUpTest() override { fs::remove_all(SQLMAP_TEST_DIRECTORY); }

  // What each kind of question is told.
  std::vector<Said> Ask() {
    std::vector<Said> said;
    int error = 0;
    const auto add = [&](nss_status status) { said.emplace_back(status, std::exchange(error, 0)); };
    passwd user{};
    ::group group{};
    spwd shadow{};
    std::array<char, 512> buffer{};
    char* const at = buffer.data();
    add(nss.getpwnam_r("alice", &user, at, buffer.size(), &error));
    add(nss.getpwuid_r(10001, &user, at, buffer.size(), &error));
    add(nss.getgrnam_r("web", &group, at, buffer.size(), &error));
    add(nss.getgrgid_r(10000, &group, at, buffer.size(), &error));
    add(nss.getspnam_r("alice", &shadow, at, buffer.size(), &error));
    long start = 0, size = 1;
    gid_t* gids = static_cast<gid_t*>(std::malloc(sizeof *gids));
    add(nss.initgroups_dyn("alice", 10001, &start, &size, &gids, -1, &error));
    std::free(gids);
    nss.setpwent(0);
    add(nss.getpwent_r(&user, at, buffer.size(), &error));
    nss.endpwent();
    nss.setgrent(0);
    add(nss.getgrent_r(&group, at, buffer.size(), &error));
    nss.endgrent();
    nss.setspent(0);
    add(nss.getspent_r(&shadow, at, buffer.size(), &error));
    nss.endspent();
    return said;
  }

  // Each is. In a fresh process, since one that has looked around does not at once look again.
  bool Says(int error) {
    const pid_t child = fork();
    if (child == 0)
      _exit(Ask() == std::vector<Said>(kKinds, Said{NSS_STATUS_UNAVAIL, error}) ? 0 : 1);
    int status = -1;
    waitpid(child, &status, 0);
    return status == 0;
  }

  static constexpr const char* kConfiguration = SQLMAP_TEST_DIRECTORY "/sqlmapd.toml";
  static constexpr std::size_t kKinds = 9;
};

TEST_F(NotSetUpTest, HostThatWasNeverToldOfADatabaseHasNoSuchAccountForWhoeverMakesUsers) {
  EXPECT_TRUE(Says(ENOENT));
}

TEST_F(NotSetUpTest, ConfiguredHostCannotSayUntilSqlmapdDoes) {
  const std::ofstream made(kConfiguration);
  EXPECT_TRUE(Says(ENOTSUP));
}

TEST_F(NotSetUpTest, LinkToAConfigurationThatIsNotThereYetIsNoMissingConfiguration) {
  fs::create_symlink("elsewhere", kConfiguration);
  EXPECT_TRUE(Says(ENOTSUP));
}

// Of a container whose root is not the host's.
TEST_F(NotSetUpTest, DirectoryOfSqlmapdThatIsNotBelievedIsNoMissingOne) {
  fs::create_directory(SQLMAP_TEST_DIRECTORY "/run");
  fs::permissions(SQLMAP_TEST_DIRECTORY "/run", fs::perms::all);
  EXPECT_TRUE(Says(ENOTSUP));
}

}  // namespace
}  // namespace sqlmap
