#include "common/sql/server_list.h"

#include <sys/random.h>

#include <utility>

namespace sqlmap {
namespace {

// A failure that took longer than this is not repeated at each call.
constexpr std::int64_t kCheapMs = 5;
// What a sign-in may cost, once a delay, at a server that greets but failed a moment ago.
constexpr std::int64_t kHurriedSignInMs = 250;
// How long a probe may wait before another takes its place: less than the 10 seconds after which a
// server hangs up.
constexpr std::int64_t kProbeLifeMs = 8'000;
// A greeting within this time of the connection is prompt.
constexpr std::int64_t kPromptMs = 10;
constexpr std::int64_t kLogEveryMs = 60'000;

std::uint32_t Chance() {
  std::uint32_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number)
    return static_cast<std::uint32_t>(MonotonicMs());
  return number;
}

}  // namespace

// One thread's turn at one server: takes what it may need, and gives back what it learnt, whatever
// happens.
class ServerList::Claim {
 public:
  Claim(ServerList& list, Server& server)
      : list_(list), server_(server), started_ms_(MonotonicMs()) {
    const ForkLockGuard guard(list_.lock_);
    if (list_.generation_ != ProcessGeneration::Current()) {
      // The threads that were at something stayed in the parent.
      list_.generation_ = ProcessGeneration::Current();
      for (Server& each : list_.servers_) each.in_use = false;
    }
    was_failing = server_.memory.failing();
    if (was_failing && server_.in_use) return;
    in_hurry = !server_.memory.MayTry(started_ms_);
    if (was_failing && server_.refused && in_hurry) return;
    granted = true;
    slow = server_.slow;
    may_sign_in = !server_.hurried || !in_hurry;
    first_address = server_.good_address;
    if (!was_failing) return;
    server_.in_use = true;
    dial = std::move(server_.probe);
  }
  ~Claim() {
    if (!granted) return;
    const ForkLockGuard guard(list_.lock_);
    if (was_failing) server_.in_use = false;
    if (outcome_ == Outcome::kSuccess) {
      server_.memory.OnSuccess();
      server_.slow = server_.hurried = server_.refused = false;
      server_.good_address = first_address;
      return;
    }
    server_.probe = std::move(dial);
    if (outcome_ == Outcome::kNoNews) return;
    const std::int64_t now = MonotonicMs();
    server_.memory.OnFailure(now, Chance());
    server_.refused = refused;
    server_.slow = !refused && now - started_ms_ > kCheapMs;
    server_.hurried = server_.slow && signed_in_hurry;
    // A name with several addresses: perhaps another one lives.
    server_.good_address = first_address + (server_.slow ? 1 : 0);
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  void Succeed() { outcome_ = Outcome::kSuccess; }
  void NoNews() { outcome_ = Outcome::kNoNews; }
  bool no_news() const { return outcome_ == Outcome::kNoNews; }
  Server& server() { return server_; }

  bool granted = false;
  bool was_failing = false;
  bool slow = false;
  bool may_sign_in = false;
  bool in_hurry = false;         // the delay is not over
  bool signed_in_hurry = false;  // and this turn used its short sign-in
  bool refused = false;
  std::size_t first_address = 0;
  Dial dial;

 private:
  enum class Outcome : std::uint8_t { kFailure, kNoNews, kSuccess };
  ServerList& list_;
  Server& server_;
  const std::int64_t started_ms_;
  Outcome outcome_ = Outcome::kFailure;
};

ServerList::ServerList(const DatabaseSettings& database, std::vector<ServerAddress> servers,
                       Dial::Names names, Log& log)
    : database_(database), names_(names), log_(log), generation_(ProcessGeneration::Current()) {
  servers_.reserve(servers.size());
  for (ServerAddress& address : servers) servers_.emplace_back(std::move(address));
}

std::expected<ServerList::Opened, SqlError> ServerList::Connect(const Credentials& credentials,
                                                                Connection::Use use,
                                                                Deadline deadline) {
  SqlError last{SqlError::Kind::kUnreachable, "every server failed a moment ago", true};
  const SignIn sign_in{credentials, use, deadline};
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    Claim claim(*this, servers_[i]);
    if (!claim.granted) continue;
    Result connection = claim.slow ? Probe(claim, sign_in) : Try(claim, sign_in);
    if (connection) {
      claim.Succeed();
      if (claim.was_failing)
        log_.Write(LogLevel::kInfo, Describe(i) + ": the server answers again");
      return Opened{std::move(*connection), i};
    }
    last = std::move(connection.error());
    last.text = Describe(i) + ": " + last.text;
    last.logged = true;
    claim.refused = last.refused;
    if (claim.no_news()) continue;
    LogFailure(claim.server(), last);
    if (deadline.passed()) break;
  }
  return std::unexpected(std::move(last));
}

ServerList::Result ServerList::Try(Claim& claim, const SignIn& sign_in) {
  const Deadline limit = sign_in.deadline.AtMost(database_.connect_timeout_ms);
  auto started = Dial::Start(claim.server().address, names_, claim.first_address, limit);
  if (!started) return std::unexpected(std::move(started.error()));
  claim.dial = std::move(*started);
  const auto greeted = claim.dial.AwaitGreeting(limit);
  if (!greeted) {
    claim.dial = Dial();
    return std::unexpected(greeted.error());
  }
  // The dial stays: the greeting that did not come in time is what the next call asks for.
  if (!*greeted)
    return std::unexpected(SqlError{SqlError::Kind::kTimeout, "connect: no greeting in time"});
  return SignInOver(claim, sign_in, limit.RemainingMs());
}

ServerList::Result ServerList::SignInOver(Claim& claim, const SignIn& sign_in,
                                          std::int64_t limit_ms) {
  Dial greeted = std::move(claim.dial);
  claim.dial = Dial();
  claim.first_address = greeted.address_index();
  return Connection::Open(std::move(greeted), claim.server().address, database_,
                          sign_in.credentials, sign_in.use, sign_in.deadline.AtMost(limit_ms));
}

ServerList::Result ServerList::Probe(Claim& claim, const SignIn& sign_in) {
  bool fresh = false;
  const auto dial_anew = [&]() -> std::expected<void, SqlError> {
    claim.dial = Dial();
    auto started =
        Dial::Start(claim.server().address, names_, claim.first_address, Deadline::In(0));
    if (!started) return std::unexpected(std::move(started.error()));
    claim.dial = std::move(*started);
    fresh = true;
    return {};
  };
  const auto no_news = [&] {
    claim.NoNews();
    return std::unexpected(SqlError{SqlError::Kind::kTimeout, "the server does not answer yet"});
  };
  if (!claim.dial.Usable() || claim.dial.AgeMs() > kProbeLifeMs) {
    if (auto dialled = dial_anew(); !dialled) {
      if (dialled.error().kind == SqlError::Kind::kTimeout) return no_news();
      return std::unexpected(std::move(dialled.error()));
    }
  }
  auto greeted = claim.dial.AwaitGreeting(Deadline::In(fresh ? kPromptMs : 0));
  if (greeted.value_or(false) && !claim.may_sign_in && !fresh) {
    // It greets, but was too slow to sign in at. A greeting that comes promptly says that this is
    // over.
    if (auto dialled = dial_anew(); !dialled) return no_news();
    greeted = claim.dial.AwaitGreeting(Deadline::In(kPromptMs));
  }
  if (greeted && !*greeted) return no_news();
  if (greeted) {
    claim.signed_in_hurry = claim.in_hurry;
    Result connection = SignInOver(
        claim, sign_in, claim.in_hurry ? kHurriedSignInMs : database_.connect_timeout_ms);
    const bool hung_up = !connection && connection.error().kind == SqlError::Kind::kLost;
    if (!hung_up || fresh) return connection;
  }
  // The probe was hung up on: its server is gone. The one that may run now deserves a try.
  claim.signed_in_hurry = false;
  return Try(claim, sign_in);
}

void ServerList::ReportFailure(std::size_t index) {
  Server& server = servers_[index];
  const ForkLockGuard guard(lock_);
  const std::int64_t now = MonotonicMs();
  server.memory.OnFailure(now, Chance());
  server.slow = true;
  server.failed_ms = now;
}

std::int64_t ServerList::LastFailureMs(std::size_t index) {
  const ForkLockGuard guard(lock_);
  return servers_[index].failed_ms;
}

void ServerList::LogFailure(Server& server, const SqlError& error) {
  const std::int64_t now = MonotonicMs();
  {
    const ForkLockGuard guard(lock_);
    if (server.logged_ms != 0 && now - server.logged_ms < kLogEveryMs) return;
    server.logged_ms = now;
  }
  log_.Write(LogLevel::kError, error.text);
}

}  // namespace sqlmap
