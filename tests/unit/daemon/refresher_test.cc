#include "daemon/refresher.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/process/monotonic.h"
#include "daemon/snapshot_facts.h"
#include "daemon/snapshot_files.h"
#include "unit/daemon/daemon_files.h"

namespace sqlmap {
namespace {

constexpr auto kPatience = std::chrono::seconds(30);

SqlError Gone() { return {SqlError::Kind::kUnreachable, "db1: connection refused"}; }

// A database of `users` users, and the parent that publishes: all that the refresher talks to. What
// it does can be held up, and be waited for.
class World final : public Log {
 public:
  struct Asked {
    bool good;
    std::string text;
    int editions;  // how many editions of the database the read had seen when it began
  };

  void Write(LogLevel, std::string_view line) noexcept override {
    Change([&] { lines_.emplace_back(line); });
  }

  Refresher::Source Source() {
    return {[this](auto users, auto, auto) { return Read(users); }, [this] { return Version(); }};
  }

  Refresher::Calls Calls() {
    return {
        .publish =
            [this](OwnedFd file, std::uint64_t token, std::int64_t) {
              const auto bytes = FileBytes::OfSealedMemory(file.get());
              bool answers = false;
              Change([&] {
                ++published_;
                if (bytes) facts_ = FactsOf(*SnapshotView::Of(bytes->bytes()));
                token_ = token;
                answers = answers_;
              });
              if (answers) Answer(generation_ + 1);
            },
        .unchanged = [this](std::int64_t) { Change([&] { ++unchanged_; }); },
        .confirm =
            [this](std::uint64_t generation, std::int64_t asked_ms) {
              Change([&] {
                ++polls_;
                confirmed_ = asked_ms == 0 ? 0 : generation;
                asked_ms_ = asked_ms;
              });
            },
    };
  }

  void Answer(std::optional<std::uint64_t> generation) {
    if (generation) generation_ = *generation;
    refresher_->OnPublished(token_, generation);
  }

  void Change(const std::function<void()>& change) {
    {
      const std::lock_guard guard(mutex_);
      change();
    }
    changed_.notify_all();
  }

  bool Await(const std::function<bool()>& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }

  template <class Value>
  Value Get(Value World::*member) {
    const std::lock_guard guard(mutex_);
    return this->*member;
  }

  bool Said(const std::string& words) {
    for (const std::string& line : lines_)
      if (line.find(words) != std::string::npos) return true;
    return false;
  }

  // What the database has.
  unsigned users_ = 10;
  std::string version_ = "1";
  int edition_ = 0;
  std::optional<SqlError> error_;
  std::optional<SqlError> version_error_;
  // What is held up waits until it is let go: a read after its first user, a poll before its
  // answer.
  bool held_ = false;
  int polls_allowed_ = 1'000'000;
  bool answers_ = true;  // the parent, by itself

  // What the refresher did.
  int reads_ = 0;
  int reading_ = 0;  // the edition that the last read has
  int version_queries_ = 0;
  int published_ = 0;
  int unchanged_ = 0;
  int polls_ = 0;
  std::optional<TableFacts> facts_;  // of what came to be published
  std::uint64_t confirmed_ = 0;
  std::int64_t asked_ms_ = 0;  // of the last confirmation
  std::uint64_t token_ = 0;
  std::uint64_t generation_ = 0;
  std::vector<std::string> lines_;
  std::vector<Asked> asked_;
  Refresher* refresher_ = nullptr;

 private:
  std::expected<std::string, SqlError> Read(Refresher::Source::Users visit) {
    std::unique_lock lock(mutex_);
    ++reads_;
    reading_ = edition_;
    const unsigned users = users_;
    std::string version = version_;
    const auto error = error_;
    changed_.notify_all();
    for (unsigned i = 0; i < users; ++i) {
      const std::string name = "user" + std::to_string(i);
      UserRecord user;
      user.name = name;
      user.uid = user.gid = 100000 + i;
      user.home = "/";
      user.shell = "/bin/sh";
      lock.unlock();
      const bool more = visit(user);
      lock.lock();
      if (!more) return std::unexpected(SqlError{SqlError::Kind::kServer, "enough"});
      // As a server that hangs: nobody can end it but by its patience.
      changed_.wait(lock, [this] { return !held_; });
    }
    if (error) return std::unexpected(*error);
    return version;
  }

  std::expected<std::string, SqlError> Version() {
    std::unique_lock lock(mutex_);
    ++version_queries_;
    changed_.notify_all();
    std::string version = version_;
    const auto error = version_error_;
    changed_.wait(lock, [this] { return version_queries_ <= polls_allowed_; });
    if (error) return std::unexpected(*error);
    return version;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
};

class RefresherTest : public testing::Test {
 protected:
  void Start(const std::string& more = "", RefreshSchedule::Times times = kFast,
             Refresher::Published published = {},
             std::uint64_t most_bytes = snapshot::kMostPublished) {
    const std::string text =
        "[database]\nname = \"a\"\nuser = \"u\"\nservers = [\"/nowhere\"]\n" + more;
    auto settings = ParseSettings({text, "test"}, {});
    ASSERT_TRUE(settings) << settings.error()[0].Describe();
    settings_.emplace(*std::move(settings));
    refresher_ = std::make_unique<Refresher>(world_.Source(), *settings_, published, world_.Calls(),
                                             world_, times, most_bytes);
    world_.refresher_ = refresher_.get();
  }

  void Request(bool forced = false) {
    refresher_->Request(forced, [this](RefreshResult result, const std::string& text) {
      const bool good = result == RefreshResult::kDone;
      world_.Change([&] { world_.asked_.push_back({good, text, world_.reading_}); });
    });
  }

  World::Asked Refreshed(bool forced = false) {
    const std::size_t before = world_.Get(&World::asked_).size();
    Request(forced);
    EXPECT_TRUE(world_.Await([&] { return world_.asked_.size() > before; }));
    return world_.Get(&World::asked_).back();
  }

  bool Polls(int more) {
    const int before = world_.Get(&World::polls_);
    return world_.Await([&] { return world_.polls_ >= before + more; });
  }

  std::string Status() {
    StatusWriter status(true);
    refresher_->Describe(status);
    return status.text();
  }

  static constexpr char kVersion[] = "[queries]\nversion = \"SELECT 1\"\n";
  // What happens each second happens each few milliseconds; what is rare, never.
  static constexpr RefreshSchedule::Times kFast{2, 2, 3'600'000, 4};

  World world_;
  std::optional<Settings> settings_;
  std::unique_ptr<Refresher> refresher_;
};

TEST_F(RefresherTest, WhatIsReadIsPublishedSealed) {
  world_.held_ = true;
  Start();
  world_.Change([&] { world_.held_ = false; });
  const World::Asked asked = Refreshed();
  EXPECT_TRUE(asked.good);
  EXPECT_EQ(world_.Get(&World::published_), 1);
  ASSERT_TRUE(world_.Get(&World::facts_)) << "not a sound snapshot in sealed memory";
  EXPECT_EQ(world_.Get(&World::facts_)->users, 10U);
  EXPECT_NE(Status().find("generation 1\nusers 10\n"), std::string::npos) << Status();
}

class WithVersion : public RefresherTest {
 protected:
  void SetUp() override {
    world_.held_ = true;  // until the world knows its refresher
    Start(kVersion);
    world_.Change([&] { world_.held_ = false; });
    ASSERT_TRUE(world_.Await([&] { return world_.confirmed_ == 1; }));
  }
};

TEST_F(WithVersion, VersionThatStaysReadsNothingAndConfirmsWhatIsPublished) {
  ASSERT_TRUE(Polls(10));
  EXPECT_EQ(world_.Get(&World::reads_), 1);
  EXPECT_EQ(world_.Get(&World::confirmed_), 1U);
}

TEST_F(WithVersion, ConfirmationIsAsOldAsTheQuestion) {
  world_.Change([&] { world_.polls_allowed_ = world_.version_queries_; });
  ASSERT_TRUE(world_.Await([&] { return world_.version_queries_ > world_.polls_allowed_; }));
  const std::int64_t asked = MonotonicMs();
  const int polls = world_.Get(&World::polls_);
  poll(nullptr, 0, 50);  // a database that takes its time
  world_.Change([&] { ++world_.polls_allowed_; });
  ASSERT_TRUE(world_.Await([&] { return world_.polls_ > polls; }));
  EXPECT_LE(world_.Get(&World::asked_ms_), asked);
  world_.Change([&] { world_.polls_allowed_ = 1'000'000; });
}

TEST_F(WithVersion, ChangedVersionEndsTheConfirmationAndIsReadAndConfirmedAnew) {
  world_.Change([&] {
    world_.held_ = true;
    world_.version_ = "2";
    world_.users_ = 11;
  });
  ASSERT_TRUE(world_.Await([&] { return world_.reads_ == 2; }));
  EXPECT_EQ(world_.Get(&World::confirmed_), 0U) << "a miss would be believed while the read lasts";
  world_.Change([&] { world_.held_ = false; });
  ASSERT_TRUE(world_.Await([&] { return world_.confirmed_ == 2; }));
  EXPECT_EQ(world_.Get(&World::published_), 2);
}

TEST_F(WithVersion, VersionThatCannotBeReadEndsTheConfirmation) {
  world_.Change([&] { world_.version_error_ = Gone(); });
  ASSERT_TRUE(world_.Await([&] { return world_.confirmed_ == 0; }));
  ASSERT_TRUE(Polls(3));
  EXPECT_EQ(world_.Get(&World::confirmed_), 0U);
  EXPECT_GT(refresher_->DownSeconds(), 0U);
  const auto lines = world_.Get(&World::lines_);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const auto& line) { return line.find("refused") != line.npos; }),
            1)
      << "the log says it once";
  world_.Change([&] { world_.version_error_.reset(); });
  ASSERT_TRUE(world_.Await([&] { return world_.confirmed_ == 1; }));
  EXPECT_TRUE(Polls(1));  // it has said so before it calls the next time
  EXPECT_EQ(refresher_->DownSeconds(), 0U);
  EXPECT_EQ(world_.Get(&World::reads_), 1) << "nothing has changed meanwhile";
}

TEST_F(RefresherTest, DatabaseThatTellsItsVersionButNoAccountsIsDown) {
  world_.held_ = true;
  Start(kVersion, {2, 2, 3'600'000, 3'600'000});
  world_.Change([&] { world_.held_ = false; });
  ASSERT_TRUE(world_.Await([&] { return world_.confirmed_ == 1; }));
  world_.Change([&] { world_.error_ = SqlError{SqlError::Kind::kServer, "no such view"}; });
  for (int failures = 0; failures < 8; ++failures) ASSERT_FALSE(Refreshed().good);
  // It is not read again for a while.
  ASSERT_TRUE(Polls(3));
  EXPECT_GT(refresher_->DownSeconds(), 0U);
  world_.Change([&] { world_.error_.reset(); });
  EXPECT_TRUE(Refreshed().good);
  EXPECT_EQ(refresher_->DownSeconds(), 0U);
}

TEST_F(RefresherTest, ListWithoutEndIsReadNoFurtherThanThereIsRoomAndTheOldOneStays) {
  world_.held_ = true;
  Start("", kFast, {}, 1U << 20);
  world_.Change([&] { world_.held_ = false; });
  ASSERT_TRUE(Refreshed().good);
  world_.Change([&] { world_.users_ = 1'000'000; });
  const World::Asked refused = Refreshed();
  EXPECT_FALSE(refused.good);
  EXPECT_TRUE(
      refused.text.starts_with("the snapshot could not be written: more than 1048576 bytes with "))
      << refused.text;
  EXPECT_TRUE(refused.text.ends_with("; see whether a view joins without ON (enough)"))
      << "at which query? " << refused.text;
  EXPECT_TRUE(world_.Said("reading the accounts: " + refused.text));
  EXPECT_NE(Status().find("generation 1\nusers 10\n"), std::string::npos) << Status();
  EXPECT_NE(Status().find("refresh_error " + refused.text + "\n"), std::string::npos) << Status();
  EXPECT_EQ(world_.Get(&World::published_), 1);
  EXPECT_EQ(refresher_->DownSeconds(), 0U) << "the database is there";
  world_.Change([&] { world_.users_ = 11; });
  EXPECT_TRUE(Refreshed().good);
}

TEST_F(RefresherTest, AllIsReadNowAndThenWhateverTheVersionSays) {
  world_.held_ = true;
  Start(kVersion, {2, 2, 20, 4});
  world_.Change([&] { world_.held_ = false; });
  ASSERT_TRUE(world_.Await([&] { return world_.unchanged_ >= 2; }));
  EXPECT_EQ(world_.Get(&World::published_), 1);
  world_.Change([&] { world_.users_ = 12; });
  EXPECT_TRUE(world_.Await([&] { return world_.published_ == 2; }));
}

TEST_F(WithVersion, ShrunkTableIsPublishedOnlyWhenForced) {
  world_.Change([&] { world_.users_ = 4; });
  const World::Asked refused = Refreshed();
  EXPECT_FALSE(refused.good);
  EXPECT_NE(refused.text.find("only 4 users"), std::string::npos) << refused.text;
  EXPECT_EQ(world_.Get(&World::published_), 1);
  EXPECT_EQ(refresher_->DownSeconds(), 0U);
  const World::Asked forced = Refreshed(true);
  EXPECT_TRUE(forced.good) << forced.text;
  EXPECT_EQ(world_.Get(&World::published_), 2);
  // That was for once.
  world_.Change([&] { world_.users_ = 1; });
  EXPECT_FALSE(Refreshed().good);
}

TEST_F(RefresherTest, DatabaseThatIsDownAtTheStartIsReadWhenItIsBack) {
  world_.error_ = Gone();
  Start();
  ASSERT_TRUE(world_.Await([&] { return world_.reads_ >= 3; }));
  EXPECT_GT(refresher_->DownSeconds(), 0U);
  const World::Asked asked = Refreshed();
  EXPECT_FALSE(asked.good);
  EXPECT_NE(asked.text.find("connection refused"), std::string::npos);
  EXPECT_EQ(world_.Get(&World::published_), 0);
  world_.Change([&] { world_.error_.reset(); });
  ASSERT_TRUE(world_.Await([&] { return world_.published_ == 1; }));
  ASSERT_TRUE(Refreshed().good);
  EXPECT_EQ(refresher_->DownSeconds(), 0U);
}

TEST_F(WithVersion, ReadThatBreaksOffPublishesNothing) {
  world_.Change([&] {
    world_.users_ = 9;
    world_.error_ = SqlError{SqlError::Kind::kLost, "db1: connection lost"};
  });
  EXPECT_FALSE(Refreshed().good);
  EXPECT_EQ(world_.Get(&World::published_), 1);
}

TEST_F(WithVersion, WhoeverAsksWhileAReadIsUnderWayWaitsForOneThatBeganAfterwards) {
  world_.Change([&] { world_.held_ = true; });
  Request();
  ASSERT_TRUE(world_.Await([&] { return world_.reads_ == 2; }));
  world_.Change([&] {
    world_.edition_ = 1;
    world_.users_ = 11;
  });
  Request();
  Request(true);
  world_.Change([&] { world_.held_ = false; });
  ASSERT_TRUE(world_.Await([&] { return world_.asked_.size() == 3; }));
  const auto asked = world_.Get(&World::asked_);
  EXPECT_EQ(asked[0].editions, 0);
  EXPECT_EQ(asked[1].editions, 1) << "it was shown what was read before it asked";
  EXPECT_EQ(asked[2].editions, 1);
  EXPECT_NE(asked[1].text.find("11 users"), std::string::npos) << asked[1].text;
  EXPECT_EQ(world_.Get(&World::reads_), 3) << "two that ask at once are one read";
}

TEST_F(WithVersion, ForceIsNotForTheReadThatIsUnderWay) {
  world_.Change([&] {
    world_.held_ = true;
    world_.users_ = 1;
  });
  Request();
  ASSERT_TRUE(world_.Await([&] { return world_.reads_ == 2; }));
  Request(true);
  world_.Change([&] { world_.held_ = false; });
  ASSERT_TRUE(world_.Await([&] { return world_.asked_.size() == 2; }));
  EXPECT_FALSE(world_.Get(&World::asked_)[0].good);
  EXPECT_TRUE(world_.Get(&World::asked_)[1].good);
}

// A new child has taken over, or there is no room.
TEST_F(WithVersion, WhatTheParentDoesNotPublishIsNotConfirmedAndIsReadAgain) {
  world_.Change([&] {
    world_.answers_ = false;
    world_.version_ = "2";
    world_.users_ = 11;
  });
  ASSERT_TRUE(world_.Await([&] { return world_.published_ == 2; }));
  world_.Answer(std::nullopt);
  ASSERT_TRUE(Polls(2));
  EXPECT_EQ(world_.Get(&World::confirmed_), 0U);
  EXPECT_TRUE(world_.Await([&] { return world_.Said("could not be published"); }));
  EXPECT_NE(Status().find("generation 1\nusers 10\n"), std::string::npos) << Status();
  EXPECT_NE(Status().find("\nrefresh failed\n"), std::string::npos) << Status();
  ASSERT_TRUE(world_.Await([&] { return world_.published_ == 3; }));
  world_.Answer(7);
  EXPECT_TRUE(world_.Await([&] { return world_.confirmed_ == 7; }));
}

TEST_F(WithVersion, WordOnAnEarlierPublicationIsNotTakenForThisOne) {
  world_.Change([&] {
    world_.answers_ = false;
    world_.users_ = 11;
  });
  const std::uint64_t earlier = world_.Get(&World::token_);
  Request();
  ASSERT_TRUE(world_.Await([&] { return world_.published_ == 2; }));
  refresher_->OnPublished(earlier, 99);
  poll(nullptr, 0, 20);  // by then it would have been believed
  world_.Answer(std::nullopt);
  ASSERT_TRUE(world_.Await([&] { return world_.asked_.size() == 1; }));
  EXPECT_FALSE(world_.Get(&World::asked_)[0].good);
}

TEST_F(WithVersion, TakeOverIsNoFailureAndWhoWaitsLearnsOfIt) {
  world_.Change([&] {
    world_.answers_ = false;
    world_.users_ = 11;
  });
  Request();
  ASSERT_TRUE(world_.Await([&] { return world_.published_ == 2; }));
  refresher_->OnTakenOver(world_.Get(&World::token_));
  ASSERT_TRUE(world_.Await([&] { return world_.asked_.size() == 1; }));
  EXPECT_EQ(world_.Get(&World::asked_)[0].text, "sqlmapd was reloaded");
  EXPECT_FALSE(world_.Said("could not be published"));
}

TEST_F(WithVersion, EndIsNotHeldUpByAPublication) {
  world_.Change([&] {
    world_.answers_ = false;
    world_.users_ = 11;
  });
  Request();
  ASSERT_TRUE(world_.Await([&] { return world_.published_ == 2; }));
  refresher_.reset();
  const auto asked = world_.Get(&World::asked_);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_FALSE(asked[0].good);
}

TEST_F(RefresherTest, AccountThatTheSnapshotHasNotIsInItSoon) {
  world_.held_ = true;
  Start("[snapshot]\nrefresh_seconds = 86400\n");
  world_.Change([&] { world_.held_ = false; });
  ASSERT_TRUE(Refreshed().good);
  world_.Change([&] { world_.users_ = 11; });
  refresher_->AccountFound();
  EXPECT_TRUE(world_.Await([&] { return world_.published_ == 2; }));
}

TEST_F(WithVersion, SnapshotOfBeforeIsConfirmedWithoutBeingPublishedAgain) {
  refresher_.reset();
  world_.confirmed_ = 0;
  world_.held_ = true;
  Start(kVersion, kFast, {world_.facts_, 5});
  world_.Change([&] { world_.held_ = false; });
  EXPECT_TRUE(world_.Await([&] { return world_.confirmed_ == 5; }));
  EXPECT_EQ(world_.Get(&World::published_), 1);
  EXPECT_EQ(world_.Get(&World::unchanged_), 1);
}

}  // namespace
}  // namespace sqlmap
