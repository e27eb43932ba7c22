// Walks over a whole map.
#include <pthread.h>
#include <sched.h>

#include <array>
#include <cerrno>
#include <set>
#include <thread>

#include "module.h"

namespace sqlmap {
namespace {

using Names = std::vector<std::string>;

class EnumerationTest : public NssTest {
 protected:
  nss_status NextUser() { return nss.getpwent_r(&user, buffer.data(), buffer.size(), &error); }
  nss_status NextGroup() { return nss.getgrent_r(&group, buffer.data(), buffer.size(), &error); }
  nss_status NextShadow() { return nss.getspent_r(&shadow, buffer.data(), buffer.size(), &error); }

  Names RestOfUsers() {
    Names names;
    while (NextUser() == NSS_STATUS_SUCCESS) names.push_back(user.pw_name);
    return names;
  }

  void FillWithUsers(int count) {
    table.users.clear();
    for (int i = 0; i < count; ++i)
      table.users.push_back({"user" + std::to_string(i), 20000U + static_cast<Uid>(i), 20000});
  }

  passwd user{};
  ::group group{};
  spwd shadow{};
  std::array<char, 4096> buffer{};
  int error = 0;
};

TEST_F(EnumerationTest, EveryMapIsWalkedToItsEnd) {
  nss.setpwent(0);
  EXPECT_EQ(RestOfUsers(), (Names{"alice", "shop.acme.example"}));
  EXPECT_EQ(error, ENOENT);

  nss.setgrent(0);
  ASSERT_EQ(NextGroup(), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(group.gr_name, "web");
  ASSERT_EQ(NextGroup(), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(group.gr_name, "empty");
  EXPECT_EQ(NextGroup(), NSS_STATUS_NOTFOUND);

  nss.setspent(0);
  ASSERT_EQ(NextShadow(), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(shadow.sp_namp, "alice");
  EXPECT_EQ(NextShadow(), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(table.open_cursors, 0) << "a walk that is over holds a connection";
}

TEST_F(EnumerationTest, OpensByItselfAndEndsForGood) {
  EXPECT_EQ(RestOfUsers().size(), 2U);
  EXPECT_EQ(NextUser(), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(NextUser(), NSS_STATUS_NOTFOUND);
  EXPECT_EQ(table.questions, 1);
}

TEST_F(EnumerationTest, RewindStartsAgainAndEndLetsGo) {
  ASSERT_EQ(NextUser(), NSS_STATUS_SUCCESS);
  EXPECT_EQ(nss.setpwent(1), NSS_STATUS_SUCCESS);
  EXPECT_EQ(RestOfUsers().size(), 2U);
  nss.setpwent(0);
  ASSERT_EQ(NextUser(), NSS_STATUS_SUCCESS);
  EXPECT_EQ(table.open_cursors, 1);
  errno = 4711;
  EXPECT_EQ(nss.endpwent(), NSS_STATUS_SUCCESS);
  EXPECT_EQ(errno, 4711);
  EXPECT_EQ(table.open_cursors, 0);
  EXPECT_EQ(RestOfUsers().size(), 2U);
}

TEST_F(EnumerationTest, SettingAndEndingAsksNobody) {
  nss.setpwent(0);
  nss.setgrent(0);
  nss.setspent(0);
  nss.endpwent();
  nss.endgrent();
  nss.endspent();
  EXPECT_EQ(table.questions, 0);
}

TEST_F(EnumerationTest, RowThatDoesNotFitIsNotLost) {
  table.groups.clear();
  for (int i = 0; i < 100; ++i) {
    std::string members;
    for (int j = 0; j < 300; ++j)
      members += "member" + std::to_string(i) + "-" + std::to_string(j) + '\0';
    table.groups.push_back({"group" + std::to_string(i), 20000U + static_cast<Gid>(i), members});
  }
  nss.setgrent(0);
  for (int i = 0; i < 100; ++i) {
    std::vector<char> own(64);  // starts small for each row, as getgrent(3) does for the first
    nss_status status;
    while ((status = nss.getgrent_r(&group, own.data(), own.size(), &error)) ==
           NSS_STATUS_TRYAGAIN) {
      ASSERT_EQ(error, ERANGE);
      own.resize(own.size() * 2);
    }
    ASSERT_EQ(status, NSS_STATUS_SUCCESS);
    ASSERT_EQ(group.gr_name, "group" + std::to_string(i));
    ASSERT_EQ(group.gr_mem[299], "member" + std::to_string(i) + "-299");
    ASSERT_EQ(group.gr_mem[300], nullptr);
  }
  EXPECT_EQ(NextGroup(), NSS_STATUS_NOTFOUND);
}

TEST_F(EnumerationTest, LookUpInsideAWalkDisturbsNothing) {
  FillWithUsers(50);
  nss.setpwent(0);
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(NextUser(), NSS_STATUS_SUCCESS);
    ASSERT_EQ(user.pw_uid, 20000U + static_cast<uid_t>(i));
    passwd inner{};
    std::array<char, 512> room{};
    ASSERT_EQ(nss.getpwuid_r(20049, &inner, room.data(), room.size(), &error), NSS_STATUS_SUCCESS);
    ASSERT_EQ(nss.getpwnam_r("user0", &inner, room.data(), room.size(), &error),
              NSS_STATUS_SUCCESS);
    ASSERT_EQ(nss.getpwnam_r("nobody-here", &inner, room.data(), room.size(), &error),
              NSS_STATUS_NOTFOUND);
  }
  EXPECT_EQ(NextUser(), NSS_STATUS_NOTFOUND);
}

TEST_F(EnumerationTest, WalksOverTwoMapsAreApart) {
  ASSERT_EQ(NextUser(), NSS_STATUS_SUCCESS);
  ASSERT_EQ(NextGroup(), NSS_STATUS_SUCCESS);
  nss.endgrent();
  ASSERT_EQ(NextUser(), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(user.pw_name, "shop.acme.example");
}

TEST_F(EnumerationTest, BadRowNeitherEndsNorBlocksTheWalk) {
  table.users = {{"root", 5000, 5000},    {"a:b", 5001, 5001},       {"good", 5002, 5002},
                 {"zero", 0, 5003},       {"nogroup", 5004, 0},      {"", 5005, 5005},
                 {"nobody", 65534, 5006}, {"also-good", 5007, 5007}, {"\xc3\xbc", 5008, 5008}};
  EXPECT_EQ(RestOfUsers(), (Names{"good", "also-good"}));
  EXPECT_EQ(error, ENOENT);

  table.groups = {{"root", 5000}, {"shadow", 0}, {"", 5002}, {"good", 5003}, {"nogroup", 65534}};
  ASSERT_EQ(NextGroup(), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(group.gr_name, "good");
  EXPECT_EQ(NextGroup(), NSS_STATUS_NOTFOUND);

  table.shadows = {{"root", "$y$hash"}, {"", "$y$hash"}, {"good", "$y$hash"}, {"a:b", "$y$hash"}};
  ASSERT_EQ(NextShadow(), NSS_STATUS_SUCCESS);
  EXPECT_STREQ(shadow.sp_namp, "good");
  EXPECT_EQ(NextShadow(), NSS_STATUS_NOTFOUND);
}

TEST_F(EnumerationTest, WalkThatCannotBeOpenedIsUnavailableAndWorksAfterRecovery) {
  table.answer = Answer::Unavailable(Reason::kUnreachable);
  nss.setpwent(0);
  EXPECT_EQ(NextUser(), NSS_STATUS_UNAVAIL);
  EXPECT_EQ(error, EAGAIN);
  EXPECT_EQ(NextGroup(), NSS_STATUS_UNAVAIL);
  EXPECT_EQ(NextShadow(), NSS_STATUS_UNAVAIL);
  table.answer = Answer::Found();
  EXPECT_EQ(RestOfUsers().size(), 2U);
}

TEST_F(EnumerationTest, WalkThatBreaksOffDoesNotLookComplete) {
  FillWithUsers(10);
  table.break_after = 4;
  EXPECT_EQ(RestOfUsers().size(), 4U);
  EXPECT_EQ(error, EAGAIN);
  table.break_after = 100;
  EXPECT_EQ(NextUser(), NSS_STATUS_UNAVAIL) << "went on, or began anew, behind the caller's back";
  EXPECT_EQ(table.open_cursors, 0);
  nss.setpwent(0);
  EXPECT_EQ(RestOfUsers().size(), 10U);
}

TEST_F(EnumerationTest, TwoThreadsGetEachRowOnce) {
  FillWithUsers(5000);
  std::array<Names, 2> seen;
  const auto walk = [&](Names& names) {
    passwd entry{};
    std::array<char, 512> room{};
    int own_error = 0;
    for (;;) {
      const std::size_t size =
          names.size() % 3 == 0 ? 8 : room.size();  // some calls must be repeated
      nss_status status = nss.getpwent_r(&entry, room.data(), size, &own_error);
      if (status == NSS_STATUS_TRYAGAIN)
        status = nss.getpwent_r(&entry, room.data(), room.size(), &own_error);
      if (status != NSS_STATUS_SUCCESS) break;
      names.push_back(entry.pw_name);
    }
  };
  std::thread other([&] { walk(seen[0]); });
  walk(seen[1]);
  other.join();
  std::set<std::string> all(seen[0].begin(), seen[0].end());
  all.insert(seen[1].begin(), seen[1].end());
  EXPECT_EQ(all.size(), 5000U);
  EXPECT_EQ(seen[0].size() + seen[1].size(), 5000U);
}

TEST_F(EnumerationTest, ThreadThatIsCancelledInsideLeavesTheWalkUsable) {
  table.hold = true;
  std::atomic<bool> came_back = false, went_on = false;
  std::thread reader([&] {
    NextUser();
    came_back = true;
    pthread_testcancel();
    went_on = true;
  });
  while (table.held == 0) sched_yield();
  pthread_cancel(reader.native_handle());
  const int rounds = table.held_rounds;
  while (table.held_rounds < rounds + 2) sched_yield();
  table.hold = false;
  reader.join();
  EXPECT_TRUE(came_back);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(table.held, 0);
  EXPECT_EQ(RestOfUsers(), (Names{"shop.acme.example"}));
}

TEST_F(EnumerationTest, ThreadsMayLookUpRewindAndWalkAtOnce) {
  FillWithUsers(20);
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      passwd entry{};
      std::array<char, 512> room{};
      int own_error = 0;
      for (int round = 0; round < 500; ++round) {
        if (nss.getpwuid_r(20007, &entry, room.data(), room.size(), &own_error) !=
            NSS_STATUS_SUCCESS)
          ++wrong;
        if (std::string_view(entry.pw_name) != "user7") ++wrong;
        if (nss.getpwent_r(&entry, room.data(), room.size(), &own_error) == NSS_STATUS_UNAVAIL)
          ++wrong;
        if (round % 16 == i) nss.setpwent(0);
        if (round % 64 == i) nss.endpwent();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  nss.endpwent();
  EXPECT_EQ(table.open_cursors, 0);
}

}  // namespace
}  // namespace sqlmap
