#include "common/login/access.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sqlmap {
namespace {

using enum LoginVerdict;

constexpr char kDown[] = "the database did not answer in time";

struct Lists {
  std::vector<std::string> allow_users = {};
  std::vector<std::string> deny_users = {};
  std::vector<ListedGroup> allow_groups = {};
  std::vector<ListedGroup> deny_groups = {};
};

LoginAnswer Judge(const Lists& lists, const AccessFacts& facts) {
  return JudgeAccess({lists.allow_users, lists.deny_users, lists.allow_groups, lists.deny_groups},
                     "shop", facts);
}

const std::vector<Gid> kGids = {5000, 6000};

TEST(AccessTest, ListsLetInWhomTheyNameAndDenyWins) {
  const ListedGroup staff{"staff", 6000};
  const ListedGroup own{"shop", 5000};
  const ListedGroup other{"other", 7000};
  const ListedGroup nowhere{"nowhere", std::nullopt};
  struct {
    const char* what;
    Lists lists;
    LoginVerdict verdict;
    const char* reason;
  } const cases[] = {
      {"no lists", {}, kAccepted, ""},
      {"denied by name",
       {.deny_users = {"a", "shop"}},
       kAccessDenied,
       "access.deny_users names it"},
      {"another is denied", {.deny_users = {"a", "shopx", "sho", "SHOP", ""}}, kAccepted, ""},
      {"denied by a group",
       {.deny_groups = {other, staff}},
       kAccessDenied,
       "access.deny_groups names its group staff"},
      {"denied by its own group",
       {.deny_groups = {own}},
       kAccessDenied,
       "access.deny_groups names its group shop"},
      {"another group is denied", {.deny_groups = {other, nowhere}}, kAccepted, ""},
      {"allowed by name", {.allow_users = {"a", "shop"}}, kAccepted, ""},
      {"another is allowed",
       {.allow_users = {"a"}},
       kAccessDenied,
       "neither access.allow_users names it nor access.allow_groups a group of its"},
      {"allowed by a group", {.allow_groups = {other, staff}}, kAccepted, ""},
      {"another group is allowed",
       {.allow_groups = {other}},
       kAccessDenied,
       "neither access.allow_users names it nor access.allow_groups a group of its"},
      {"a group that is nowhere is allowed",
       {.allow_groups = {nowhere}},
       kAccessDenied,
       "neither access.allow_users names it nor access.allow_groups a group of its"},
      {"one allow list is enough", {.allow_users = {"a"}, .allow_groups = {staff}}, kAccepted, ""},
      {"the other one is enough",
       {.allow_users = {"shop"}, .allow_groups = {other}},
       kAccepted,
       ""},
      {"denied and allowed by name",
       {.allow_users = {"shop"}, .deny_users = {"shop"}},
       kAccessDenied,
       "access.deny_users names it"},
      {"denied by group, allowed by name",
       {.allow_users = {"shop"}, .deny_groups = {staff}},
       kAccessDenied,
       "access.deny_groups names its group staff"},
      {"denied by name, allowed by group",
       {.deny_users = {"shop"}, .allow_groups = {staff}},
       kAccessDenied,
       "access.deny_users names it"},
  };
  for (const auto& c : cases) {
    const LoginAnswer answer = Judge(c.lists, {.gids = kGids});
    EXPECT_EQ(answer.verdict, c.verdict) << c.what;
    EXPECT_STREQ(answer.reason, c.reason) << c.what;
  }
}

TEST(AccessTest, AccountWhoseGroupsNobodyKnowsIsNotLetInByThem) {
  const ListedGroup staff{"staff", 6000};
  struct {
    const char* what;
    Lists lists;
    LoginVerdict verdict;
  } const cases[] = {
      {"deny_groups might name it", {.deny_groups = {staff}}, kUndecided},
      {"... although it is allowed by name",
       {.allow_users = {"shop"}, .deny_groups = {{"staff", std::nullopt}}},
       kUndecided},
      {"allow_groups might name it", {.allow_groups = {staff}}, kUndecided},
      {"it is allowed by name", {.allow_users = {"shop"}, .allow_groups = {staff}}, kAccepted},
      {"it is denied by name", {.deny_users = {"shop"}, .deny_groups = {staff}}, kAccessDenied},
      {"lists of users ask for no groups", {.allow_users = {"a"}}, kAccessDenied},
  };
  for (const auto& c : cases) {
    const LoginAnswer answer = Judge(c.lists, {.gids = {}, .groups_unknown = kDown});
    EXPECT_EQ(answer.verdict, c.verdict) << c.what;
    if (c.verdict != kUndecided) continue;
    EXPECT_EQ(std::string(answer.reason),
              std::string("the groups that [access] asks for are not known: ") + kDown);
  }
}

TEST(AccessTest, QueryLetsInByARowThatDoesNotSayNo) {
  struct {
    AccessRow row;
    LoginVerdict verdict;
    const char* reason;
  } const cases[] = {
      {AccessRow::kNotAsked, kAccepted, ""},
      {AccessRow::kYes, kAccepted, ""},
      {AccessRow::kNone, kAccessDenied, "the access query gave no row"},
      {AccessRow::kNo, kAccessDenied, "the access query gave a row whose column allowed is not 1"},
      {AccessRow::kUnknown, kUndecided,
       "the access query failed: the database did not answer in time"},
  };
  for (const auto& c : cases) {
    const AccessFacts facts{.gids = kGids, .row = c.row, .row_unknown = kDown};
    const LoginAnswer answer = Judge({}, facts);
    EXPECT_EQ(answer.verdict, c.verdict) << c.reason;
    EXPECT_STREQ(answer.reason, c.reason);
    EXPECT_EQ(Judge({.allow_users = {"shop"}}, facts).verdict, c.verdict) << c.reason;
    EXPECT_EQ(Judge({.deny_users = {"shop"}}, facts).verdict, kAccessDenied)
        << "no row lets in whom a list denies";
  }
}

TEST(AccessTest, NameOfAGroupForgesNoLineInTheLog) {
  const LoginAnswer answer = Judge({.deny_groups = {{"a\nroot logged in", 5000}}}, {.gids = kGids});
  EXPECT_STREQ(answer.reason, "access.deny_groups names its group \"a?root logged in\"");
}

}  // namespace
}  // namespace sqlmap
