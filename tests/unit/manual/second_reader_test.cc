// Whether sqlmapd.snapshot(5) is enough: a reader that was written from the page alone. It shares
// nothing with the first one but libxxhash; its numbers are the page's.
#include <gtest/gtest.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshots.h"

namespace sqlmap {
namespace {

using std::uint16_t;
using std::uint32_t;
using std::uint64_t;

enum Index : std::uint8_t { kUserByName, kUserByUid, kGroupByName, kGroupByGid, kGidsByUserName };
enum Section : std::uint8_t { kUsers, kGroups, kMemberships };

struct Damaged {};

class SecondReader {
 public:
  explicit SecondReader(std::string file) : file_(std::move(file)) {
    if (file_.size() < 256 || file_.substr(0, 8) != "SQLMAPSN" || At<uint32_t>(8) != 1 ||
        At<uint32_t>(12) != 256 || At<uint64_t>(16) != file_.size() ||
        CheckOf(0, 256, 252, 0) != At<uint32_t>(252)) {
      throw Damaged();
    }
  }

  // Offsets of the records that have the key.
  std::vector<uint64_t> Find(Index index, std::string_view key, Section section) const {
    const uint64_t hash = XXH3_64bits_withSeed(key.data(), key.size(), seed());
    const uint64_t begin = At<uint64_t>(120 + 16 * uint64_t{index});
    const uint64_t buckets = At<uint32_t>(120 + 16 * uint64_t{index} + 8);
    std::vector<uint64_t> found;
    uint64_t number = ((hash >> 32) * buckets) >> 32;
    for (uint64_t visited = 0; visited < buckets; ++visited, number = (number + 1) % buckets) {
      const uint64_t bucket = begin + 64 * number;
      for (unsigned i = 0; i < 7; ++i) {
        const uint64_t position = At<uint32_t>(bucket + 32 + 4 * i);
        if (position == 0 || At<uint32_t>(bucket + 4 * i) != (hash & 0xffffffff)) continue;
        ExpectSound(32 * position, section);
        if (KeyOf(index, 32 * position) == key) found.push_back(32 * position);
      }
      if (!found.empty()) return found;
      if (CheckOf(bucket, 64, bucket + 60, seed() + number) != At<uint32_t>(bucket + 60))
        throw Damaged();
      if ((At<uint32_t>(bucket + 28) & 1) == 0) return found;
    }
    return found;
  }

  // "alice x 1000 1000 gecos /home/alice /bin/sh".
  std::optional<std::string> User(Index index, std::string_view key) const {
    for (const uint64_t at : Find(index, key, kUsers)) {
      if (index == kUserByName || (At<uint16_t>(at + 26) & 1) != 0) return UserAt(at);
    }
    return std::nullopt;
  }

  std::vector<std::string> Users() const {
    std::vector<std::string> all;
    const uint64_t end = At<uint64_t>(48) + At<uint64_t>(56);
    for (uint64_t at = At<uint64_t>(48); at < end; at += At<uint32_t>(at + 4)) {
      ExpectSound(at, kUsers);
      if ((At<uint16_t>(at + 26) & 2) == 0) all.push_back(UserAt(at));
    }
    return all;
  }

  std::vector<std::string> Members(std::string_view group) const {
    std::vector<std::string> members;
    for (const uint64_t at : Find(kGroupByName, group, kGroups)) {
      uint64_t text = at + 28;
      for (uint32_t i = 0; i < At<uint32_t>(at + 12); ++i, text += members.back().size() + 1)
        members.emplace_back(file_.c_str() + text);
    }
    return members;
  }

  std::vector<uint32_t> GidsOf(std::string_view user) const {
    std::vector<uint32_t> gids;
    for (const uint64_t at : Find(kGidsByUserName, user, kMemberships)) {
      for (uint32_t i = 0; i < At<uint32_t>(at + 8); ++i)
        gids.push_back(At<uint32_t>(at + 16 + 4 * i));
    }
    return gids;
  }

 private:
  template <class Number>
  Number At(uint64_t offset) const {
    Number number;
    if (offset > file_.size() || sizeof number > file_.size() - offset) throw Damaged();
    std::memcpy(&number, file_.data() + offset, sizeof number);
    return number;
  }
  uint64_t seed() const { return At<uint64_t>(40); }

  // The check of `size` bytes, in which the four bytes at `own` count as 0.
  uint32_t CheckOf(uint64_t begin, uint64_t size, uint64_t own, uint64_t seed) const {
    constexpr uint64_t kK = 0x9e3779b97f4a7c15;
    constexpr uint64_t kL = 0xbf58476d1ce4e5b9;
    if (begin > file_.size() || size > file_.size() - begin) throw Damaged();
    std::string bytes = file_.substr(begin, size);
    bytes.replace(own - begin, 4, 4, '\0');
    uint64_t a[2] = {seed, seed};
    uint64_t b[2] = {0, 0};
    for (uint64_t at = 0; at < size; at += 8) {
      uint64_t word = 0;
      std::memcpy(&word, bytes.data() + at, 8);
      a[at / 8 % 2] += word;
      b[at / 8 % 2] += a[at / 8 % 2];
    }
    const uint64_t s = (b[0] + a[0] + std::rotl(a[0], 32)) * kK + b[1] + a[1] + std::rotl(a[1], 32);
    return static_cast<uint32_t>(((s ^ (s >> 29)) * kL) >> 32);
  }

  void ExpectSound(uint64_t at, Section section) const {
    const uint64_t begin = At<uint64_t>(48 + 24 * uint64_t{section});
    const uint64_t end = begin + At<uint64_t>(48 + 24 * uint64_t{section} + 8);
    if (at < begin || at >= end) throw Damaged();
    const uint32_t size = At<uint32_t>(at + 4);
    if (size == 0 || size % 32 != 0 || size > end - at ||
        CheckOf(at, size, at, seed() + at) != At<uint32_t>(at))
      throw Damaged();
  }

  std::string KeyOf(Index index, uint64_t at) const {
    switch (index) {
      case kUserByName:
        return file_.substr(at + 28, At<uint16_t>(at + 16));
      case kUserByUid:
      case kGroupByGid:
        return file_.substr(at + 8, 4);
      case kGroupByName:
        return file_.substr(at + 28 + At<uint32_t>(at + 16), At<uint16_t>(at + 20));
      case kGidsByUserName:
        break;
    }
    return file_.substr(at + 16 + 4 * At<uint32_t>(at + 8), At<uint16_t>(at + 12));
  }

  std::string UserAt(uint64_t at) const {
    std::string texts[5];
    uint64_t text = at + 28;
    for (unsigned i = 0; i < 5; ++i) {
      texts[i] = file_.substr(text, At<uint16_t>(at + 16 + 2 * i));
      text += texts[i].size() + 1;
    }
    return texts[0] + " " + texts[1] + " " + std::to_string(At<uint32_t>(at + 8)) + " " +
           std::to_string(At<uint32_t>(at + 12)) + " " + texts[2] + " " + texts[3] + " " + texts[4];
  }

  std::string file_;
};

std::string LineOf(const test::User& user) {
  return user.name + " " + user.password + " " + std::to_string(user.uid) + " " +
         std::to_string(user.gid) + " " + user.gecos + " " + user.home + " " + user.shell;
}

std::string Bytes(uint32_t id) {
  std::string bytes(sizeof id, '\0');
  std::memcpy(bytes.data(), &id, sizeof id);
  return bytes;
}

std::string FileOf(const test::Accounts& accounts) {
  const std::vector<char> file = test::Write(accounts);
  return {file.begin(), file.end()};
}

TEST(SecondReader, FindsEveryUserByNameAndUidAndNobodyElse) {
  const test::Accounts accounts = test::ManyUsers(5000);
  const SecondReader reader(FileOf(accounts));
  for (const test::User& user : accounts.users) {
    EXPECT_EQ(reader.User(kUserByName, user.name), LineOf(user));
    EXPECT_EQ(reader.User(kUserByUid, Bytes(user.uid)), LineOf(user));
    EXPECT_FALSE(reader.User(kUserByName, user.name + "x"));
  }
  EXPECT_FALSE(reader.User(kUserByUid, Bytes(7)));
  EXPECT_EQ(reader.Users().size(), accounts.users.size());
}

TEST(SecondReader, FindsMembersOfGroupsAndGroupsOfUsers) {
  const test::Accounts accounts = test::SmallSite();
  const SecondReader reader(FileOf(accounts));
  for (const test::Group& group : accounts.groups) {
    EXPECT_EQ(reader.Members(group.name), group.members);
    for (const std::string& member : group.members) {
      const std::vector<uint32_t> gids = reader.GidsOf(member);
      EXPECT_NE(std::find(gids.begin(), gids.end(), group.gid), gids.end()) << member;
    }
  }
  EXPECT_TRUE(reader.GidsOf("nobody-here").empty());
}

TEST(SecondReader, TellsDamageFromAnAnswer) {
  const test::Accounts accounts = test::SmallSite();
  const std::string file = FileOf(accounts);
  unsigned damaged = 0;
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string bad = file;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    for (const test::User& user : accounts.users) {
      try {
        EXPECT_EQ(SecondReader(bad).User(kUserByName, user.name), LineOf(user)) << i;
      } catch (const Damaged&) {
        ++damaged;
      }
    }
  }
  EXPECT_GT(damaged, 0U);
}

}  // namespace
}  // namespace sqlmap
