#include <gtest/gtest.h>

#include "ctl/check/tally.h"

namespace sqlmap {
namespace {

// "? uids: what" of each.
std::vector<std::string> Lines(const Findings& findings) {
  std::vector<std::string> lines;
  for (const Finding& finding : findings.list()) {
    const char* const mark = finding.level == Level::kOk        ? "+ "
                             : finding.level == Level::kWarning ? "? "
                                                                : "! ";
    lines.push_back(mark + finding.subject + ": " + finding.what);
  }
  return lines;
}

using List = std::vector<std::string>;

TEST(NameTally, WhatIsThereTwiceIsNamedOnce) {
  NameTally users("uid");
  for (const char* const name : {"bob", "alice", "bob", "bob", "carol"}) users.Add(name, 7);
  users.Add("dave", 8);
  Findings findings("data");
  users.Report({}, findings);
  EXPECT_EQ(Lines(findings), (List{"! user names: 1 name is there more than once: bob",
                                   "? uids: 1 uid is shared: 7 (alice, bob, carol)"}));
  EXPECT_EQ(users.Ids(), (std::vector<std::uint32_t>{7, 8}));
}

TEST(NameTally, AnAccountThatIsThereTwiceSharesItsIdWithNobody) {
  NameTally groups("gid");
  groups.Add("staff", 7);
  groups.Add("staff", 7);
  Findings findings("data");
  groups.Report({}, findings);
  EXPECT_EQ(Lines(findings), (List{"! group names: 1 name is there more than once: staff",
                                   "+ gids: each is there once"}));
}

TEST(NameTally, AUidThatMayBeSharedIsNoWarningAndMoreThanThreeAreNotListed) {
  NameTally users("uid");
  for (const char* const name : {"a", "b", "c", "d"}) users.Add(name, 998);
  const std::uint32_t meant[] = {998};
  Findings findings("data");
  users.Report(meant, findings);
  EXPECT_EQ(Lines(findings), (List{"+ user names: each is there once",
                                   "+ uids: shared as allow_uids says: 998 (a, b, c, ...)"}));
}

TEST(BadRows, RowsWithTheSameMistakeAreOneLineThatNamesTwentyOfThem) {
  BadRows bad;
  for (char name = 'a'; name <= 'u'; ++name) {
    bad.Add({std::string(1, name),
             "uid " + std::to_string(name) + " is outside what [accounts] allows"});
  }
  bad.Add({"?", "username is NULL"});
  Findings findings("data");
  bad.Report("getpwent", findings);
  EXPECT_EQ(
      Lines(findings),
      (List{"? getpwent: 21 rows are left out: uid 97 is outside what [accounts] allows (a, b, c, "
            "d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, ...)",
            "? getpwent: 1 row is left out: username is NULL (?)"}));
}

TEST(BadRows, ADatabaseFullOfDifferentMistakesIsNoPage) {
  BadRows bad;
  for (char letter = 'a'; letter <= 'z'; ++letter) bad.Add({"x", std::string(3, letter)});
  Findings findings("data");
  bad.Report("getpwent", findings);
  EXPECT_EQ(findings.list().size(), 21U);
}

TEST(Hashes, AreCountedAsALoginWouldTakeThem) {
  AuthSettings settings;
  settings.max_rows = 2;
  settings.schemes.Add(PasswordScheme::kSha1);
  settings.plain_hash_scheme = PasswordScheme::kMd5;
  HashTally tally(settings);
  const auto account = [&](std::initializer_list<std::optional<std::string_view>> hashes) {
    tally.Begin();
    for (const auto& hash : hashes) {
      AuthRow row{};
      row.name = "x";
      row.hash = hash;
      tally.Add(row);
    }
    tally.End();
  };
  const std::string_view bcrypt = "$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu";
  account({bcrypt});
  account({bcrypt.substr(0, 20)});
  account({std::nullopt, "", "!"});
  account({"{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00="});
  account({"$1$saltstri$CVtlMpOHug1.jDUbVpFvB1", "5f4dcc3b5aa765d61d8327deb882cf99"});
  account({"$9$cisco$cisco"});
  account({});
  Findings findings("data");
  tally.Report(100, findings);
  EXPECT_EQ(
      Lines(findings),
      (List{"+ passwords: of 7 accounts out of 100: 1 strong hash, 3 locked or NULL, 1 without a "
            "row",
            "? passwords: 2 hashes are not recognised, or cut off: no password opens that",
            "? passwords: refused by [auth] schemes: 1 md5, 1 md5crypt",
            "? passwords: accepted, though weak: 1 sha1",
            "? passwords: 1 account has more rows than [auth] max_rows"}));
}

TEST(Shells, OnlyThoseThatOpenNothingMayBeMissingInTheList) {
  const auto allowed = ShellsIn("# shells\n/bin/sh\n /bin/bash # usual\nbash\n\n");
  EXPECT_EQ(allowed, (std::set<std::string, std::less<>>{"/bin/bash", "/bin/sh"}));
  ShellTally good;
  for (const char* const shell : {"/bin/sh", "/usr/sbin/nologin", "/bin/false"}) good.Add(shell);
  ShellTally bad = good;
  for (const char* const shell : {"/bin/zsh", "/bin/zsh", "/bin/fish"}) bad.Add(shell);
  Findings findings("data");
  good.Report(allowed, findings);
  bad.Report(allowed, findings);
  EXPECT_EQ(Lines(findings),
            (List{"+ shells: all are in /etc/shells, or say no login",
                  "? shells: 3 accounts have one that is not in /etc/shells: /bin/fish (1 "
                  "account), /bin/zsh (2 accounts)"}));
}

TEST(Groups, OneThatIsTheHostsOwnIsSomebodys) {
  const LocalIds local = LocalIds::Parse("users:x:100:\n");
  const std::uint32_t used[] = {100, 20000, 20001};
  const std::uint32_t there[] = {20000};
  Findings findings("data");
  ReportGroups(used, there, local, findings);
  EXPECT_EQ(Lines(findings), (List{"? primary groups: 1 gid is nobody's: 20001"}));
}

}  // namespace
}  // namespace sqlmap
