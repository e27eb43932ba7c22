#include "common/snapshot/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>

#include "common/account/local_ids.h"
#include "common/snapshot/check.h"
#include "snapshots.h"

namespace sqlmap {
namespace {

using test::Accounts;
using test::Rules;
using test::SmallSite;
using test::ViewOf;
using test::Write;
using testing::HasSubstr;

std::string WhatIsWrong(const std::vector<char>& file) {
  const auto result = VerifyWhole(ViewOf(file), Rules());
  return result ? "" : result.error();
}

TEST(VerifyWhole, PassesWhatTheWriterWrites) { EXPECT_EQ(WhatIsWrong(Write(SmallSite())), ""); }

// The child could write anything that the writer can.
TEST(VerifyWhole, PublishesNoRowThatBreaksTheRules) {
  const auto with_user = [](const test::User& user) {
    Accounts accounts = SmallSite();
    accounts.users.push_back(user);
    return WhatIsWrong(Write(accounts));
  };
  EXPECT_EQ(with_user({.name = "fine", .uid = 2009}), "");
  for (const test::User& user :
       {test::User{.name = "toor", .uid = 0}, test::User{.name = "toor", .uid = 999},
        test::User{.name = "toor", .uid = 2009, .gid = 0}, test::User{.name = "root", .uid = 2009},
        test::User{.name = "a:b", .uid = 2009}, test::User{.name = "-rf", .uid = 2009},
        test::User{.name = "toor", .uid = 2009, .gecos = "a\nroot::0:0"},
        test::User{.name = "toor", .uid = 2009, .home = "home"},
        test::User{.name = "toor", .uid = 2009, .shell = ""},
        test::User{.name = "toor", .uid = 4294967295U}}) {
    EXPECT_THAT(with_user(user), HasSubstr("user breaks the rules, number 6")) << user.name;
  }
  const auto with_group = [](const test::Group& group) {
    Accounts accounts = SmallSite();
    accounts.groups.push_back(group);
    return WhatIsWrong(Write(accounts));
  };
  EXPECT_EQ(with_group({"fine", 3009, {"alice"}}), "");
  for (const test::Group& group :
       {test::Group{"sudo", 3009, {}}, test::Group{"extra", 27, {}},
        test::Group{"extra", 3009, {"root"}}, test::Group{"extra", 3009, {"a,b"}}}) {
    EXPECT_THAT(with_group(group), HasSubstr("group breaks the rules, number 5")) << group.name;
  }
}

TEST(VerifyWhole, PublishesNoLocalNameButForThatAccountOfWhichAMemberMayBe) {
  const LocalIds users = LocalIds::Parse("aegir:x:2009:\nubuntu:x:1900:\n");
  const LocalIds groups = LocalIds::Parse("aegir:x:3009:\nsupport:x:1900:\n");
  constexpr std::array<std::uint32_t, 2> kAlso{2009, 3009};
  SnapshotRules rules = Rules();
  rules.uids.local = &users;
  rules.gids.local = &groups;
  rules.uids.also = rules.gids.also = kAlso;
  const auto verdict = [&](const test::User& user, const test::Group& group) {
    Accounts accounts = SmallSite();
    accounts.users.push_back(user);
    accounts.groups.push_back(group);
    const auto file = Write(accounts);
    const auto result = VerifyWhole(ViewOf(file), rules);
    return result ? "" : result.error();
  };
  EXPECT_EQ(verdict({.name = "aegir", .uid = 2009, .gid = 3009}, {"aegir", 3009, {"ubuntu"}}), "");
  EXPECT_THAT(verdict({.name = "ubuntu", .uid = 2010, .gid = 3009}, {"fine", 3010, {}}),
              HasSubstr("user breaks the rules, number 6"));
  EXPECT_THAT(verdict({.name = "aegir", .uid = 2010, .gid = 3009}, {"fine", 3010, {}}),
              HasSubstr("user breaks the rules, number 6"));
  EXPECT_THAT(verdict({.name = "support", .uid = 2010, .gid = 3009}, {"support", 3010, {}}),
              HasSubstr("group breaks the rules, number 5"));
  EXPECT_EQ(verdict({.name = "admin", .uid = 2010, .gid = 3009}, {"fine", 3010, {"admin"}}), "");
  EXPECT_THAT(verdict({.name = "admin", .uid = 2010, .gid = 3009}, {"admin", 3010, {}}),
              HasSubstr("group breaks the rules, number 5"));
}

// A forged file: `change` alters it, and every check is made right again.
class Forgery {
 public:
  Forgery() : file_(Write(SmallSite())), header_(Get<snapshot::Header>(0)) {}

  template <class Part>
  Part Get(std::uint64_t offset) const {
    Part part;
    std::memcpy(&part, file_.data() + offset, sizeof part);
    return part;
  }
  template <class Part>
  void Put(std::uint64_t offset, const Part& part) {
    std::memcpy(file_.data() + offset, &part, sizeof part);
  }
  const snapshot::Header& header() const { return header_; }
  std::uint64_t BucketAt(snapshot::Table table) const {
    return header_.indices[static_cast<std::size_t>(table)].offset;
  }
  void PutBucket(snapshot::Table table, std::uint64_t number, snapshot::Bucket bucket) {
    bucket.check = snapshot::CheckBefore(&bucket, sizeof bucket, header_.seed + number);
    Put(BucketAt(table) + number * sizeof bucket, bucket);
  }
  void PutHeader(snapshot::Header header) {
    header.check = snapshot::CheckBefore(&header, sizeof header, 0);
    Put(0, header);
  }
  // The first bucket that holds at least two entries.
  std::uint64_t FullBucket(snapshot::Table table) const {
    const snapshot::Index& index = header_.indices[static_cast<std::size_t>(table)];
    for (std::uint64_t number = 0; number < index.buckets; ++number) {
      if (GetBucket(table, number).positions[1] != 0) return number;
    }
    ADD_FAILURE() << "no such bucket";
    return 0;
  }
  snapshot::Bucket GetBucket(snapshot::Table table, std::uint64_t number) const {
    return Get<snapshot::Bucket>(BucketAt(table) + number * sizeof(snapshot::Bucket));
  }
  std::string Verdict() const { return WhatIsWrong(file_); }

 private:
  std::vector<char> file_;
  snapshot::Header header_;
};

TEST(VerifyWhole, EachIndexLeadsToTheRightRecordsAndNoOthers) {
  using snapshot::Table;
  for (const Table table : {Table::kUserByName, Table::kUserByUid, Table::kGroupByName,
                            Table::kGroupByGid, Table::kGidsByUserName}) {
    Forgery missing;
    const std::uint64_t number = missing.FullBucket(table);
    auto bucket = missing.GetBucket(table, number);
    bucket.positions[0] = 0;
    missing.PutBucket(table, number, bucket);
    EXPECT_NE(missing.Verdict(), "") << "one entry less in table " << static_cast<int>(table);

    Forgery extra;
    bucket = extra.GetBucket(table, number);
    std::size_t free = 0;
    while (free < snapshot::kBucketEntries && bucket.positions[free] != 0) ++free;
    ASSERT_LT(free, snapshot::kBucketEntries);
    bucket.tags[free] = 4711;
    bucket.positions[free] = bucket.positions[0];
    extra.PutBucket(table, number, bucket);
    EXPECT_THAT(extra.Verdict(), HasSubstr("stray entries")) << static_cast<int>(table);

    Forgery swapped;
    bucket = swapped.GetBucket(table, number);
    std::swap(bucket.positions[0], bucket.positions[1]);
    swapped.PutBucket(table, number, bucket);
    EXPECT_NE(swapped.Verdict(), "") << "two entries swapped in " << static_cast<int>(table);
  }
}

TEST(VerifyWhole, TheHeadersCountsAndOffsetsAreTrue) {
  const Forgery original;
  for (std::size_t kind = 0; kind < snapshot::kKinds; ++kind) {
    for (const int change : {-1, 1}) {
      Forgery forgery;
      snapshot::Header header = original.header();
      header.sections[kind].records += static_cast<std::uint32_t>(change);
      forgery.PutHeader(header);
      EXPECT_NE(forgery.Verdict(), "") << "count of kind " << kind;
    }
  }
  for (std::size_t table = 0; table < snapshot::kTables; ++table) {
    Forgery forgery;
    snapshot::Header header = original.header();
    ++header.indices[table].entries;
    forgery.PutHeader(header);
    EXPECT_THAT(forgery.Verdict(), HasSubstr("wrong number of entries")) << table;
  }
  Forgery overlap;
  snapshot::Header header = original.header();
  header.indices[1].offset = header.indices[0].offset;
  overlap.PutHeader(header);
  EXPECT_THAT(overlap.Verdict(), HasSubstr("overlap"));
}

}  // namespace
}  // namespace sqlmap
