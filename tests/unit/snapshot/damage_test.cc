// A snapshot that is not what its writer wrote: each bit wrong in turn, each length, each
// misdirection. Whatever is asked of it, the answer is the right one or "damaged".
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <tuple>

#include "common/snapshot/check.h"
#include "snapshots.h"

namespace sqlmap {
namespace {

using test::Accounts;
using test::SmallSite;
using test::Write;

// All that can be asked of a view, as text; "damaged" where it says so.
class Question {
 public:
  Question(std::string what, std::function<std::string(const SnapshotView&)> ask)
      : what_(std::move(what)), ask_(std::move(ask)) {}
  const std::string& what() const { return what_; }
  std::string Ask(const SnapshotView& view) const { return ask_(view); }

 private:
  std::string what_;
  std::function<std::string(const SnapshotView&)> ask_;
};

std::string Text(Probe probe, const std::string& found) {
  return probe == Probe::kFound ? found : probe == Probe::kAbsent ? "absent" : "damaged";
}

std::string Text(const UserRecord& user) {
  return std::string(user.packed) + std::to_string(user.uid) + "," + std::to_string(user.gid) +
         "," + std::string(user.name) + std::string(user.password) + std::string(user.gecos) +
         std::string(user.home) + std::string(user.shell);
}

std::string Text(const GroupRecord& group) {
  return std::string(group.packed) + std::to_string(group.gid) + "," +
         std::to_string(group.members.count) + std::string(group.members.bytes) +
         std::string(group.name) + std::string(group.password);
}

std::vector<Question> Questions(const Accounts& accounts) {
  std::vector<Question> questions;
  const auto add_user = [&](const std::string& name) {
    questions.emplace_back("user " + name, [name](const SnapshotView& view) {
      UserRecord user;
      const Probe probe = view.FindUserByName(name, user);
      return Text(probe, Text(user));
    });
    questions.emplace_back("groups of " + name, [name](const SnapshotView& view) {
      std::span<const Gid> gids;
      const Probe probe = view.FindGroupsOfUser(name, gids);
      std::string text;
      for (const Gid gid : gids) text += std::to_string(gid) + ",";
      return Text(probe, text);
    });
  };
  const auto add_uid = [&](Uid uid) {
    questions.emplace_back("uid " + std::to_string(uid), [uid](const SnapshotView& view) {
      UserRecord user;
      const Probe probe = view.FindUserById(uid, user);
      return Text(probe, Text(user));
    });
  };
  const auto add_group = [&](const std::string& name) {
    questions.emplace_back("group " + name, [name](const SnapshotView& view) {
      GroupRecord group;
      const Probe probe = view.FindGroupByName(name, group);
      return Text(probe, Text(group));
    });
  };
  const auto add_gid = [&](Gid gid) {
    questions.emplace_back("gid " + std::to_string(gid), [gid](const SnapshotView& view) {
      GroupRecord group;
      const Probe probe = view.FindGroupById(gid, group);
      return Text(probe, Text(group));
    });
  };
  for (const test::User& user : accounts.users) {
    add_user(user.name);
    add_uid(user.uid);
  }
  add_user("box@acme.example");
  for (const test::Group& group : accounts.groups) {
    add_group(group.name);
    add_gid(group.gid);
  }
  add_user("nobody-there");
  add_uid(9999);
  add_group("nobody-there");
  add_gid(9999);
  return questions;
}

std::vector<std::string> Listing(const SnapshotView& view, bool& damaged) {
  std::vector<std::string> rows;
  UserRecord user;
  auto users = view.Users();
  Probe probe;
  while ((probe = users.Next(user)) == Probe::kFound) rows.push_back(Text(user));
  damaged = probe == Probe::kDamaged;
  if (damaged) {
    EXPECT_EQ(users.Next(user), Probe::kDamaged) << "a broken walk stays broken";
  }
  GroupRecord group;
  auto groups = view.Groups();
  while ((probe = groups.Next(group)) == Probe::kFound) rows.push_back(Text(group));
  damaged = damaged || probe == Probe::kDamaged;
  return rows;
}

class Damage : public testing::Test {
 protected:
  void SetUp() override {
    const SnapshotView view = test::ViewOf(whole_);
    for (const Question& question : questions_) answers_.push_back(question.Ask(view));
    bool damaged = false;
    listing_ = Listing(view, damaged);
    ASSERT_FALSE(damaged);
    ASSERT_EQ(listing_.size(), accounts_.users.size() + accounts_.groups.size());
  }

  // Asks everything. Returns how often the file owned up to the damage.
  unsigned Examine(const std::vector<char>& file) {
    const auto view = SnapshotView::Of(file);
    if (!view) return 1;
    unsigned noticed = 0;
    for (std::size_t i = 0; i < questions_.size(); ++i) {
      const std::string answer = questions_[i].Ask(*view);
      if (answer == "damaged") {
        ++noticed;
      } else {
        EXPECT_EQ(answer, answers_[i]) << questions_[i].what();
      }
    }
    bool damaged = false;
    const auto listing = Listing(*view, damaged);
    if (damaged) {
      ++noticed;
    } else {
      EXPECT_EQ(listing, listing_) << "enumeration";
    }
    for (const std::string& row : listing)
      EXPECT_EQ(std::ranges::count(listing_, row), 1) << "a row that is none";
    if (!VerifyWhole(*view, test::Rules())) ++noticed;
    return noticed;
  }

  const Accounts accounts_ = SmallSite();
  const std::vector<char> whole_ = Write(accounts_);
  const std::vector<Question> questions_ = Questions(accounts_);
  std::vector<std::string> answers_;
  std::vector<std::string> listing_;
};

TEST_F(Damage, NoSingleBitMakesAWrongRowOrHidesOne) {
  std::vector<char> file = whole_;
  std::size_t unnoticed = 0;
  for (std::size_t byte = 0; byte < file.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      file[byte] = static_cast<char>(file[byte] ^ (1 << bit));
      if (Examine(file) == 0) ++unnoticed;
      file[byte] = whole_[byte];
      ASSERT_FALSE(HasFailure()) << "byte " << byte << " bit " << bit;
    }
  }
  // Only the padding in front of an index belongs to nothing.
  EXPECT_LT(unnoticed, std::size_t{64} * 8 * snapshot::kTables);
}

TEST_F(Damage, NoByteThatIsLostMakesAWrongRowOrHidesOne) {
  std::vector<char> file = whole_;
  for (const int value : {0, 0xff}) {
    for (std::size_t byte = 0; byte < file.size(); ++byte) {
      file[byte] = static_cast<char>(value);
      Examine(file);
      file[byte] = whole_[byte];
      ASSERT_FALSE(HasFailure()) << "byte " << byte << " became " << value;
    }
  }
}

TEST_F(Damage, NoBlockThatIsLostMakesAWrongRowOrHidesOne) {
  for (const std::size_t size : {std::size_t{64}, std::size_t{512}}) {
    for (std::size_t at = sizeof(snapshot::Header); at + size <= whole_.size(); at += 64) {
      std::vector<char> file = whole_;
      std::memset(file.data() + at, 0, size);
      Examine(file);
      ASSERT_FALSE(HasFailure()) << size << " bytes at " << at;
    }
  }
}

TEST_F(Damage, AFileOfAnyOtherLengthIsNone) {
  for (std::size_t size = 0; size < whole_.size(); ++size) {
    // A copy of its own, so that a read behind its end is one that the address sanitizer sees.
    const std::vector<char> file(whole_.begin(),
                                 whole_.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_FALSE(SnapshotView::Of(file)) << size;
  }
  std::vector<char> longer = whole_;
  longer.push_back('\0');
  EXPECT_FALSE(SnapshotView::Of(longer));
}

TEST_F(Damage, RecordsOfAnotherGenerationAreNotTakenForThisOnes) {
  const std::vector<char> other = Write(accounts_, 2, 43);
  ASSERT_EQ(other.size(), whole_.size());
  for (std::size_t at = sizeof(snapshot::Header); at < whole_.size(); at += 64) {
    std::vector<char> file = whole_;
    const auto size = std::min(std::size_t{64}, whole_.size() - at);
    std::memcpy(file.data() + at, other.data() + at, size);
    Examine(file);
    ASSERT_FALSE(HasFailure()) << "64 bytes at " << at;
  }
}

// A forger can make the checks right. Then nothing is promised but that no byte outside is read,
// which the address sanitizer watches.
TEST_F(Damage, AForgedHeaderIsRefusedOrHarmless) {
  for (std::size_t at = 0; at < offsetof(snapshot::Header, check); at += 4) {
    for (const std::uint32_t value : {0U, 1U, 8U, 63U, 64U, 256U, 0x7fffffffU, 0x80000000U, ~0U}) {
      std::vector<char> file = whole_;
      std::memcpy(file.data() + at, &value, sizeof value);
      const std::uint32_t check = snapshot::CheckBefore(file.data(), sizeof(snapshot::Header), 0);
      std::memcpy(file.data() + offsetof(snapshot::Header, check), &check, sizeof check);
      const auto view = SnapshotView::Of(file);
      if (!view) continue;
      for (const Question& question : questions_) question.Ask(*view);
      bool damaged = false;
      Listing(*view, damaged);
      std::ignore = VerifyWhole(*view, test::Rules());
    }
  }
}

}  // namespace
}  // namespace sqlmap
