#include "common/sql/server_list.h"

#include <sys/random.h>

namespace sqlmap {
namespace {

// How long a first probe waits for the greeting of a server that accepts, how long it may wait in all before another takes its
// place, and how much a sign-in may cost at a server that greets but failed a moment ago.
constexpr std::int64_t kFirstProbeMs = 50;
constexpr std::int64_t kProbeLifeMs = 5'000;
constexpr std::int64_t kProbeSignInMs = 100;
constexpr std::int64_t kLogEveryMs = 60'000;

std::uint32_t Chance() {
  std::uint32_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) return static_cast<std::uint32_t>(MonotonicMs());
  return number;
}

SqlError Unreachable(std::string text) { return {SqlError::Kind::kUnreachable, std::move(text)}; }

}  // namespace

ServerList::ServerList(const DatabaseSettings& database, std::vector<ServerAddress> servers, Dial::Names names, Log& log)
    : database_(database), names_(names), log_(log), generation_(ProcessGeneration::Current()) {
  servers_.reserve(servers.size());
  for (ServerAddress& address : servers) servers_.emplace_back(std::move(address));
}

// Under the lock.
ServerList::Step ServerList::Choose(Server& server, Dial& probe, bool& hurry) {
  if (!server.memory.failing()) return Step::kTry;
  if (server.in_use) return Step::kSkip;
  server.in_use = true;
  probe = std::move(server.probe);
  hurry = server.slow && !server.memory.MayTry(MonotonicMs());
  return Step::kProbe;
}

std::expected<ServerList::Opened, SqlError> ServerList::Connect(const Credentials& credentials, Connection::Use use, Deadline deadline) {
  SqlError last = Unreachable("every server failed a moment ago");
  last.logged = true;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    Server& server = servers_[i];
    Dial dial;
    Step step = Step::kSkip;
    bool was_failing = false;
    bool hurry = false;
    {
      const ForkLockGuard guard(lock_);
      if (generation_ != ProcessGeneration::Current()) {
        // The threads that were trying something stayed in the parent.
        generation_ = ProcessGeneration::Current();
        for (Server& each : servers_) each.in_use = false;
      }
      was_failing = server.memory.failing();
      step = Choose(server, dial, hurry);
    }
    if (step == Step::kSkip) continue;
    const SignIn sign_in{credentials, use, deadline, hurry};
    auto connection = step == Step::kTry ? Try(server.address, dial, sign_in) : Probe(server.address, dial, sign_in);
    if (!connection) {
      // A probe that merely got no answer is no news: the delay stands.
      const bool no_news = step == Step::kProbe && connection.error().kind == SqlError::Kind::kTimeout;
      last = std::move(connection.error());
      last.text = server.address.Describe() + ": " + last.text;
      const ForkLockGuard guard(lock_);
      if (was_failing) server.in_use = false;
      server.probe = std::move(dial);
      if (!no_news) server.memory.OnFailure(MonotonicMs(), Chance());
      server.slow = last.kind == SqlError::Kind::kTimeout;
    } else {
      const ForkLockGuard guard(lock_);
      if (was_failing) server.in_use = false;
      server.memory.OnSuccess();
    }
    if (!connection) {
      LogFailure(server, last);
      last.logged = true;
      if (deadline.passed()) break;
      continue;
    }
    if (was_failing) log_.Write(LogLevel::kInfo, server.address.Describe() + ": the server answers again");
    return Opened{std::move(*connection), i};
  }
  return std::unexpected(std::move(last));
}

std::expected<std::unique_ptr<Connection>, SqlError> ServerList::Try(const ServerAddress& address, Dial& dial, const SignIn& sign_in) {
  const Deadline limit = sign_in.deadline.AtMost(database_.connect_timeout_ms);
  auto started = Dial::Start(address, names_, limit);
  if (!started) return std::unexpected(Unreachable(started.error()));
  dial = std::move(*started);
  const auto greeted = dial.AwaitGreeting(limit);
  if (!greeted) {
    dial = Dial();
    return std::unexpected(Unreachable(greeted.error()));
  }
  // `dial` stays: the greeting that did not come in time is what the next probe asks for.
  if (!*greeted) return std::unexpected(SqlError{SqlError::Kind::kTimeout, "connect: no greeting in time"});
  return Connection::Open(std::move(dial), address, database_, sign_in.credentials, sign_in.use, limit);
}

std::expected<std::unique_ptr<Connection>, SqlError> ServerList::Probe(const ServerAddress& address, Dial& dial,
                                                                       const SignIn& sign_in) {
  const bool waiting = dial.Usable() && dial.AgeMs() <= kProbeLifeMs;
  if (!waiting) {
    if (!sign_in.hurry) return Try(address, dial, sign_in);
    auto started = Dial::Start(address, names_, sign_in.deadline.AtMost(kFirstProbeMs));
    if (!started) return std::unexpected(Unreachable(started.error()));
    dial = std::move(*started);
  }
  const auto greeted = dial.AwaitGreeting(sign_in.deadline.AtMost(waiting ? 0 : kFirstProbeMs));
  if (greeted && !*greeted) return std::unexpected(SqlError{SqlError::Kind::kTimeout, "the server does not answer yet"});
  std::expected<std::unique_ptr<Connection>, SqlError> connection = std::unexpected(Unreachable(greeted ? "" : greeted.error()));
  if (greeted) {
    connection = Connection::Open(std::move(dial), address, database_, sign_in.credentials, sign_in.use,
                                  sign_in.deadline.AtMost(sign_in.hurry ? kProbeSignInMs : database_.connect_timeout_ms));
  }
  dial = Dial();
  if (connection || !waiting || connection.error().kind == SqlError::Kind::kTimeout) return connection;
  // What waited was hung up on by a server that died meanwhile; the one that runs now deserves a try.
  return Try(address, dial, sign_in);
}

void ServerList::ReportFailure(std::size_t index) {
  Server& server = servers_[index];
  auto started = Dial::Start(server.address, names_, Deadline::In(0));
  const ForkLockGuard guard(lock_);
  server.memory.OnFailure(MonotonicMs(), Chance());
  server.slow = true;
  if (started && !server.in_use) server.probe = std::move(*started);
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
