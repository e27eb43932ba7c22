// Set-uid programs: a local user chooses their environment, so nothing is loaded into them.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <nss.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

class SecureTest : public testing::Test {
 protected:
  SecureTest() {
    std::string name = fs::current_path() / "secure-XXXXXX";
    directory_ = mkdtemp(name.data());  // 0700: nobody else can run what stands here
    fs::copy_file(SQLMAP_TEST_PROBE, directory_ / "probe");
    // The module stands where a local user can reach it, wherever the build directory is.
    char reachable[] = "/tmp/sqlmap-secure-XXXXXX";
    module_directory_ = mkdtemp(reachable);
    EXPECT_EQ(chmod(reachable, 0755), 0);
    module_ = module_directory_ / "libnss_sqlmap.so.2";
    fs::copy_file(SQLMAP_TEST_MODULE, module_);
    EXPECT_EQ(chmod(module_.c_str(), 0755), 0);
  }
  ~SecureTest() override {
    fs::remove_all(directory_);
    fs::remove_all(module_directory_);
  }

  // Runs the copy with these mode bits as this user, and returns what it prints.
  std::string Run(mode_t mode, uid_t uid) {
    const fs::path probe = directory_ / "probe";
    EXPECT_EQ(chown(probe.c_str(), 0, 0), 0);
    EXPECT_EQ(chmod(probe.c_str(), mode), 0);
    int out[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    const int program = open(probe.c_str(), O_PATH | O_CLOEXEC);
    const pid_t child = fork();
    if (child == 0) {
      dup2(out[1], STDOUT_FILENO);
      char* const arguments[] = {const_cast<char*>("probe"), const_cast<char*>(module_.c_str()),
                                 const_cast<char*>(SQLMAP_TEST_PLUGIN), nullptr};
      if (uid != 0 && (setgroups(0, nullptr) != 0 || setresgid(uid, uid, uid) != 0 ||
                       setresuid(uid, uid, uid) != 0))
        _exit(9);
      syscall(SYS_execveat, program, "", arguments, environ, AT_EMPTY_PATH);
      _exit(10);
    }
    close(out[1]);
    close(program);
    std::string text;
    char block[256];
    for (ssize_t got; (got = read(out[0], block, sizeof block)) > 0;)
      text.append(block, static_cast<std::size_t>(got));
    close(out[0]);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    return text;
  }

 private:
  fs::path directory_;
  fs::path module_directory_;
  fs::path module_;
};

std::string Line(int secure, int status, int error, int loaded) {
  const std::string outcome = std::to_string(status) + " " + std::to_string(error);
  return "secure " + std::to_string(secure) + ": " + outcome + ", " + outcome + ", plugin " +
         std::to_string(loaded) + "\n";
}

TEST_F(SecureTest, SetUidProgramOfALocalUserLoadsNothing) {
  ASSERT_EQ(geteuid(), 0U) << "needs root to make a set-uid program";
  EXPECT_EQ(Run(04755, 65534), Line(1, NSS_STATUS_UNAVAIL, EACCES, 0))
      << "(secure 0: is the build directory mounted nosuid?)";
}

TEST_F(SecureTest, SetGidProgramOfALocalUserLoadsNothing) {
  EXPECT_EQ(Run(02755, 65534), Line(1, NSS_STATUS_UNAVAIL, EACCES, 0));
}

TEST_F(SecureTest, SameProgramWithoutTheBitFindsTheAccount) {
  EXPECT_EQ(Run(0755, 0), Line(0, NSS_STATUS_SUCCESS, 0, 1));
}

}  // namespace
}  // namespace sqlmap
