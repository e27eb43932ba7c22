#include "common/account/trusted_path.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace sqlmap {

void PrintTo(PathTrust trust, std::ostream* out) {
  constexpr const char* kNames[] = {"trusted", "missing", "foreign"};
  *out << kNames[static_cast<int>(trust)];
}

namespace {

constexpr uid_t kNobody = 65534;

// DIR/sub/file, all root's, where DIR is in a sticky /tmp.
class TrustedPath : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0U) << "ownership can be tested by root only";
    char name[] = "/tmp/sqlmap-trust-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    root_ = name;
    ASSERT_EQ(chmod(name, 0755), 0);
    ASSERT_EQ(mkdir(Path("sub").c_str(), 0755), 0);
    file_ = Path("sub/file");
    const int fd = open(file_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    ASSERT_GE(fd, 0);
    close(fd);
    ASSERT_EQ(chmod(file_.c_str(), 0644), 0);
  }
  void TearDown() override {
    if (!root_.empty()) std::filesystem::remove_all(root_);
  }

  std::string Path(const std::string& name) const { return root_ + "/" + name; }

  void MakeSocket(const std::string& path) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_GE(fd, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    close(fd);
  }

  std::string root_;
  std::string file_;
};

TEST_F(TrustedPath, RootsFileBelowRootsDirectoriesIsTrusted) {
  EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kTrusted);
  EXPECT_EQ(TrustOfFile("/etc/passwd"), PathTrust::kTrusted);
}

TEST_F(TrustedPath, FileThatAnotherCouldHaveWrittenIsForeign) {
  ASSERT_EQ(chown(file_.c_str(), kNobody, 0), 0);
  EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kForeign);
  ASSERT_EQ(chown(file_.c_str(), 0, kNobody), 0);
  EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kTrusted);
  for (const mode_t mode : {0664U, 0646U, 0666U, 0620U}) {
    ASSERT_EQ(chmod(file_.c_str(), mode), 0);
    EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kForeign) << std::oct << mode;
  }
  ASSERT_EQ(chmod(file_.c_str(), 0600), 0);
  EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kTrusted);
}

TEST_F(TrustedPath, DirectoryWhoseOwnerCouldReplaceTheFileIsForeign) {
  for (const char* const directory : {"sub", ""}) {
    const std::string path = Path(directory);
    ASSERT_EQ(chown(path.c_str(), kNobody, kNobody), 0);
    EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kForeign) << path;
    ASSERT_EQ(chown(path.c_str(), 0, 0), 0);
    ASSERT_EQ(chmod(path.c_str(), 0777), 0);
    EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kForeign) << path;
    ASSERT_EQ(chmod(path.c_str(), 0775), 0);
    EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kForeign) << path;
    ASSERT_EQ(chmod(path.c_str(), 01777), 0);
    EXPECT_EQ(TrustOfFile(file_.c_str()), PathTrust::kTrusted)
        << path << " is sticky: others cannot replace what is root's";
    ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  }
}

TEST_F(TrustedPath, LinkIsJudgedByWhatItLeadsTo) {
  ASSERT_EQ(symlink("sub/file", Path("link").c_str()), 0);
  EXPECT_EQ(TrustOfFile(Path("link").c_str()), PathTrust::kTrusted);
  ASSERT_EQ(chown(file_.c_str(), kNobody, kNobody), 0);
  EXPECT_EQ(TrustOfFile(Path("link").c_str()), PathTrust::kForeign);
  ASSERT_EQ(symlink("nowhere", Path("dangling").c_str()), 0);
  EXPECT_EQ(TrustOfFile(Path("dangling").c_str()), PathTrust::kMissing);
  ASSERT_EQ(symlink("loop", Path("loop").c_str()), 0);
  EXPECT_EQ(TrustOfFile(Path("loop").c_str()), PathTrust::kMissing);
}

TEST_F(TrustedPath, WhatIsNotThereIsMissing) {
  EXPECT_EQ(TrustOfFile(Path("none").c_str()), PathTrust::kMissing);
  EXPECT_EQ(TrustOfFile(Path("none/file").c_str()), PathTrust::kMissing);
  EXPECT_EQ(TrustOfSocketPath(Path("none").c_str()), PathTrust::kMissing);
}

TEST_F(TrustedPath, OnlyARegularFileIsAFile) {
  EXPECT_EQ(TrustOfFile(Path("sub").c_str()), PathTrust::kForeign);
  EXPECT_EQ(TrustOfFile("/dev/null"), PathTrust::kForeign);
  EXPECT_EQ(TrustOfFile("/"), PathTrust::kForeign);
  ASSERT_EQ(mkfifo(Path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(TrustOfFile(Path("fifo").c_str()), PathTrust::kForeign);
}

TEST_F(TrustedPath, RelativeAndEndlessPathsAreForeign) {
  EXPECT_EQ(TrustOfFile(""), PathTrust::kForeign);
  EXPECT_EQ(TrustOfFile("etc/passwd"), PathTrust::kForeign);
  EXPECT_EQ(TrustOfFile("./passwd"), PathTrust::kForeign);
  EXPECT_EQ(TrustOfFile(("/" + std::string(4095, 'a')).c_str()), PathTrust::kForeign);
}

TEST_F(TrustedPath, SocketMayLieInItsServersOwnDirectory) {
  const std::string path = Path("sub/socket");
  MakeSocket(path);
  EXPECT_EQ(TrustOfSocketPath(path.c_str()), PathTrust::kTrusted);
  ASSERT_EQ(chown(Path("sub").c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(chown(path.c_str(), kNobody, kNobody), 0);
  EXPECT_EQ(TrustOfSocketPath(path.c_str()), PathTrust::kTrusted);
  ASSERT_EQ(chmod(Path("sub").c_str(), 0777), 0);
  EXPECT_EQ(TrustOfSocketPath(path.c_str()), PathTrust::kForeign)
      << "anybody could put another socket there";
}

TEST_F(TrustedPath, SpellingOfAPathDoesNotMatter) {
  const std::string path = Path("sub/socket");
  MakeSocket(path);
  ASSERT_EQ(chown(Path("sub").c_str(), kNobody, kNobody), 0);
  ASSERT_EQ(mkdir(Path("theirs").c_str(), 0755), 0);
  ASSERT_EQ(chown(Path("theirs").c_str(), kNobody, kNobody), 0);
  for (const char* const spelt : {"sub//socket", "sub/./socket", "/sub/socket", "sub/../sub/socket",
                                  "theirs/../sub/socket"}) {
    EXPECT_EQ(TrustOfSocketPath(Path(spelt).c_str()), PathTrust::kTrusted) << spelt;
  }
  EXPECT_EQ(TrustOfDirectory((root_ + "/").c_str()), PathTrust::kTrusted);
  EXPECT_EQ(TrustOfDirectory((root_ + "/.").c_str()), PathTrust::kTrusted);
  EXPECT_EQ(TrustOfDirectory("/"), PathTrust::kTrusted);
  EXPECT_EQ(TrustOfDirectory(Path("sub/").c_str()), PathTrust::kForeign);
  EXPECT_EQ(TrustOfFile(Path("sub/../none").c_str()), PathTrust::kMissing);
}

TEST_F(TrustedPath, SocketBelowAUsersDirectoryIsForeign) {
  const std::string path = Path("sub/socket");
  MakeSocket(path);
  ASSERT_EQ(chown(root_.c_str(), kNobody, kNobody), 0);
  EXPECT_EQ(TrustOfSocketPath(path.c_str()), PathTrust::kForeign);
}

TEST_F(TrustedPath, AFileIsNoSocketAndASocketNoFile) {
  EXPECT_EQ(TrustOfSocketPath(file_.c_str()), PathTrust::kForeign);
  MakeSocket(Path("sub/socket"));
  EXPECT_EQ(TrustOfFile(Path("sub/socket").c_str()), PathTrust::kForeign);
}

TEST_F(TrustedPath, LeavesErrnoAlone) {
  for (const std::string& path : {file_, Path("none"), Path("sub"), std::string("relative")}) {
    errno = E2BIG;
    (void)TrustOfFile(path.c_str());
    EXPECT_EQ(errno, E2BIG) << path;
    (void)TrustOfSocketPath(path.c_str());
    EXPECT_EQ(errno, E2BIG) << path;
  }
}

}  // namespace
}  // namespace sqlmap
