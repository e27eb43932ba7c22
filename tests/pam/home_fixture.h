// Homes are made in real directories, by root: in /run, for no directory above may be anybody
// else's.
#ifndef SQLMAP_TESTS_PAM_HOME_FIXTURE_H_
#define SQLMAP_TESTS_PAM_HOME_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "pam/home.h"

namespace sqlmap {

inline void PrintTo(Home home, std::ostream* out) {
  constexpr const char* kNames[] = {"there", "made", "none"};
  *out << kNames[static_cast<int>(home)];
}

namespace fs = std::filesystem;

inline constexpr Uid kUid = 12345;
inline constexpr Gid kGid = 23456;
inline constexpr Uid kOther = 12399;

struct Result {
  Home home;
  std::string why;
};

// Each file below `folder`: "40700 12345:23456" (type and mode, owner), and behind it what a link
// leads to, or what a file holds.
inline std::map<std::string, std::string> Listing(const fs::path& folder) {
  std::map<std::string, std::string> listing;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status {};
    if (lstat(entry.path().c_str(), &status) != 0) std::abort();
    std::ostringstream text;
    text << std::oct << status.st_mode << std::dec << " " << status.st_uid << ":" << status.st_gid;
    if (S_ISLNK(status.st_mode)) text << " -> " << fs::read_symlink(entry.path()).string();
    if (S_ISREG(status.st_mode)) {
      std::ifstream file(entry.path());
      text << " " << file.rdbuf();
    }
    listing[entry.path().string().substr(folder.string().size() + 1)] = text.str();
  }
  return listing;
}

class HomeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(geteuid(), 0U) << "ownership can be tested by root only";
    char name[] = "/run/sqlmap-home-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    top_ = name;
    ASSERT_EQ(chmod(name, 0755), 0);
    MakeDirectory(Sites());
    MakeDirectory(Skel());
  }
  void TearDown() override {
    if (!top_.empty()) fs::remove_all(top_);
  }

  std::string Sites() const { return top_ + "/sites"; }
  std::string Skel() const { return top_ + "/skel"; }
  std::string HomeOf(const std::string& name) const { return Sites() + "/" + name; }

  static void MakeDirectory(const std::string& path, mode_t mode = 0755, uid_t owner = 0) {
    ASSERT_EQ(mkdir(path.c_str(), 0700), 0) << path;
    ASSERT_EQ(chown(path.c_str(), owner, owner), 0);
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }
  static void Write(const std::string& path, const std::string& text, mode_t mode = 0644) {
    std::ofstream(path) << text;
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
  }

  HomeOrder Order(const std::string& home, bool with_skel = false) const {
    texts_ = {home, Sites(), Skel()};
    HomeOrder order;
    order.home = texts_[0];
    order.uid = kUid;
    order.gid = kGid;
    order.root = texts_[1];
    if (with_skel) order.skel = texts_[2];
    return order;
  }
  static Result Provide(const HomeOrder& order) {
    char text[640];
    LineWriter why(text);
    const Home home = ProvideHome(order, why);
    return {home, std::string(why.text())};
  }
  Result Provide(const std::string& home, bool with_skel = false) const {
    return Provide(Order(home, with_skel));
  }

  // A skeleton with all that there may be, and what a home that was made of it looks like.
  void FillSkel() {
    Write(Skel() + "/.profile", "umask 027\n");
    Write(Skel() + "/.secret", "key\n", 0600);
    Write(Skel() + "/run-me", "#!/bin/sh\n", 06755);
    Write(Skel() + "/empty", "");
    MakeDirectory(Skel() + "/web", 0750);
    MakeDirectory(Skel() + "/web/none", 01700);
    Write(Skel() + "/web/index.html", std::string(3 << 20, 'x'), 0640);
    ASSERT_EQ(symlink("/etc/shadow", (Skel() + "/absolute").c_str()), 0);
    ASSERT_EQ(symlink("../gone", (Skel() + "/web/dangling").c_str()), 0);
  }
  static std::map<std::string, std::string> FilledHome() {
    const std::string owner = " 12345:23456";
    return {{".profile", "100644" + owner + " umask 027\n"},
            {".secret", "100600" + owner + " key\n"},
            {"run-me", "100755" + owner + " #!/bin/sh\n"},
            {"empty", "100644" + owner + " "},
            {"web", "40750" + owner},
            {"web/none", "40700" + owner},
            {"web/index.html", "100640" + owner + " " + std::string(3 << 20, 'x')},
            {"absolute", "120777" + owner + " -> /etc/shadow"},
            {"web/dangling", "120777" + owner + " -> ../gone"}};
  }
  static void ExpectDirectory(const std::string& path, mode_t mode, uid_t uid, gid_t gid) {
    struct stat status {};
    ASSERT_EQ(lstat(path.c_str(), &status), 0) << path;
    EXPECT_TRUE(S_ISDIR(status.st_mode)) << path;
    EXPECT_EQ(status.st_mode & 07777, mode) << path;
    EXPECT_EQ(status.st_uid, uid) << path;
    EXPECT_EQ(status.st_gid, gid) << path;
  }
  void ExpectNoHomeAndNothingLeft(const std::string& hint = "") const {
    EXPECT_TRUE(Listing(Sites()).empty()) << hint << ": " << Listing(Sites()).begin()->first;
  }

  std::string top_;

 private:
  mutable std::vector<std::string> texts_;
};

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_PAM_HOME_FIXTURE_H_
