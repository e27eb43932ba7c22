// What the fake plugin knows, and what it shall do wrong. The plugin owns the table and fills it
// with the accounts of FillWithAccounts; a test in the same process reaches it through
// kFakeTableSymbol and may change it between look-ups.
#ifndef SQLMAP_TESTS_NSS_FAKE_TABLE_H_
#define SQLMAP_TESTS_NSS_FAKE_TABLE_H_

#include <atomic>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "common/account/answer.h"
#include "common/account/record.h"

namespace sqlmap {

struct FakeUser {
  std::string name;
  Uid uid = 0;
  Gid gid = 0;
  std::string password = "x";
  std::string gecos = "";
  std::string home = "/";
  std::string shell = "/bin/sh";
};

struct FakeGroup {
  std::string name;
  Gid gid = 0;
  std::string members = "";  // as in NameList
  std::string password = "x";
};

struct FakeShadow {
  std::string name;
  std::string hash;
  std::int64_t lstchg = -1;
};

struct FakeMembership {
  std::string name;
  std::vector<Gid> gids;
};

struct FakeTable {
  std::vector<FakeUser> users;
  std::vector<FakeGroup> groups;
  std::vector<FakeShadow> shadows;
  std::vector<FakeMembership> memberships;

  Answer answer = Answer::Found();  // anything but found: the answer to every question and the
                                    // outcome of opening a walk
  bool impostor = false;            // answers every question by key with the first row of the map
  bool silent = false;              // says found, but gives no record
  std::size_t claimed_gids = 0;     // not 0: the number of groups that FindGroupsOfUser claims
  std::size_t break_after =
      std::numeric_limits<std::size_t>::max();  // rows until a walk breaks off

  std::atomic<int> questions = 0;     // asked so far, walks included
  std::atomic<int> open_cursors = 0;  // walks that nobody has closed
  std::atomic<bool> hold = false;     // a walk's next row takes until this is false again
  std::atomic<int> held = 0;          // threads that are held
  std::atomic<int> held_rounds =
      0;  // grows as long as a thread is held, and lets itself be cancelled
};

inline constexpr char kFakeTableSymbol[] = "sqlmap_fake_table";
using FakeTableEntry = FakeTable* (*)();

// alice and bob, a group of both and one of nobody, a shadow row.
inline void FillWithAccounts(FakeTable& table) {
  table.users = {
      {"alice", 10001, 10001, "x", "Alice,,,", "/home/alice", "/bin/bash"},
      {"shop.acme.example", 10002, 10000, "x", "", "/var/aegir/shop", "/usr/sbin/nologin"}};
  table.groups = {{"web", 10000, std::string("alice\0shop.acme.example\0", 24)}, {"empty", 10003}};
  table.shadows = {{"alice", "$y$j9T$salt$hash", 19000}};
  table.memberships = {{"alice", {10000, 10001, 10003}}};
}

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_NSS_FAKE_TABLE_H_
