#include "daemon/ask.h"

#include <gtest/gtest.h>

#include <string>

#include "common/wire/answer_encoder.h"

namespace sqlmap {
namespace {

std::string User(std::string_view name) {
  UserRecord user{};
  user.name = name;
  user.uid = user.gid = 1001;
  std::string bytes;
  EXPECT_TRUE(AppendUser(user, bytes));
  return bytes;
}

std::string Group(std::string_view name, const std::string& members, std::uint32_t count) {
  GroupRecord group{};
  group.name = name;
  group.gid = 1002;
  group.members = {members, count};
  std::string bytes;
  EXPECT_TRUE(AppendGroup(group, bytes));
  return bytes;
}

TEST(IsAbout, FlushOfANameFindsAllThatIsRememberedOfItAndNothingElse) {
  using namespace std::string_literals;
  const std::string alice = User("alice");
  const std::string bob = User("bob");
  const std::string staff = Group("staff", "bob\0alice\0"s, 2);
  const std::string guests = Group("guests", "bob\0alicent\0"s, 2);
  const auto key = [](RequestKind kind, std::uint32_t id, const char* name) {
    return Question{kind, id, name}.Key();
  };
  struct Row {
    std::string question;
    const std::string* found;
    bool about;
  };
  const Row rows[] = {
      {key(RequestKind::kUserByName, 0, "alice"), &alice, true},
      {key(RequestKind::kUserByName, 0, "alice"), nullptr, true},
      {key(RequestKind::kUserByName, 0, "ALICE"), nullptr, false},
      {key(RequestKind::kUserByName, 0, "bob"), &bob, false},
      {key(RequestKind::kUserByName, 0, "bob"), nullptr, false},
      {key(RequestKind::kUserById, 1001, ""), &alice, true},
      {key(RequestKind::kUserById, 1001, ""), &bob, false},
      {key(RequestKind::kUserById, 1001, ""), nullptr, true},
      {key(RequestKind::kGroupsOfUser, 0, "alice"), &alice, true},
      // The name may be a group's: bob may have come in, or gone.
      {key(RequestKind::kGroupsOfUser, 0, "bob"), &alice, true},
      {key(RequestKind::kGroupsOfUser, 0, "bob"), nullptr, true},
      {key(RequestKind::kGroupByName, 0, "alice"), nullptr, true},
      {key(RequestKind::kGroupByName, 0, "staff"), &staff, true},
      {key(RequestKind::kGroupByName, 0, "guests"), &guests, false},
      {key(RequestKind::kGroupById, 1002, ""), &staff, true},
      {key(RequestKind::kGroupById, 1002, ""), &guests, false},
      {key(RequestKind::kGroupById, 1002, ""), nullptr, true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(IsAbout("alice", row.question, row.found), row.about)
        << row.question << (row.found == nullptr ? " absent" : " found");
  }
}

}  // namespace
}  // namespace sqlmap
