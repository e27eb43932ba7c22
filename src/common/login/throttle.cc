#include "common/login/throttle.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <iterator>
#include <limits>

#include "common/account/rules.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMostText = 255;
constexpr std::size_t kNetworkBytes = 8;  // of an IPv6 address: /64

// Which of the three counts a key is for. No part of a key has a NUL in it.
std::string SourceKey(std::string_view source) { return "s" + std::string(source); }
std::string AccountKey(std::string_view account) { return "a" + std::string(account); }
std::string PairKey(std::string_view source, std::string_view account) {
  std::string key = "p";
  key += source;
  key += '\0';
  key += account;
  return key;
}

std::uint32_t MostFailures(const Throttle::Limits& limits) {
  std::uint32_t steps = 0;
  while ((Throttle::kFirstMs << steps) < limits.longest_ms) ++steps;
  return limits.failures + steps;
}

std::string InLowerCase(std::string_view text) {
  std::string lower(text);
  LowerCase(lower, lower.data());
  return lower;
}

// An address as text, the /64 of an IPv6 one, or the name in lower case.
std::string AddressOrName(std::string_view rhost) {
  std::string text(rhost.substr(0, kMostText));
  char shown[INET6_ADDRSTRLEN] = {};
  if (in_addr v4{}; inet_pton(AF_INET, text.c_str(), &v4) == 1) return text;
  // A link-local address may name its interface.
  const std::string address = text.substr(0, text.find('%'));
  if (in6_addr v6{}; inet_pton(AF_INET6, address.c_str(), &v6) == 1) {
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      return inet_ntop(AF_INET, &v6.s6_addr[12], shown, sizeof shown);
    }
    std::fill(std::begin(v6.s6_addr) + kNetworkBytes, std::end(v6.s6_addr), 0);
    return std::string(inet_ntop(AF_INET6, &v6, shown, sizeof shown)) + "/64";
  }
  return InLowerCase(text);
}

}  // namespace

std::string SourceOf(std::string_view rhost, Uid peer, std::string_view host) {
  if (peer != 0) return "UID:" + std::to_string(peer);
  std::string source = AddressOrName(rhost);
  const bool here = source == "127.0.0.1" || source == "localhost" || rhost == "::1" ||
                    source == InLowerCase(host);
  return here ? std::string() : source;
}

Throttle::Throttle(Limits limits, std::size_t most_entries)
    : limits_(limits),
      most_failures_(MostFailures(limits)),
      tallies_(most_entries),
      let_in_(most_entries) {}

// How long after the one before it a turn is, with so many failures beyond those that cost nothing.
std::int64_t Throttle::Step(std::uint64_t level) const {
  const std::uint64_t most = most_failures_ - limits_.failures;
  return std::min(kFirstMs << std::min(level, most), limits_.longest_ms);
}

void Throttle::Forget(Tally& tally, std::int64_t now) const {
  tally.halved_ms = std::min(tally.halved_ms, now);
  const std::int64_t periods = (now - tally.halved_ms) / limits_.forget_ms;
  tally.failures >>= std::min<std::int64_t>(periods, 31);
  tally.halved_ms += periods * limits_.forget_ms;
  if (tally.failures == 0) tally.halved_ms = now;
  if (now - tally.turn_ms > kLostMs) tally.under_way = 0;
  // No turn is given that is further away: the clock has gone back.
  if (tally.turn_ms > now + limits_.longest_ms) tally.turn_ms = now;
}

Throttle::Tally Throttle::Look(const std::string& key, std::int64_t now) {
  Tally* const found = tallies_.Find(key);
  if (found == nullptr) return Tally();
  Forget(*found, now);
  return *found;
}

std::int64_t Throttle::TurnOf(const Tally& tally, std::int64_t now) const {
  if (!IsSlowed(tally)) return now;
  const std::uint64_t level = std::uint64_t{tally.failures} - limits_.failures + tally.under_way;
  return std::max(now, tally.turn_ms + Step(level));
}

std::int64_t Throttle::AccountDelay(const Attempt& attempt, std::int64_t now) {
  if (!attempt.pair.empty() && let_in_.Find(attempt.pair) != nullptr) return 0;
  const Tally account = Look(attempt.account, now);
  if (!IsSlowed(account)) return 0;
  return std::min(Step(account.failures - limits_.failures), kMostAccountDelayMs);
}

void Throttle::EndDue(Ticket ticket, const Attempt& attempt) {
  due_.erase({attempt.due_ms, ticket});
  if (attempt.state == Attempt::State::kHeld) held_.erase({attempt.source, ticket});
}

void Throttle::SetDue(Ticket ticket, Attempt& attempt, Attempt::State state, std::int64_t due_ms) {
  EndDue(ticket, attempt);
  attempt.state = state;
  attempt.due_ms = due_ms;
  due_.emplace(due_ms, ticket);
  if (state == Attempt::State::kHeld) held_.emplace(attempt.source, ticket);
}

void Throttle::Place(Ticket ticket, Attempt& attempt, std::int64_t now) {
  using enum Attempt::State;
  if (limits_.failures == 0) return SetDue(ticket, attempt, kTurn, now);
  std::int64_t turn = now;
  if (!attempt.source.empty()) {
    const Tally source = Look(attempt.source, now);
    const Tally pair = Look(attempt.pair, now);
    const auto is_full = [this](const Tally& tally) {
      return tally.failures + tally.under_way >= limits_.failures;
    };
    const bool slowed = IsSlowed(source) || IsSlowed(pair);
    if (!slowed && (is_full(source) || is_full(pair))) {
      if (attempt.state == kHeld) return;
      const auto held = static_cast<std::size_t>(
          std::distance(held_.lower_bound({attempt.source, 0}),
                        held_.upper_bound({attempt.source, std::numeric_limits<Ticket>::max()})));
      if (held >= kMostHeld) return SetDue(ticket, attempt, kRefused, now);
      return SetDue(ticket, attempt, kHeld, now + limits_.longest_ms);
    }
    turn = std::max(TurnOf(source, now), TurnOf(pair, now));
    // What has been held has used up some of its time.
    const std::int64_t latest = attempt.state == kHeld ? attempt.due_ms : now + limits_.longest_ms;
    if (turn > latest) return SetDue(ticket, attempt, kRefused, now);
  }
  turn = std::max(turn, now + AccountDelay(attempt, now));
  for (const std::string* key : {&attempt.source, &attempt.pair}) {
    if (key->empty()) continue;
    Tally& tally = tallies_.Touch(*key);
    Forget(tally, now);
    ++tally.under_way;
    tally.turn_ms =
        tally.under_way == 1 && tally.failures == 0 ? turn : std::max(tally.turn_ms, turn);
  }
  SetDue(ticket, attempt, kTurn, turn);
}

void Throttle::PlaceHeld(const std::string& source, std::int64_t now) {
  for (auto at = held_.lower_bound({source, 0}); at != held_.end() && at->first == source;) {
    const Ticket ticket = at->second;
    ++at;  // it may be held no longer
    Place(ticket, attempts_.at(ticket), now);
  }
}

void Throttle::Arrive(Ticket ticket, std::string_view source, std::string_view account,
                      std::int64_t now) {
  Attempt& attempt = attempts_[ticket];
  if (!source.empty()) {
    attempt.source = SourceKey(source);
    attempt.pair = PairKey(source, account);
  }
  attempt.account = AccountKey(account);
  Place(ticket, attempt, now);
}

std::vector<Throttle::Decision> Throttle::Due(std::int64_t now) {
  std::vector<Decision> decisions;
  while (!due_.empty() && due_.begin()->first <= now) {
    const Ticket ticket = due_.begin()->second;
    Attempt& attempt = attempts_.at(ticket);
    const bool begin = attempt.state == Attempt::State::kTurn;
    decisions.push_back({ticket, begin});
    EndDue(ticket, attempt);
    if (begin) {
      attempt.state = Attempt::State::kBegun;
    } else {
      attempts_.erase(ticket);
    }
  }
  return decisions;
}

std::optional<std::int64_t> Throttle::NextDue() const {
  if (due_.empty()) return std::nullopt;
  return due_.begin()->first;
}

void Throttle::Count(const std::string& key, Outcome outcome, std::uint32_t kept_by_success,
                     bool was_under_way, std::int64_t now) {
  Tally* const tally = outcome == Outcome::kFailure ? &tallies_.Touch(key) : tallies_.Find(key);
  if (tally == nullptr) return;
  Forget(*tally, now);
  if (was_under_way && tally->under_way > 0) --tally->under_way;
  if (outcome == Outcome::kFailure) {
    tally->failures = std::min(tally->failures + 1, most_failures_);
  } else if (outcome == Outcome::kSuccess) {
    tally->failures = kept_by_success;
  }
  if (tally->failures == 0 && tally->under_way == 0) tallies_.Erase(key);
}

std::string Throttle::Finish(Ticket ticket, Outcome outcome, std::int64_t now) {
  const auto at = attempts_.find(ticket);
  if (at == attempts_.end()) return {};
  const Attempt attempt = std::move(at->second);
  attempts_.erase(at);
  EndDue(ticket, attempt);
  if (limits_.failures == 0) return {};
  if (outcome == Outcome::kFailure) Count(attempt.account, outcome, 0, false, now);
  if (attempt.source.empty()) return {};

  using enum Attempt::State;
  const bool under_way = attempt.state == kTurn || attempt.state == kBegun;
  const Tally before = Look(attempt.source, now);
  Count(attempt.pair, outcome, 0, under_way, now);
  Count(attempt.source, outcome, before.failures / 2, under_way, now);
  if (outcome == Outcome::kSuccess) let_in_.Touch(attempt.pair);
  PlaceHeld(attempt.source, now);
  const bool begins = !IsSlowed(before) && IsSlowed(Look(attempt.source, now));
  return begins ? attempt.source.substr(1) : std::string();
}

}  // namespace sqlmap
