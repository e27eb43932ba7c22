// The module as programs meet it: behind getpwnam(3) and its kin. ctest puts its directory into
// LD_LIBRARY_PATH.
#include <algorithm>
#include <cerrno>
#include <set>

#include "module.h"

namespace sqlmap {
namespace {

class GlibcTest : public NssTest {
 protected:
  GlibcTest() {
    for (const char* database : {"passwd", "group", "shadow"})
      __nss_configure_lookup(database, "sqlmap");
  }
};

TEST_F(GlibcTest, EveryLookUpFindsItsAccount) {
  const passwd* const user = getpwnam("alice");
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->pw_uid, 10001U);
  const passwd* const shop = getpwuid(10002);
  ASSERT_NE(shop, nullptr);
  EXPECT_STREQ(shop->pw_name, "shop.acme.example");
  const group* const web = getgrnam("web");
  ASSERT_NE(web, nullptr);
  EXPECT_STREQ(web->gr_mem[1], "shop.acme.example");
  ASSERT_NE(getgrgid(10003), nullptr);
  const spwd* const shadow = getspnam("alice");
  ASSERT_NE(shadow, nullptr);
  EXPECT_STREQ(shadow->sp_pwdp, "$y$j9T$salt$hash");
}

TEST_F(GlibcTest, AbsentIsNoErrorAndUnavailableIsOne) {
  passwd user{};
  passwd* found = &user;
  char buffer[512];
  EXPECT_EQ(getpwnam_r("nobody-here", &user, buffer, sizeof buffer, &found), 0);
  EXPECT_EQ(found, nullptr);
  table.answer = Answer::Unavailable(Reason::kTimeout);
  EXPECT_EQ(getpwnam_r("alice", &user, buffer, sizeof buffer, &found), EAGAIN);
  EXPECT_EQ(found, nullptr);
}

TEST_F(GlibcTest, GroupsOfAUserAreWhole) {
  gid_t gids[8];
  int count = 8;
  EXPECT_EQ(getgrouplist("alice", 10001, gids, &count), 3);
  EXPECT_EQ((std::set<gid_t>{gids, gids + count}), (std::set<gid_t>{10000, 10001, 10003}));
  count = 1;
  EXPECT_EQ(getgrouplist("alice", 10001, gids, &count), -1);
  EXPECT_EQ(count, 3);
}

TEST_F(GlibcTest, UserIsLookedUpInsideAWalk) {
  table.users.clear();
  for (Uid i = 0; i < 100; ++i)
    table.users.push_back({"user" + std::to_string(i), 20000 + i, 20000});
  std::set<std::string> names;
  setpwent();
  while (const passwd* const user = getpwent()) {
    const uid_t uid = user->pw_uid;
    names.insert(user->pw_name);
    const passwd* const again = getpwuid(uid);
    ASSERT_NE(again, nullptr);
    ASSERT_EQ(again->pw_uid, uid);
  }
  endpwent();
  EXPECT_EQ(names.size(), 100U);
}

TEST_F(GlibcTest, LargeGroupsAreAllThere) {
  table.groups.clear();
  for (Gid i = 0; i < 100; ++i) {
    std::string members;
    for (int j = 0; j < 300; ++j) members += "member" + std::to_string(j) + '\0';
    table.groups.push_back({"group" + std::to_string(i), 20000 + i, members});
  }
  int groups = 0;
  setgrent();
  while (const group* const found = getgrent()) {
    ASSERT_STREQ(found->gr_mem[299], "member299");
    ++groups;
  }
  endgrent();
  EXPECT_EQ(groups, 100);
}

TEST_F(GlibcTest, LocalAccountsAreUnharmedWhenTheSourceIsDown) {
  for (const char* database : {"passwd", "group", "shadow"})
    __nss_configure_lookup(database, "sqlmap files");
  table.answer = Answer::Unavailable(Reason::kUnreachable);
  const passwd* const root = getpwnam("root");
  ASSERT_NE(root, nullptr);
  EXPECT_EQ(root->pw_uid, 0U);
  EXPECT_NE(getpwnam("daemon"), nullptr);
  EXPECT_NE(getgrnam("root"), nullptr);
  gid_t gids[64];
  int count = 64;
  EXPECT_GE(getgrouplist("daemon", 1, gids, &count), 1);
  int users = 0;
  setpwent();
  while (getpwent() != nullptr) ++users;
  endpwent();
  EXPECT_GT(users, 5);
}

}  // namespace
}  // namespace sqlmap
