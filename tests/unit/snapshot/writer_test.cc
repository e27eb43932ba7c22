#include "common/snapshot/writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <set>
#include <string>

#include "common/snapshot/verify.h"
#include "faults.h"
#include "snapshots.h"

namespace sqlmap {
namespace {

using test::Accounts;
using test::ManyUsers;
using test::SmallSite;
using test::ViewOf;
using test::Write;
using testing::ElementsAre;

std::vector<std::string> Members(const GroupRecord& group) {
  std::vector<std::string> names;
  group.members.ForEach([&](std::string_view name) { names.emplace_back(name); });
  return names;
}

TEST(Snapshot, GivesBackEachFieldOfAUser) {
  const auto file = Write({{{.name = "alice",
                             .uid = 2001,
                             .gid = 3001,
                             .gecos = "Alice, Room 1",
                             .home = "/home/alice",
                             .shell = "/bin/bash",
                             .password = "!"}},
                           {}});
  UserRecord user;
  ASSERT_EQ(ViewOf(file).FindUserByName("alice", user), Probe::kFound);
  EXPECT_EQ(user.name, "alice");
  EXPECT_EQ(user.password, "!");
  EXPECT_EQ(user.uid, 2001U);
  EXPECT_EQ(user.gid, 3001U);
  EXPECT_EQ(user.gecos, "Alice, Room 1");
  EXPECT_EQ(user.home, "/home/alice");
  EXPECT_EQ(user.shell, "/bin/bash");
  using namespace std::string_view_literals;
  EXPECT_EQ(user.packed, "alice\0!\0Alice, Room 1\0/home/alice\0/bin/bash\0"sv);
}

TEST(Snapshot, GivesBackEachFieldOfAGroup) {
  const auto file = Write(SmallSite());
  GroupRecord group;
  ASSERT_EQ(ViewOf(file).FindGroupByName("staff", group), Probe::kFound);
  EXPECT_EQ(group.name, "staff");
  EXPECT_EQ(group.password, "x");
  EXPECT_EQ(group.gid, 3001U);
  EXPECT_EQ(group.members.count, 2U);
  EXPECT_THAT(Members(group), ElementsAre("alice", "bob"));
  using namespace std::string_view_literals;
  EXPECT_EQ(group.packed, "alice\0bob\0staff\0x\0"sv);
  ASSERT_EQ(ViewOf(file).FindGroupByName("empty", group), Probe::kFound);
  EXPECT_THAT(Members(group), ElementsAre());
  EXPECT_EQ(group.packed, "empty\0x\0"sv);
}

TEST(Snapshot, NoPasswordHashGetsIntoTheFile) {
  const auto file = Write({{{.name = "alice", .uid = 2001, .password = "$6$salt$hash"}}, {}});
  UserRecord user;
  ASSERT_EQ(ViewOf(file).FindUserByName("alice", user), Probe::kFound);
  EXPECT_EQ(user.password, "x");
  EXPECT_FALSE(std::string_view(file.data(), file.size()).contains("hash"));
}

TEST(Snapshot, OfSeveralAccountsWithOneIdTheShortestThenFirstNameAnswersWhateverTheOrder) {
  Accounts accounts{{{.name = "zoe.example", .uid = 2001},
                     {.name = "bob", .uid = 2001},
                     {.name = "ann", .uid = 2001},
                     {.name = "cat", .uid = 2001}},
                    {{"beta", 3001, {}}, {"alfa", 3001, {}}, {"gamma", 3001, {}}}};
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::ranges::sort(accounts.users, by_name);
  std::ranges::sort(accounts.groups, by_name);
  do {
    const auto file = Write(accounts);
    UserRecord user;
    ASSERT_EQ(ViewOf(file).FindUserById(2001, user), Probe::kFound);
    EXPECT_EQ(user.name, "ann");
  } while (std::ranges::next_permutation(accounts.users, by_name).found);
  do {
    const auto file = Write(accounts);
    GroupRecord group;
    ASSERT_EQ(ViewOf(file).FindGroupById(3001, group), Probe::kFound);
    EXPECT_EQ(group.name, "alfa");
  } while (std::ranges::next_permutation(accounts.groups, by_name).found);
}

TEST(Snapshot, TheUserWhomTheQueryNamesAnswersForASharedUidWhateverTheOrder) {
  Accounts accounts{{{.name = "ann", .uid = 2001},
                     {.name = "bob", .uid = 2001},
                     {.name = "zoe.example", .uid = 2001},
                     {.name = "cat", .uid = 2002},
                     {.name = "dora", .uid = 2002}},
                    {}};
  accounts.owners = {{2001, "zoe.example"}, {2002, "nobody.else"}};
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  do {
    const auto file = Write(accounts);
    UserRecord user;
    ASSERT_EQ(ViewOf(file).FindUserById(2001, user), Probe::kFound);
    EXPECT_EQ(user.name, "zoe.example");
    ASSERT_EQ(ViewOf(file).FindUserById(2002, user), Probe::kFound);
    EXPECT_EQ(user.name, "cat");
    EXPECT_TRUE(VerifyWhole(ViewOf(file), test::Rules()).has_value());
  } while (std::ranges::next_permutation(accounts.users, by_name).found);
}

TEST(Snapshot, TheFirstRowOfANameCountsAndTheOthersAreReported) {
  SnapshotSummary summary;
  const auto file = Write({{{.name = "alice", .uid = 2001},
                            {.name = "alice", .uid = 2002},
                            {.name = "bob", .uid = 2003},
                            {.name = "alice", .uid = 2003}},
                           {{"staff", 3001, {"bob"}}, {"staff", 3002, {"alice"}}}},
                          1, 42, &summary);
  const SnapshotView view = ViewOf(file);
  UserRecord user;
  ASSERT_EQ(view.FindUserByName("alice", user), Probe::kFound);
  EXPECT_EQ(user.uid, 2001U);
  EXPECT_EQ(view.FindUserById(2002, user), Probe::kAbsent);
  ASSERT_EQ(view.FindUserById(2003, user), Probe::kFound);
  EXPECT_EQ(user.name, "bob");
  std::span<const Gid> gids;
  EXPECT_EQ(view.FindGroupsOfUser("alice", gids), Probe::kAbsent);
  auto walk = view.Users();
  std::vector<std::string> names;
  while (walk.Next(user) == Probe::kFound) names.emplace_back(user.name);
  EXPECT_THAT(names, ElementsAre("alice", "bob"));
  EXPECT_EQ(walk.Next(user), Probe::kAbsent);

  EXPECT_EQ(summary.users, 2U);
  EXPECT_EQ(summary.groups, 1U);
  EXPECT_EQ(summary.duplicate_users, 2U);
  EXPECT_EQ(summary.duplicate_groups, 1U);
  EXPECT_EQ(summary.first_duplicate, "alice");
  EXPECT_TRUE(VerifyWhole(view, test::Rules())) << VerifyWhole(view, test::Rules()).error();
}

TEST(Snapshot, GroupsOfAUserAreThoseThatNameHimEachOnceAlsoIfHeIsNoUserHere) {
  Accounts accounts = SmallSite();
  accounts.groups.push_back({"twice", 3009, {"bob", "bob"}});
  const auto file = Write(accounts);
  const SnapshotView view = ViewOf(file);
  std::span<const Gid> gids;
  ASSERT_EQ(view.FindGroupsOfUser("alice", gids), Probe::kFound);
  EXPECT_THAT(gids, ElementsAre(3001U, 3002U));
  ASSERT_EQ(view.FindGroupsOfUser("bob", gids), Probe::kFound);
  EXPECT_THAT(gids, ElementsAre(3001U, 3009U));
  ASSERT_EQ(view.FindGroupsOfUser("box@acme.example", gids), Probe::kFound);
  EXPECT_THAT(gids, ElementsAre(3002U));
  EXPECT_EQ(view.FindGroupsOfUser("ann", gids), Probe::kAbsent);
}

TEST(Snapshot, AFieldThatCannotBeStoredKeepsItsRowOutAndNoOther) {
  SnapshotSummary summary;
  const std::string longest(65535, 'a');
  const auto file = Write({{{.name = "longest", .uid = 2001, .gecos = longest},
                            {.name = "longer", .uid = 2002, .gecos = longest + 'a'},
                            {.name = std::string("n\0l", 3), .uid = 2003},
                            {.name = "", .uid = 2004},
                            {.name = "last", .uid = 2005}},
                           {{"staff", 3001, {"last", ""}}, {"www", 3002, {"last"}}}},
                          1, 42, &summary);
  const SnapshotView view = ViewOf(file);
  UserRecord user;
  ASSERT_EQ(view.FindUserByName("longest", user), Probe::kFound);
  EXPECT_EQ(user.gecos, longest);
  EXPECT_EQ(view.FindUserByName("longer", user), Probe::kAbsent);
  EXPECT_EQ(view.FindUserByName("n", user), Probe::kAbsent);
  EXPECT_EQ(view.FindUserByName("last", user), Probe::kFound);
  EXPECT_EQ(summary.users, 2U);
  EXPECT_EQ(summary.groups, 1U);
  EXPECT_EQ(summary.refused, 4U);
  EXPECT_EQ(summary.first_refused, "longer");
}

TEST(Snapshot, AnEmptyDatabaseIsASnapshotInWhichEverybodyIsAbsent) {
  const auto file = Write({});
  const SnapshotView view = ViewOf(file);
  UserRecord user;
  GroupRecord group;
  std::span<const Gid> gids;
  EXPECT_EQ(view.FindUserByName("alice", user), Probe::kAbsent);
  EXPECT_EQ(view.FindUserById(2001, user), Probe::kAbsent);
  EXPECT_EQ(view.FindGroupByName("staff", group), Probe::kAbsent);
  EXPECT_EQ(view.FindGroupById(3001, group), Probe::kAbsent);
  EXPECT_EQ(view.FindGroupsOfUser("alice", gids), Probe::kAbsent);
  EXPECT_EQ(view.Users().Next(user), Probe::kAbsent);
  EXPECT_TRUE(VerifyWhole(view, test::Rules()));
}

// Enough for buckets that overflow, with several seeds.
TEST(Snapshot, EachOfManyAccountsIsFoundAndNoOther) {
  constexpr unsigned kUsers = 20'000;
  const Accounts accounts = ManyUsers(kUsers);
  for (const std::uint64_t seed : {0ULL, 1ULL, ~0ULL}) {
    const auto file = Write(accounts, 1, seed);
    const SnapshotView view = ViewOf(file);
    UserRecord user;
    std::span<const Gid> gids;
    for (const test::User& wanted : accounts.users) {
      ASSERT_EQ(view.FindUserByName(wanted.name, user), Probe::kFound);
      ASSERT_EQ(user.uid, wanted.uid);
      ASSERT_EQ(view.FindUserById(wanted.uid, user), Probe::kFound);
      ASSERT_EQ(user.name, wanted.name);
      ASSERT_EQ(view.FindUserByName(wanted.name + "x", user), Probe::kAbsent);
      ASSERT_EQ(view.FindUserById(wanted.uid + kUsers, user), Probe::kAbsent);
      ASSERT_EQ(view.FindGroupsOfUser(wanted.name, gids), Probe::kFound);
      ASSERT_EQ(gids.size(), 1U);
    }
    ASSERT_TRUE(VerifyWhole(view, test::Rules())) << VerifyWhole(view, test::Rules()).error();
    auto users = view.Users();
    unsigned count = 0;
    while (users.Next(user) == Probe::kFound) ASSERT_EQ(user.name, accounts.users[count++].name);
    EXPECT_EQ(count, kUsers);
  }
}

TEST(SnapshotWriter, AFullDiskIsAnErrorWithItsReason) {
  const int fd = open("/dev/full", O_RDWR | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  SnapshotWriter writer(fd);
  const std::string big(60'000, 'a');
  bool good = true;
  for (unsigned i = 0; good && i < 1000; ++i) {
    good = writer.AddUser({.name = "user" + std::to_string(i),
                           .password = "x",
                           .uid = 2000,
                           .gid = 2000,
                           .gecos = big,
                           .home = "/",
                           .shell = "/"});
  }
  EXPECT_FALSE(good);
  const auto result = writer.Finish({1, 0, 42});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(), testing::HasSubstr("No space left on device"));
  close(fd);
}

// RLIMIT_FSIZE stands for a disk that fills up at any point: also in the middle of the indices.
TEST(SnapshotWriter, RunningOutOfRoomAtAnyPointIsAnErrorAndNeverASignal) {
  const Accounts accounts = SmallSite();
  const std::size_t whole = Write(accounts).size();
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  for (std::size_t room = 0; room < whole; room += 8) {
    const int fd = memfd_create("snapshot", MFD_CLOEXEC);
    ASSERT_GE(fd, 0);
    const rlimit limit{room, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    SnapshotWriter writer(fd);
    for (const test::User& user : accounts.users) writer.AddUser(user.record());
    const auto result = writer.Finish({1, 0, 42});
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    close(fd);
    if (result) {
      EXPECT_LE(result->file_size, room);
    } else {
      EXPECT_THAT(result.error(), testing::HasSubstr("File too large"));
    }
  }
  std::signal(SIGXFSZ, handler);
}

// A writer of a memfd, which never gets shorter: its size tells the largest that it has been.
class Limited {
 public:
  explicit Limited(std::uint64_t most_bytes)
      : fd_(memfd_create("snapshot", MFD_CLOEXEC)), writer_(fd_, most_bytes) {}
  ~Limited() { close(fd_); }
  Limited(const Limited&) = delete;
  Limited& operator=(const Limited&) = delete;

  SnapshotWriter* operator->() { return &writer_; }
  std::uint64_t size() const {
    struct stat file {};
    return fstat(fd_, &file) == 0 ? static_cast<std::uint64_t>(file.st_size) : ~std::uint64_t{0};
  }
  // "" if it could be written.
  std::string Error() {
    const auto result = writer_.Finish({1, 0, 42});
    return result ? std::string() : result.error();
  }

 private:
  const int fd_;
  SnapshotWriter writer_;
};

// The number of the first call that returns false; 0: there is none up to `most`.
unsigned FirstRefused(unsigned most, const std::function<bool(unsigned)>& add) {
  for (unsigned i = 1; i <= most; ++i)
    if (!add(i)) return i;
  return 0;
}

// The pages of a memfd are nobody's: a host that runs out of memory would kill others for them.
TEST(SnapshotWriter, RowsWithoutEndAreNotWrittenWithoutEnd) {
  constexpr std::uint64_t kMost = 8U << 20;
  Limited file(kMost);
  const unsigned users = FirstRefused(1'000'000, [&](unsigned i) {
    return file->AddUser(test::User{.name = "user" + std::to_string(i), .uid = i}.record());
  });
  // 64 bytes, and two entries in buckets that have four each.
  constexpr auto kFit = static_cast<double>(kMost) / (64 + 2 * 16);
  EXPECT_NEAR(users, kFit, 100);
  EXPECT_LE(file.size(), kMost);
  EXPECT_FALSE(file->AddUser(test::User{.name = "alice"}.record()));
  EXPECT_FALSE(file->SetOwner(1, "alice"));
  EXPECT_FALSE(file->AddGroup({"staff", "x", 3001, {}}));
  EXPECT_EQ(file.Error(), "more than 8388608 bytes with " + std::to_string(users) +
                              " users, 0 groups, 0 members and 0 rows left out; see whether a view "
                              "joins without ON");
  EXPECT_LE(file.size(), kMost);
}

// A cross join gives the same names again and again.
TEST(SnapshotWriter, RowsOfOneNameWithoutEndAreNotWrittenWithoutEnd) {
  constexpr std::uint64_t kMost = 2U << 20;
  Limited users(kMost);
  const UserRecord alice{"alice", "x", 2001, 2001, "", "/home/alice", "/bin/sh"};
  EXPECT_NE(FirstRefused(100'000, [&](unsigned) { return users->AddUser(alice); }), 0U);
  EXPECT_LE(users.size(), kMost);
  Limited groups(kMost);
  const GroupRecord staff{"staff", "x", 3001, {}};
  EXPECT_NE(FirstRefused(100'000, [&](unsigned) { return groups->AddGroup(staff); }), 0U);
  EXPECT_LE(groups.size(), kMost);
}

TEST(SnapshotWriter, FileGetsAsLargeAsItMayAndAtNoMomentLarger) {
  const Accounts accounts = SmallSite();
  const std::uint64_t whole = Write(accounts).size();
  for (std::uint64_t most = 0; most <= whole + 64; most += 8) {
    Limited file(most);
    for (const test::User& user : accounts.users) file->AddUser(user.record());
    for (const test::Group& group : accounts.groups) {
      std::string members;
      for (const std::string& member : group.members) members += member + '\0';
      file->AddGroup({group.name, "x", group.gid, {members, group.members.size()}});
    }
    const std::string error = file.Error();
    EXPECT_LE(file.size(), most);
    EXPECT_EQ(error.empty(), most >= whole) << most << ' ' << error;
  }
}

TEST(SnapshotWriter, MemoryBesideTheFileHasAnEndToo) {
  constexpr std::uint64_t kMost = 1U << 20;
  // Two bytes in the file, and sixteen beside it, each.
  std::string members;
  for (int i = 0; i < 1000; ++i) members += std::string("a\0", 2);
  Limited memberships(kMost);
  EXPECT_EQ(FirstRefused(1000,
                         [&](unsigned i) {
                           const std::string name = "group" + std::to_string(i);
                           return memberships->AddGroup({name, "x", i, {members, 1000}});
                         }),
            kMost / 16 / 1000 + 1);
  EXPECT_THAT(memberships.Error(), testing::HasSubstr("66 groups, 66000 members"));
  Limited owners(kMost);
  const std::string name(200, 'a');
  EXPECT_NE(FirstRefused(kMost / 200, [&](unsigned i) { return owners->SetOwner(i, name); }), 0U);
}

TEST(SnapshotWriter, RowsThatAreRefusedHaveAnEndToo) {
  constexpr std::uint64_t kMost = 1U << 20;
  Limited file(kMost);
  const test::User user{.name = "alice", .gecos = std::string(70'000, 'a')};
  EXPECT_EQ(FirstRefused(kMost, [&](unsigned) { return file->AddUser(user.record()); }),
            kMost / 32 + 1);
  EXPECT_THAT(file.Error(), testing::HasSubstr("32769 rows left out"));
}

TEST(SnapshotWriter, RefusesUsersBehindGroupsAndGenerationZero) {
  const int fd = memfd_create("snapshot", MFD_CLOEXEC);
  ASSERT_GE(fd, 0);
  SnapshotWriter writer(fd);
  EXPECT_FALSE(writer.Finish({0, 0, 42}));
  SnapshotWriter another(fd);
  EXPECT_TRUE(another.AddGroup({"staff", "x", 3001, {}}));
  EXPECT_FALSE(another.AddUser(test::User{.name = "alice"}.record()));
  EXPECT_FALSE(another.Finish({1, 0, 42}));
  close(fd);
}

TEST(Writer, ASignalDoesNotEndIt) {
  test::g_faults.interrupted_allocations = 3;
  const std::vector<char> file = test::Write(test::SmallSite());
  EXPECT_EQ(test::g_faults.interrupted_allocations, 0);
  EXPECT_EQ(file, test::Write(test::SmallSite()));
}

}  // namespace
}  // namespace sqlmap
