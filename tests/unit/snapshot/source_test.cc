#include "common/snapshot/source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "snapshots.h"

namespace sqlmap {
namespace {

using test::Site;
using test::SmallSite;
using test::Write;
using testing::ElementsAre;

class Source : public testing::Test {
 protected:
  std::string UserByName(std::string_view name) {
    std::string found;
    answer_ = source_.FindUserByName(
        name, [&](const UserRecord& user) { found = std::string(user.name) + user.home.data(); });
    return found;
  }

  Site site_;
  SnapshotMap map_{site_.paths()};
  SnapshotSource source_{map_};
  Answer answer_;
};

TEST_F(Source, AnswersEachQuestionOfTheInterface) {
  site_.Publish(1, SmallSite());
  EXPECT_EQ(UserByName("bob"), "bob/srv/bob");
  EXPECT_EQ(answer_, Answer::Found());
  std::string name;
  EXPECT_EQ(source_.FindUserById(2002, [&](const UserRecord& user) { name = user.name; }),
            Answer::Found());
  EXPECT_EQ(name, "ann");
  std::size_t members = 0;
  const auto group = [&](const GroupRecord& found) {
    name = found.name;
    members = found.members.count;
  };
  EXPECT_EQ(source_.FindGroupByName("staff", group), Answer::Found());
  EXPECT_EQ(members, 2U);
  EXPECT_EQ(source_.FindGroupById(3002, group), Answer::Found());
  EXPECT_EQ(name, "web");
  std::vector<Gid> gids;
  EXPECT_EQ(source_.FindGroupsOfUser(
                "alice", [&](std::span<const Gid> all) { gids.assign(all.begin(), all.end()); }),
            Answer::Found());
  EXPECT_THAT(gids, ElementsAre(3001U, 3002U));
  EXPECT_EQ(source_.FindUserById(1, [](const UserRecord&) { ADD_FAILURE(); }), Answer::Absent());
  EXPECT_EQ(source_.FindGroupById(1, [](const GroupRecord&) { ADD_FAILURE(); }), Answer::Absent());
  EXPECT_EQ(source_.FindGroupByName("n", [](const GroupRecord&) { ADD_FAILURE(); }),
            Answer::Absent());
}

TEST_F(Source, KnowsNoSecrets) {
  site_.Publish(1, SmallSite());
  site_.Confirm();
  EXPECT_EQ(source_.FindShadow("alice", [](const ShadowRecord&) { ADD_FAILURE(); }),
            Answer::Unavailable(Reason::kNotConfigured));
  EXPECT_FALSE(source_.MissIsFinal());
  Cursor<ShadowRecord>* cursor = nullptr;
  EXPECT_EQ(source_.ListShadows(cursor), Answer::Unavailable(Reason::kNotConfigured));
  EXPECT_EQ(cursor, nullptr);
}

TEST_F(Source, WithoutASnapshotNobodyIsAbsent) {
  EXPECT_EQ(UserByName("alice"), "");
  EXPECT_EQ(answer_, Answer::Unavailable(Reason::kNotConfigured));
  EXPECT_FALSE(source_.MissIsFinal());
  Cursor<UserRecord>* cursor = nullptr;
  EXPECT_EQ(source_.ListUsers(cursor), Answer::Unavailable(Reason::kNotConfigured));
}

TEST_F(Source, AMissIsFinalOnlyWhileTheDaemonSaysSo) {
  site_.Publish(1, SmallSite());
  const auto miss_is_final = [&] {
    UserByName("nobody-there");
    EXPECT_EQ(answer_, Answer::Absent());
    return source_.MissIsFinal();
  };
  EXPECT_FALSE(miss_is_final()) << "nothing has been promised";
  site_.Confirm();
  EXPECT_TRUE(miss_is_final());
  UserByName("alice");
  EXPECT_FALSE(source_.MissIsFinal()) << "that was no miss";

  const std::int64_t now = test::MonotonicSeconds();
  for (const std::int64_t until : {std::int64_t{0}, now - 2, now + kMaxPromiseSeconds + 2,
                                   std::int64_t{-1}, std::numeric_limits<std::int64_t>::max()}) {
    site_.control().ConfirmUntil(until);
    EXPECT_FALSE(miss_is_final()) << until - now << " s from now";
  }
  site_.Confirm();
  EXPECT_TRUE(miss_is_final());
  site_.control().Retire();
  EXPECT_FALSE(miss_is_final()) << "the daemon was stopped";
  site_.Confirm();
  site_.control().Publish(1, false);
  site_.control().ConfirmUntil(now + 5);
  EXPECT_FALSE(miss_is_final()) << "the snapshot does not hold everybody";
}

// As the NSS module looks.
class Glance : public testing::Test {
 protected:
  Answer Ask(std::string_view name, std::string* home = nullptr) {
    return SnapshotGlance(map_).FindUserByName(name, [&](const UserRecord& user) {
      if (home != nullptr) *home = user.home;
    });
  }
  // A file with "alice", in which one letter of her home may be another.
  static std::vector<char> WithAlice(std::uint64_t generation, bool damaged) {
    std::vector<char> bytes =
        Write({{{.name = "alice", .uid = 4001, .home = "/the/home"}}, {}}, generation);
    const std::string_view home = "/the/home";
    const auto at = std::search(bytes.begin(), bytes.end(), home.begin(), home.end());
    EXPECT_NE(at, bytes.end());
    if (damaged) at[1] = 'X';
    return bytes;
  }
  // Writes into the file that is mapped, as nothing of ours ever does.
  void DamageInPlace(std::uint64_t generation) {
    const std::vector<char> bytes = WithAlice(generation, true);
    const int fd = open(site_.SnapshotPath(generation).c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    close(fd);
  }

  Site site_;
  SnapshotMap map_{site_.paths()};
};

TEST_F(Glance, WhatIsDamagedAfterItWasMappedIsNotBelieved) {
  site_.Publish(1, WithAlice(1, false));
  ASSERT_TRUE(Ask("alice").found());
  DamageInPlace(1);
  EXPECT_TRUE(Ask("alice").unavailable());
}

TEST_F(Glance, ShowsAlmostEverybodyAndNobodyUnderAnothersName) {
  constexpr unsigned kUsers = 60'000;
  site_.Publish(1, test::ManyUsers(kUsers));
  site_.Confirm();
  unsigned unclear = 0;
  for (unsigned i = 1; i <= kUsers; ++i) {
    char name[16];
    snprintf(name, sizeof name, "user%06u", i);
    Uid uid = 0;
    const Answer answer =
        SnapshotGlance(map_).FindUserByName(name, [&](const UserRecord& user) { uid = user.uid; });
    if (answer.found()) {
      ASSERT_EQ(uid, 100'000U + i) << name;
    }
    ASSERT_FALSE(answer.absent()) << name;
    if (answer.unavailable()) ++unclear;
  }
  EXPECT_LT(unclear, kUsers / 20);
}

TEST_F(Glance, DoesNotSayThatSomebodyIsAbsentWhoMayBeThereByNow) {
  site_.Publish(1, SmallSite());
  EXPECT_TRUE(Ask("nobody-there").unavailable());
  site_.Confirm();
  EXPECT_TRUE(Ask("nobody-there").absent());
  site_.control().Retire();
  EXPECT_TRUE(Ask("nobody-there").unavailable());
}

TEST_F(Source, APromiseEndsWhenItsTimeIsOverAndNotBefore) {
  const auto now = [] {  // by the clock that the reader has
    timespec coarse{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &coarse);
    return coarse.tv_sec;
  };
  site_.Publish(1, SmallSite());
  const std::int64_t until = now() + 1;
  site_.control().ConfirmUntil(until);
  bool final = true;
  std::int64_t asked = 0;
  while (final && asked <= until + 5) {
    const std::int64_t before = now();
    UserByName("nobody-there");
    final = source_.MissIsFinal();
    asked = now();
    if (asked <= until) {
      EXPECT_TRUE(final) << until - asked << " s left";
    }
    if (before > until) {
      EXPECT_FALSE(final) << before - until << " s too late";
    }
  }
  EXPECT_FALSE(final);
}

TEST_F(Source, ANewGenerationIsNotVouchedForByThePromiseAboutTheOldOne) {
  site_.Publish(1, SmallSite());
  site_.Confirm();
  UserByName("nobody-there");
  ASSERT_TRUE(source_.MissIsFinal());
  site_.control().Publish(2, true);  // whose file this process cannot get
  site_.control().ConfirmUntil(test::MonotonicSeconds() + 5);
  UserByName("nobody-there");
  EXPECT_EQ(answer_, Answer::Absent()) << "the old snapshot goes on answering";
  EXPECT_FALSE(source_.MissIsFinal());
}

TEST_F(Source, ANameThatTheConfigurationForbidsReachesNobody) {
  site_.control().SetNameRules(NameRules::Default());
  UserByName("UPPER");
  EXPECT_EQ(answer_, Answer::Absent()) << "also before the first snapshot";
  EXPECT_TRUE(source_.MissIsFinal());
  UserByName("lower");
  EXPECT_TRUE(answer_.unavailable());
  EXPECT_FALSE(source_.MissIsFinal());
  site_.Publish(1, SmallSite());
  for (const std::string& name : {std::string("*"), std::string(4096, 'a'), std::string("root")}) {
    UserByName(name);
    EXPECT_EQ(answer_, Answer::Absent());
    EXPECT_TRUE(source_.MissIsFinal()) << name;
  }
}

TEST_F(Source, AListIsOfOneGenerationWhateverIsPublishedMeanwhile) {
  site_.Publish(1, SmallSite());
  Cursor<UserRecord>* users = nullptr;
  ASSERT_EQ(source_.ListUsers(users), Answer::Found());
  std::vector<std::string> names;
  UserRecord user;
  for (std::uint64_t generation = 2; users->Next(user).found(); ++generation) {
    site_.Publish(generation, test::ManyUsers(10));
    UserByName("user000001");
    EXPECT_EQ(answer_, Answer::Found());
    names.emplace_back(user.name);
  }
  EXPECT_EQ(users->Next(user), Answer::Absent());
  users->Close();
  EXPECT_THAT(names, ElementsAre("alice", "bob", "shop.acme.example", "ann", "carol"));

  site_.Publish(100, SmallSite());
  Cursor<GroupRecord>* groups = nullptr;
  ASSERT_EQ(source_.ListGroups(groups), Answer::Found());
  names.clear();
  for (GroupRecord group; groups->Next(group).found();) names.emplace_back(group.name);
  groups->Close();
  EXPECT_THAT(names, ElementsAre("staff", "www", "empty", "web"));
}

// As getent(1) asks it: nothing has been looked up before.
TEST_F(Source, WhereListsAreNotAllowedThereIsNoneAndThatIsFinal) {
  site_.Publish(1, SmallSite());
  site_.control().SetLists(false);
  Cursor<UserRecord>* users = nullptr;
  EXPECT_EQ(source_.ListUsers(users), Answer::Absent());
  EXPECT_TRUE(source_.MissIsFinal());
  EXPECT_EQ(users, nullptr);
  Cursor<GroupRecord>* groups = nullptr;
  EXPECT_EQ(source_.ListGroups(groups), Answer::Absent());
  EXPECT_TRUE(source_.MissIsFinal());
  EXPECT_EQ(groups, nullptr);
  Cursor<ShadowRecord>* shadows = nullptr;
  EXPECT_EQ(source_.ListShadows(shadows), Answer::Unavailable(Reason::kNotConfigured));
  EXPECT_FALSE(source_.MissIsFinal());
  EXPECT_EQ(UserByName("alice"), "alice/home/x");

  site_.control().SetLists(true);
  ASSERT_EQ(source_.ListUsers(users), Answer::Found());
  EXPECT_FALSE(source_.MissIsFinal());
  users->Close();
}

// After a reboot, before sqlmapd has started.
TEST_F(Source, WhereListsAreNotAllowedTheSnapshotFromBeforeTheRebootIsNotListed) {
  test::Accounts accounts = SmallSite();
  accounts.listed = false;
  test::Site::Put(site_.persistent(), test::Write(accounts));
  Cursor<UserRecord>* users = nullptr;
  EXPECT_EQ(source_.ListUsers(users), Answer::Absent());
  EXPECT_TRUE(source_.MissIsFinal());
  EXPECT_EQ(users, nullptr);
  EXPECT_EQ(UserByName("alice"), "alice/home/x");
}

TEST_F(Source, TheSnapshotFromBeforeTheRebootIsListedOtherwise) {
  test::Site::Put(site_.persistent(), test::Write(SmallSite()));
  Cursor<UserRecord>* users = nullptr;
  ASSERT_EQ(source_.ListUsers(users), Answer::Found());
  users->Close();
}

TEST_F(Source, AListThatIsClosedLeavesNothingMapped) {
  site_.Publish(1, SmallSite());
  UserByName("alice");
  const auto list = [&] {
    Cursor<UserRecord>* users = nullptr;
    EXPECT_EQ(source_.ListUsers(users), Answer::Found());
    EXPECT_EQ(test::Mappings(site_.Path("run/snapshot.")), 2U);
    users->Close();
    EXPECT_EQ(test::Mappings(site_.Path("run/snapshot.")), 1U);
  };
  list();
  const std::size_t mappings = test::Mappings();
  for (int i = 0; i < 100; ++i) list();
  EXPECT_LT(test::Mappings(), mappings + 50) << "an allocator may have mapped something, too";
}

TEST_F(Source, AListWithADamagedRowIsNotTakenForWhole) {
  std::vector<char> file = test::Write(SmallSite(), 1);
  const std::string_view text(file.data(), file.size());
  file[text.find("/srv/bob")] = 'X';
  site_.Publish(1, file);
  Cursor<UserRecord>* cursor = nullptr;
  ASSERT_EQ(source_.ListUsers(cursor), Answer::Found());
  UserRecord user;
  EXPECT_EQ(cursor->Next(user), Answer::Found());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(cursor->Next(user), Answer::Unavailable(Reason::kServerError));
  cursor->Close();
  UserByName("bob");
  EXPECT_EQ(answer_, Answer::Unavailable(Reason::kServerError));
  EXPECT_EQ(UserByName("alice"), "alice/home/x");
}

}  // namespace
}  // namespace sqlmap
