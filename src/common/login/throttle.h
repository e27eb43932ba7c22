// How failed logins slow down the next ones. Pure: the time comes in, and nobody waits in here.
//
// Failures are counted three times, and each count is halved whenever forget_ms have passed:
//
//   of a source and an account  } an attempt beyond `failures` waits for its turn, or is refused
//   of a source, all its names  }
//   of an account, all sources    delays by at most kMostAccountDelayMs, and never refuses; it does
//                                 not delay a source that has been let in to this account before
//
// So whoever guesses slows down himself, and nobody can lock out somebody else: one address is
// slowed for what it did itself, and from another one the owner waits for kMostAccountDelayMs at
// the most. Where a source is not known, as behind saslauthd, only the last count is kept.
//
// Turns. The first turn is kFirstMs after the attempt before it, the next one twice as long after
// that, up to longest_ms. An attempt whose turn would be further away than longest_ms is refused at
// once. One that is under way counts as a failure until its outcome is known, so that attempts in
// parallel gain nothing. While a source is not slowed, as many may be under way as could fail for
// nothing; others are held back until it is known how those went, for longest_ms at the most.
//
// Right and wrong passwords, names that exist and names that do not, wait alike. A success forgets
// the failures of its source and account, halves those of its source, and leaves those of the
// account, which may be somebody else's.
#ifndef SQLMAP_COMMON_LOGIN_THROTTLE_H_
#define SQLMAP_COMMON_LOGIN_THROTTLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/account/record.h"
#include "common/login/lru_map.h"

namespace sqlmap {

// Whom an attempt counts for. A service of root's says where it comes from: an IPv4 address counts
// as it is, an IPv6 address as its /64, which is the least that anybody has, and anything else as
// text in lower case, of which the first 255 bytes matter. "" is no source, nor is this host itself
// (127.0.0.1, ::1, localhost, or its name `host`): that is a proxy in front of the service, which
// speaks for everybody, or a service that does not know better (Pure-FTPd). Any other user is his
// own source, whatever he says: "UID:1000", which no text in lower case is.
std::string SourceOf(std::string_view rhost, Uid peer, std::string_view host);

// Not thread safe. Times are milliseconds on one clock; should it go back, no turn is further away
// than longest_ms. Throws std::bad_alloc.
class Throttle {
 public:
  static constexpr std::size_t kMostEntries = 65536;  // counts; and as many sources let in before
  static constexpr std::int64_t kFirstMs = 500;
  static constexpr std::int64_t kMostAccountDelayMs = 2'000;
  // An attempt of which nothing has been heard for so long has been lost for want of memory.
  static constexpr std::int64_t kLostMs = 60'000;

  struct Limits {
    std::uint32_t failures = 0;   // that cost nothing; 0: nothing is ever slowed down
    std::int64_t longest_ms = 0;  // over 0
    std::int64_t forget_ms = 0;   // over 0
  };

  // The caller's, another one for each attempt. Of those held back the lowest goes first.
  using Ticket = std::uint64_t;
  enum class Outcome : std::uint8_t { kSuccess, kFailure, kNothing };
  struct Decision {
    Ticket ticket;
    bool begin;  // else it is refused, and done with
  };

  explicit Throttle(Limits limits, std::size_t most_entries = kMostEntries);

  // An attempt comes in; Due says what is to become of it.
  void Arrive(Ticket ticket, std::string_view source, std::string_view account, std::int64_t now);
  // Those whose time has come. To be asked after each call of Arrive and Finish, and at NextDue.
  std::vector<Decision> Due(std::int64_t now);
  std::optional<std::int64_t> NextDue() const;
  // How an attempt went, or, with kNothing, that it has gone, begun or not. Returns its source if
  // that is slowed from now on, else "".
  std::string Finish(Ticket ticket, Outcome outcome, std::int64_t now);

  // Held back at once, of one source; what comes then is refused.
  static constexpr std::size_t kMostHeld = 1024;

  std::size_t waiting() const { return due_.size(); }  // also for being told that they are refused
  std::size_t entries() const { return tallies_.size() + let_in_.size(); }

 private:
  struct Tally {
    std::uint32_t failures = 0;
    std::uint32_t under_way = 0;  // begun, or have their turn
    std::int64_t halved_ms = 0;   // `failures` is as of then
    std::int64_t turn_ms = 0;     // of the latest that began or has its turn
  };
  struct Attempt {
    enum class State : std::uint8_t { kNew, kHeld, kTurn, kRefused, kBegun };

    // Keys of tallies_; the first two are "" if there is no source.
    std::string source;
    std::string pair;
    std::string account;
    State state = State::kNew;
    std::int64_t due_ms = 0;  // kHeld, kTurn, kRefused
  };

  std::int64_t Step(std::uint64_t level) const;
  void Forget(Tally& tally, std::int64_t now) const;
  Tally Look(const std::string& key, std::int64_t now);
  bool IsSlowed(const Tally& tally) const { return tally.failures >= limits_.failures; }
  std::int64_t TurnOf(const Tally& tally, std::int64_t now) const;
  std::int64_t AccountDelay(const Attempt& attempt, std::int64_t now);
  void Place(Ticket ticket, Attempt& attempt, std::int64_t now);
  void PlaceHeld(const std::string& source, std::int64_t now);
  void SetDue(Ticket ticket, Attempt& attempt, Attempt::State state, std::int64_t due_ms);
  void EndDue(Ticket ticket, const Attempt& attempt);
  // What an outcome does to one of its counts.
  void Count(const std::string& key, Outcome outcome, std::uint32_t kept_by_success,
             bool was_under_way, std::int64_t now);

  const Limits limits_;
  const std::uint32_t most_failures_;  // that are counted: with them the step is longest_ms
  LruMap<Tally> tallies_;
  LruMap<char> let_in_;  // pairs
  std::unordered_map<Ticket, Attempt> attempts_;
  std::set<std::pair<std::int64_t, Ticket>> due_;  // all that are kHeld, kTurn or kRefused
  std::set<std::pair<std::string, Ticket>> held_;  // by source
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_LOGIN_THROTTLE_H_
