#include "common/login/throttle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace sqlmap {
namespace {

using Outcome = Throttle::Outcome;

constexpr Throttle::Limits kLimits{.failures = 5, .longest_ms = 10'000, .forget_ms = 900'000};
constexpr std::int64_t kNow = 1'000'000;
constexpr char kAttacker[] = "192.0.2.66";
constexpr char kHome[] = "198.51.100.1";

// The throttle together with a clock that goes on as far as an attempt has to wait.
class World {
 public:
  explicit World(Throttle::Limits limits = kLimits, std::int64_t now = kNow,
                 std::size_t most = Throttle::kMostEntries)
      : throttle(limits, most), now_(now) {}

  // How long the attempt had to wait, which is then over; nullopt: it was refused.
  std::optional<std::int64_t> Try(std::string_view source, std::string_view account,
                                  Outcome outcome) {
    const Throttle::Ticket ticket = Arrive(source, account);
    const std::int64_t since = now_;
    for (;;) {
      for (const Throttle::Decision& decision : throttle.Due(now_)) {
        if (decision.ticket != ticket) continue;
        if (decision.begin) throttle.Finish(ticket, outcome, now_);
        return decision.begin ? std::optional(now_ - since) : std::nullopt;
      }
      const auto next = throttle.NextDue();
      if (!next) {
        ADD_FAILURE() << "an attempt was forgotten";
        return std::nullopt;
      }
      now_ = std::max(now_, *next);
    }
  }
  std::optional<std::int64_t> Fail(std::string_view source, std::string_view account) {
    return Try(source, account, Outcome::kFailure);
  }
  std::optional<std::int64_t> Succeed(std::string_view source, std::string_view account) {
    return Try(source, account, Outcome::kSuccess);
  }
  void FailOften(int times, std::string_view source, std::string_view account) {
    for (int i = 0; i < times; ++i) Fail(source, account);
  }
  Throttle::Ticket Arrive(std::string_view source, std::string_view account) {
    throttle.Arrive(++last_, source, account, now_);
    return last_;
  }
  void Pass(std::int64_t ms) { now_ += ms; }
  std::int64_t now() const { return now_; }

  Throttle throttle;

 private:
  std::int64_t now_;
  Throttle::Ticket last_ = 0;
};

std::size_t Begun(const std::vector<Throttle::Decision>& decisions) {
  return static_cast<std::size_t>(
      std::ranges::count_if(decisions, [](const auto& decision) { return decision.begin; }));
}

// What becomes of `count` attempts at once, all wrong.
struct Flood {
  std::size_t begun = 0;
  std::size_t refused = 0;
  std::vector<std::int64_t> at;  // when they began, from their arrival on
};
Flood FloodFrom(World& world, int count, std::string_view source, std::string_view account) {
  Flood flood;
  const std::int64_t since = world.now();
  for (int i = 0; i < count; ++i) world.Arrive(source, account);
  while (const auto next = world.throttle.NextDue()) {
    world.Pass(std::max<std::int64_t>(0, *next - world.now()));
    for (const Throttle::Decision& decision : world.throttle.Due(world.now())) {
      ++(decision.begin ? flood.begun : flood.refused);
      if (!decision.begin) continue;
      flood.at.push_back(world.now() - since);
      world.throttle.Finish(decision.ticket, Outcome::kFailure, world.now());
    }
  }
  return flood;
}

TEST(ThrottleTest, WhoeverGuessesWaitsEverLonger) {
  World world;
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 12; ++i) waits.push_back(world.Fail(kAttacker, "alice").value_or(-1));
  EXPECT_EQ(waits, (std::vector<std::int64_t>{0, 0, 0, 0, 0, 500, 1000, 2000, 4000, 8000, 10'000,
                                              10'000}));
}

TEST(ThrottleTest, WhoeverTypesSlowlyWaitsForTheRestOfHisTurnOnly) {
  World world;
  world.Succeed(kHome, "alice");
  world.FailOften(7, kHome, "alice");  // the next turn is 2 s after this one
  world.Pass(1'500);
  EXPECT_EQ(world.Fail(kHome, "alice"), 500);
  world.Pass(60'000);
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
}

TEST(ThrottleTest, RightPasswordAndUnknownNameWaitLikeAWrongOne) {
  for (const Outcome outcome : {Outcome::kSuccess, Outcome::kFailure, Outcome::kNothing}) {
    for (const char* name : {"alice", "nobody-of-that-name"}) {
      World world;
      world.FailOften(8, kAttacker, name);
      EXPECT_EQ(world.Try(kAttacker, name, outcome), 4000) << name;
    }
  }
}

TEST(ThrottleTest, AHundredConnectionsAtOnceGainNothing) {
  World world;
  const Flood flood = FloodFrom(world, 100, kAttacker, "alice");
  EXPECT_EQ(flood.at, (std::vector<std::int64_t>{0, 0, 0, 0, 0, 500, 1500, 3500, 7500}))
      << "one after the other would have been as fast";
  EXPECT_EQ(flood.refused, 91U);
  EXPECT_EQ(world.throttle.waiting(), 0U);
}

TEST(ThrottleTest, AThousandNamesFromOneAddressGainNoMoreThanOne) {
  World world;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(world.Fail(kAttacker, "name" + std::to_string(i)), 0);
  }
  EXPECT_EQ(world.Fail(kAttacker, "another"), 500);
  for (int i = 0; i < 1000; ++i) world.Arrive(kAttacker, "other" + std::to_string(i));
  const std::vector<Throttle::Decision> decisions = world.throttle.Due(world.now());
  EXPECT_EQ(Begun(decisions), 0U);
  EXPECT_GE(decisions.size(), 995U) << "all but a few are refused at once";
}

TEST(ThrottleTest, FloodFromOneAddressLeavesAllOthersAlone) {
  World world;
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
  FloodFrom(world, 1000, kAttacker, "alice");
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0) << "alice, from where she has been before";
  EXPECT_EQ(world.Succeed(kHome, "bob"), 0) << "somebody else, from there";
  EXPECT_EQ(world.Succeed("203.0.113.5", "bob"), 0) << "somebody else, from elsewhere";
  const auto wait = world.Succeed("203.0.113.6", "alice");
  ASSERT_TRUE(wait.has_value()) << "alice, on a journey, is not locked out";
  EXPECT_LE(*wait, 2'000);
  EXPECT_EQ(world.Succeed("203.0.113.6", "alice"), 0);
}

TEST(ThrottleTest, TenThousandAddressesDoNotLockTheOwnerOut) {
  World world;
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
  for (int i = 0; i < 10'000; ++i) {
    const std::string source = "10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256);
    EXPECT_LE(world.Fail(source, "alice").value_or(99'999), 2'000);
  }
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
  const auto wait = world.Succeed("203.0.113.6", "alice");
  ASSERT_TRUE(wait.has_value());
  EXPECT_GT(*wait, 0);
  EXPECT_LE(*wait, 2'000);
  EXPECT_EQ(world.Fail("203.0.113.6", "bob"), 0) << "other accounts are not slowed";
}

TEST(ThrottleTest, ServiceThatDoesNotSayWhereFromRefusesNobody) {
  World world;
  for (int i = 0; i < 100; ++i) world.Arrive("", "alice");
  EXPECT_EQ(Begun(world.throttle.Due(world.now())), 100U) << "nothing has failed yet";
  for (Throttle::Ticket ticket = 1; ticket <= 100; ++ticket) {
    EXPECT_EQ(world.throttle.Finish(ticket, Outcome::kFailure, world.now()), "");
  }
  for (int i = 0; i < 3; ++i) EXPECT_EQ(world.Succeed("", "alice"), 2'000);
  EXPECT_EQ(world.Succeed("", "bob"), 0);
  EXPECT_EQ(world.Succeed(kHome, "bob"), 0);
}

TEST(ThrottleTest, SuccessForgetsThePairAndHalvesItsSource) {
  World world;
  world.Succeed(kHome, "alice");
  world.FailOften(9, kHome, "alice");
  world.Pass(10'000);
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
  // Of nine failures of the source four are left, and none of the pair's.
  EXPECT_EQ(world.Fail(kHome, "alice"), 0);
  EXPECT_EQ(world.Fail(kHome, "alice"), 500);
}

TEST(ThrottleTest, SuccessOfOneAccountDoesNotHelpToGuessAnother) {
  World world;
  for (int round = 0; round < 20; ++round) {
    world.Fail(kAttacker, "alice");
    world.Pass(20'000);
    EXPECT_TRUE(world.Succeed(kAttacker, "mallory").has_value());
  }
  world.Fail(kAttacker, "alice");
  EXPECT_EQ(world.Fail(kAttacker, "alice"), 10'000) << "the failures of the pair are all there";
}

TEST(ThrottleTest, FailuresAreForgottenByHalves) {
  World world;
  world.Succeed(kHome, "alice");
  world.FailOften(8, kHome, "alice");
  world.Pass(kLimits.forget_ms - world.now() + kNow - 1);
  EXPECT_EQ(world.Try(kHome, "alice", Outcome::kNothing), 0) << "its turn has long come";
  EXPECT_EQ(world.Try(kHome, "alice", Outcome::kNothing), 4000) << "but nothing is forgotten";
  EXPECT_EQ(world.Fail(kHome, "alice"), 0) << "four of eight are left";
  EXPECT_EQ(world.Fail(kHome, "alice"), 500);
  world.Pass(10 * kLimits.forget_ms);
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.Fail(kHome, "alice"), 0) << i;
}

TEST(ThrottleTest, HoweverLongAnAttackWentOnItIsForgottenSoon) {
  World world;
  for (int i = 0; i < 10'000; ++i) world.Fail(kAttacker, "alice");
  world.Pass(2 * kLimits.forget_ms);
  EXPECT_EQ(world.Succeed(kAttacker, "alice"), 0);
  EXPECT_EQ(world.Succeed("203.0.113.6", "alice"), 0);
}

TEST(ThrottleTest, ManyRightPasswordsAtOnceAreAllLetIn) {
  World world;
  for (int i = 0; i < 1000; ++i) world.Arrive(kHome, "alice");
  std::size_t in = 0;
  for (auto due = world.throttle.Due(world.now()); !due.empty();
       due = world.throttle.Due(world.now())) {
    EXPECT_LE(due.size(), 5U) << "until it is known that they were right";
    for (const Throttle::Decision& decision : due) {
      ASSERT_TRUE(decision.begin);
      ++in;
      world.throttle.Finish(decision.ticket, Outcome::kSuccess, world.now());
    }
  }
  EXPECT_EQ(in, 1000U);
  EXPECT_EQ(world.throttle.waiting(), 0U);
}

TEST(ThrottleTest, AttemptsOfWhichNobodyHearsAnythingHoldUpOthersForAWhileOnly) {
  World world;
  for (int i = 0; i < 6; ++i) world.Arrive(kHome, "alice");
  EXPECT_EQ(Begun(world.throttle.Due(world.now())), 5U);
  EXPECT_EQ(world.throttle.NextDue(), world.now() + kLimits.longest_ms);
  world.Pass(kLimits.longest_ms);
  const auto due = world.throttle.Due(world.now());
  ASSERT_EQ(due.size(), 1U);
  EXPECT_FALSE(due[0].begin);
  world.Pass(Throttle::kLostMs);
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
}

TEST(ThrottleTest, WhoeverGoesAwayMakesRoom) {
  World world;
  std::vector<Throttle::Ticket> tickets;
  for (int i = 0; i < 7; ++i) tickets.push_back(world.Arrive(kHome, "alice"));
  EXPECT_EQ(Begun(world.throttle.Due(world.now())), 5U);
  world.throttle.Finish(tickets[5], Outcome::kNothing, world.now());  // was held
  world.throttle.Finish(tickets[0], Outcome::kNothing, world.now());  // had begun
  const auto due = world.throttle.Due(world.now());
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].ticket, tickets[6]);
  EXPECT_TRUE(due[0].begin);
  world.throttle.Finish(tickets[0], Outcome::kFailure, world.now());
  world.Arrive(kHome, "alice");
  EXPECT_TRUE(world.throttle.Due(world.now()).empty()) << "one place, once";
}

TEST(ThrottleTest, GoingAwayBeforeOnesTurnGainsNoTurn) {
  World world;
  world.FailOften(7, kAttacker, "alice");
  for (int i = 0; i < 3; ++i) {
    const Throttle::Ticket ticket = world.Arrive(kAttacker, "alice");
    EXPECT_TRUE(world.throttle.Due(world.now()).empty());
    world.throttle.Finish(ticket, Outcome::kNothing, world.now());
  }
  EXPECT_EQ(world.Fail(kAttacker, "alice"), 8'000);
}

TEST(ThrottleTest, BeginningOfASlowSourceIsToldOnce) {
  World world;
  for (int i = 0; i < 20; ++i) {
    const Throttle::Ticket ticket = world.Arrive(kAttacker, "name" + std::to_string(i));
    world.Pass(std::max<std::int64_t>(0, *world.throttle.NextDue() - world.now()));
    ASSERT_EQ(Begun(world.throttle.Due(world.now())), 1U);
    EXPECT_EQ(world.throttle.Finish(ticket, Outcome::kFailure, world.now()),
              i == 4 ? kAttacker : "")
        << i;
  }
}

TEST(ThrottleTest, NoFailuresMeansThatNothingIsSlowedOrRemembered) {
  World world({.failures = 0, .longest_ms = 10'000, .forget_ms = 900'000});
  for (int i = 0; i < 1000; ++i) world.Arrive(kAttacker, "alice");
  const auto due = world.throttle.Due(world.now());
  EXPECT_EQ(Begun(due), 1000U);
  for (const Throttle::Decision& decision : due) {
    EXPECT_EQ(world.throttle.Finish(decision.ticket, Outcome::kFailure, world.now()), "");
  }
  EXPECT_EQ(world.Fail(kAttacker, "alice"), 0);
  EXPECT_EQ(world.throttle.entries(), 0U);
}

TEST(ThrottleTest, ShortLongestTimeHoldsForEveryDelay) {
  World world({.failures = 1, .longest_ms = 1'000, .forget_ms = 900'000});
  std::vector<std::int64_t> waits;
  for (int i = 0; i < 6; ++i) waits.push_back(world.Fail(kAttacker, "alice").value_or(-1));
  EXPECT_EQ(waits, (std::vector<std::int64_t>{0, 500, 1000, 1000, 1000, 1000}));
  EXPECT_EQ(world.Fail(kHome, "alice"), 1000);
  EXPECT_EQ(world.Fail("", "alice"), 1000);
}

TEST(ThrottleTest, MemoryIsBoundedAndTheOldestGoesFirst) {
  constexpr std::size_t kMost = 300;
  World world(kLimits, kNow, kMost);
  world.FailOften(6, "203.0.113.1", "bob");
  world.FailOften(6, kAttacker, "alice");
  for (int i = 0; i < 150; ++i) {
    world.Fail("10.0.0." + std::to_string(i), "name" + std::to_string(i));
    EXPECT_LE(world.throttle.entries(), kMost);
    // Whoever goes on is not forgotten.
    world.Fail(kAttacker, "alice");
  }
  world.Pass(20'000);
  world.Fail(kAttacker, "alice");
  EXPECT_EQ(world.Fail(kAttacker, "alice"), 10'000);
  world.Fail("203.0.113.1", "bob");
  EXPECT_EQ(world.Fail("203.0.113.1", "bob"), 0) << "he has made room";
}

TEST(ThrottleTest, WhoeverWasLetInIsNotForgottenForTheSakeOfStrangers) {
  World world(kLimits, kNow, 30);
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
  for (int i = 0; i < 1000; ++i) world.Fail("10.0.0." + std::to_string(i), "alice");
  EXPECT_EQ(world.Succeed(kHome, "alice"), 0);
}

TEST(ThrottleTest, ClockMayBeginAtZeroAndJump) {
  World world(kLimits, 0);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(world.Fail(kAttacker, "alice"), 0);
  EXPECT_EQ(world.Fail(kAttacker, "alice"), 500);
  world.Pass(std::numeric_limits<std::int64_t>::max() / 2);
  EXPECT_EQ(world.Fail(kAttacker, "alice"), 0) << "all is forgotten";

  World back(kLimits, std::int64_t{1} << 50);
  back.FailOften(8, kAttacker, "alice");
  back.Pass(-(std::int64_t{1} << 49));
  const auto wait = back.Fail(kAttacker, "alice");
  ASSERT_TRUE(wait.has_value()) << "nobody waits for the old time to come back";
  EXPECT_LE(*wait, kLimits.longest_ms);
  back.Pass(4 * kLimits.forget_ms);
  EXPECT_EQ(back.Fail(kAttacker, "alice"), 0);
  EXPECT_EQ(back.Fail(kAttacker, "alice"), 0) << "and forgets as ever";
}

TEST(ThrottleTest, SourcesAreWhatOneAttackerHas) {
  const struct {
    const char* rhost;
    Uid peer;
    const char* source;
  } cases[] = {
      {"192.0.2.1", 0, "192.0.2.1"},
      {"::ffff:192.0.2.1", 0, "192.0.2.1"},
      {"2001:db8:1:2:3:4:5:6", 0, "2001:db8:1:2::/64"},
      {"2001:DB8:1:2::9", 0, "2001:db8:1:2::/64"},
      {"2001:db8:1:3::9", 0, "2001:db8:1:3::/64"},
      {"fe80::1%eth0", 0, "fe80::/64"},
      {"::1", 0, ""},
      {"127.0.0.1", 0, ""},
      {"::ffff:127.0.0.1", 0, ""},
      {"127.0.0.2", 0, "127.0.0.2"},
      {"localhost", 0, ""},
      {"Web1.Example.org", 0, ""},
      {"web1.example.org.", 0, "web1.example.org."},
      {"Mail.Example.ORG", 0, "mail.example.org"},
      {"192.0.2.1.example", 0, "192.0.2.1.example"},
      {"UID:1000", 0, "uid:1000"},
      {"", 0, ""},
      {"", 1000, "UID:1000"},
      {"192.0.2.1", 1000, "UID:1000"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(SourceOf(c.rhost, c.peer, "web1.example.ORG"), c.source) << c.rhost;
  EXPECT_EQ(SourceOf(std::string(1000, 'X'), 0, "h"), std::string(255, 'x'));
}

}  // namespace
}  // namespace sqlmap
