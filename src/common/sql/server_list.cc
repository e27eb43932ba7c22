#include "common/sql/server_list.h"

#include <linux/futex.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <utility>

namespace sqlmap {
namespace {

// A failure that took longer than this is not repeated at each call.
constexpr std::int64_t kCheapMs = 5;
// What a sign-in may cost, once a delay, at a server that greets but failed a moment ago.
constexpr std::int64_t kHurriedSignInMs = 250;
// How long a probe over TCP may wait before another takes its place: of a host that was switched
// off it would never hear. A local server's end is seen at once, so its probe waits for ever.
constexpr std::int64_t kProbeLifeMs = 8'000;
// A greeting within this time of the connection is prompt: also one from the next city, or from a
// machine that is busy.
constexpr std::int64_t kPromptMs = 40;
constexpr std::int64_t kLogEveryMs = 60'000;
// Between two tries at a full server: the first pause, doubled so many times, and moved by chance
// to between half and one and a half of it. Over TCP each try may be a TLS handshake and a sign-in:
// an account's limit is only told after them.
constexpr std::int64_t kFirstPauseMs = 4;
constexpr std::int64_t kFirstPauseOverTcpMs = 16;
constexpr int kPauseDoublings = 3;
// What a query must be left with after a wait for a connection.
constexpr std::int64_t kQueryReserveMs = 100;

constexpr char kQueryFailed[] = "query failed";

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
  Claim(ServerList& list, Server& server, Account::Standing& standing)
      : list_(list), server_(server), standing_(standing), started_ms_(MonotonicMs()) {
    const ForkLockGuard guard(list_.lock_);
    if (list_.generation_ != ProcessGeneration::Current()) {
      // The threads that were at something stayed in the parent.
      list_.generation_ = ProcessGeneration::Current();
      for (Server& each : list_.servers_) each.in_use = false;
    }
    was_failing = server_.memory.failing() || standing_.refused.failing();
    if (was_failing && server_.in_use) {
      others_turn = server_.turn;
      return;
    }
    if (!standing_.refused.MayTry(started_ms_)) {
      refusal = standing_.error.data();
      list_.OnWord();
      return;
    }
    granted = true;
    in_hurry = !server_.memory.MayTry(started_ms_);
    patient = standing_.full.MayTry(started_ms_);
    slow = server_.slow;
    may_sign_in = !server_.hurried || !in_hurry;
    first_address = server_.good_address;
    if (!was_failing) return;
    server_.in_use = true;
    dial = std::move(server_.probe);
  }
  ~Claim() {
    if (!granted) return;
    GiveBack();
    if (was_failing) list_.TellOfTurn();
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

  void Succeed() { outcome_ = Outcome::kSuccess; }
  void Fail(const SqlError& error) {
    kind_ = error.kind;
    error_ = error.text;
    if (error.full) outcome_ = Outcome::kFull;
    if (error.refused) outcome_ = Outcome::kRefused;
  }
  void NoNews() { outcome_ = Outcome::kNoNews; }
  // Costs nothing, however long this thread had no processor in the meantime.
  void NobodyThere() { nobody_there_ = true; }
  bool no_news() const { return outcome_ == Outcome::kNoNews; }
  Server& server() { return server_; }

  bool granted = false;
  std::optional<std::uint32_t> others_turn;  // not granted, since another thread is at it
  std::string refusal;  // not granted, since it refused this account a moment ago: its words
  bool was_failing = false;
  bool slow = false;
  bool may_sign_in = false;
  bool in_hurry = false;         // the delay is not over
  bool signed_in_hurry = false;  // and this turn used its short sign-in
  bool patient = false;          // if it is full, it may be waited for
  std::size_t first_address = 0;
  Dial dial;

 private:
  enum class Outcome : std::uint8_t { kFailure, kNoNews, kFull, kRefused, kSuccess };

  void GiveBack() {
    const ForkLockGuard guard(list_.lock_);
    if (was_failing) {
      server_.in_use = false;
      ++server_.turn;
    }
    const std::int64_t now = MonotonicMs();
    standing_.full_now = outcome_ == Outcome::kFull;
    if (outcome_ == Outcome::kRefused) standing_.refused.OnFailure(now, Chance());
    if (outcome_ == Outcome::kSuccess) {
      standing_ = {};
      standing_.signed_in = true;
    }
    if (outcome_ == Outcome::kRefused || outcome_ == Outcome::kFull)
      LineWriter(standing_.error).Text(error_);
    // Its word, whatever it is, shows that it lives.
    if (outcome_ != Outcome::kFailure && outcome_ != Outcome::kNoNews) {
      list_.OnWord();
      server_.memory.OnSuccess();
      server_.slow = server_.hurried = false;
      server_.good_address = first_address;
      return;
    }
    server_.probe = std::move(dial);
    if (outcome_ == Outcome::kNoNews) return;
    server_.Failed(kind_, error_);
    server_.memory.OnFailure(now, Chance());
    server_.slow = !nobody_there_ && now - started_ms_ > kCheapMs;
    server_.hurried = server_.slow && signed_in_hurry;
    // A name with several addresses: perhaps another one lives.
    server_.good_address = first_address + (server_.slow ? 1 : 0);
  }

  ServerList& list_;
  Server& server_;
  Account::Standing& standing_;
  const std::int64_t started_ms_;
  SqlError::Kind kind_ = SqlError::Kind::kUnreachable;
  std::string error_;
  bool nobody_there_ = false;
  Outcome outcome_ = Outcome::kFailure;
};

ServerList::ServerList(const DatabaseSettings& database, std::vector<ServerAddress> servers,
                       Dial::Names names, Log& log)
    : database_(database), names_(names), log_(log), generation_(ProcessGeneration::Current()) {
  servers_.reserve(servers.size());
  for (ServerAddress& address : servers) servers_.emplace_back(std::move(address));
}

std::expected<ServerList::Opened, SqlError> ServerList::Connect(
    const Credentials& credentials, Account& account, Connection::Use use, Deadline deadline,
    std::span<const std::size_t> without) {
  const SignIn sign_in{credentials, account, use, deadline, without};
  for (int pauses = 0;;) {
    Prospect prospect;
    auto opened = ConnectOnce(sign_in, prospect);
    if (opened) return opened;
    bool answers = false;
    bool elsewhere = false;
    for (const OthersTurn& turn : prospect.others_turns) {
      const auto learnt = AwaitTurn(turn, deadline);
      answers = learnt.has_value();
      if (answers) break;
      // What a server has told this call itself is worth more.
      if (!prospect.asked) opened = std::unexpected(learnt.error());
      elsewhere = elsewhere || learnt.error().elsewhere;
    }
    opened.error().elsewhere = elsewhere;
    if (answers && !deadline.passed()) continue;
    if (prospect.full_pause == 0) return opened;
    const std::int64_t pause = prospect.full_pause << std::min(pauses++, kPauseDoublings);
    const std::int64_t jittered = pause / 2 + Chance() % (pause + 1);
    if (deadline.RemainingMs() < jittered + kQueryReserveMs) {
      const ForkLockGuard guard(lock_);
      for (Account::Standing& standing : account.standings_) {
        if (standing.full_now) standing.full.OnFailure(MonotonicMs(), Chance());
      }
      return opened;
    }
    poll(nullptr, 0, static_cast<int>(jittered));
  }
}

// One try at each server. If one is full and may be waited for, the error is that one's.
std::expected<ServerList::Opened, SqlError> ServerList::ConnectOnce(const SignIn& sign_in,
                                                                    Prospect& prospect) {
  SqlError last{SqlError::Kind::kUnreachable, "every server failed a moment ago", true};
  std::optional<SqlError> full;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (std::ranges::find(sign_in.without, i) != sign_in.without.end()) continue;
    Claim claim(*this, servers_[i], sign_in.account.standings_[i]);
    if (claim.others_turn) prospect.others_turns.push_back({i, *claim.others_turn});
    if (!claim.refusal.empty() && !prospect.asked) last.text = std::move(claim.refusal);
    if (!claim.granted) continue;
    prospect.asked = true;
    Result connection = claim.slow ? Probe(claim, sign_in) : Try(claim, sign_in);
    if (connection) {
      claim.Succeed();
      if (claim.was_failing)
        log_.Write(LogLevel::kInfo, Describe(i) + ": the server answers again");
      return Opened{std::move(*connection), i};
    }
    last = std::move(connection.error());
    last.text = Describe(i) + ": " + last.text;
    claim.Fail(last);
    if (last.full && claim.patient) {  // for whoever gives up to log
      const bool cheap = claim.server().address.is_socket();
      prospect.full_pause =
          std::max(prospect.full_pause, cheap ? kFirstPauseMs : kFirstPauseOverTcpMs);
      full = last;
      continue;
    }
    last.logged = true;
    if (claim.no_news()) continue;
    LogFailure(claim.server(), last);
    if (sign_in.deadline.passed()) break;
  }
  return std::unexpected(full ? *std::move(full) : std::move(last));
}

void ServerList::TellOfTurn() {
  turns_ended_.fetch_add(1, std::memory_order_seq_cst);
  if (turns_awaited_.load(std::memory_order_seq_cst) == 0) return;
  syscall(SYS_futex, &turns_ended_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

// What another thread learns at a server is what this one would have learnt: all who wait are
// answered by one try. The error: it found it still failing, or is not done in time.
std::expected<void, SqlError> ServerList::AwaitTurn(const OthersTurn& awaited, Deadline deadline) {
  // About as long as a turn may take.
  const Deadline limit = deadline.AtMost(database_.connect_timeout_ms);
  const Server& server = servers_[awaited.server];
  for (;;) {
    const std::uint32_t seen = turns_ended_.load(std::memory_order_acquire);
    {
      const ForkLockGuard guard(lock_);
      const bool ended = !server.in_use || server.turn != awaited.number;
      if (ended && !server.memory.failing()) return {};
      if (ended) return std::unexpected(SqlError{server.kind, server.error.data(), true});
    }
    const int left = limit.RemainingMs();
    if (left == 0) break;
    const timespec patience{left / 1000, (left % 1000) * 1'000'000L};
    turns_awaited_.fetch_add(1, std::memory_order_seq_cst);
    syscall(SYS_futex, &turns_ended_, FUTEX_WAIT_PRIVATE, seen, &patience, nullptr, 0);
    turns_awaited_.fetch_sub(1, std::memory_order_seq_cst);
  }
  SqlError error{SqlError::Kind::kTimeout,
                 Describe(awaited.server) + ": another thread is waiting for it", true};
  error.elsewhere = true;
  return std::unexpected(std::move(error));
}

SqlError ServerList::NotStarted(Claim& claim, SqlError error) {
  if (claim.server().address.is_socket() && error.kind == SqlError::Kind::kUnreachable)
    claim.NobodyThere();
  return error;
}

ServerList::Result ServerList::Try(Claim& claim, const SignIn& sign_in) {
  const Deadline limit = sign_in.deadline.AtMost(database_.connect_timeout_ms);
  auto started =
      Dial::Start(claim.server().address, names_, claim.first_address, limit, database_.socket_uid);
  if (!started) return std::unexpected(NotStarted(claim, std::move(started.error())));
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
    auto started = Dial::Start(claim.server().address, names_, claim.first_address, Deadline::In(0),
                               database_.socket_uid);
    if (!started) return std::unexpected(NotStarted(claim, std::move(started.error())));
    claim.dial = std::move(*started);
    fresh = true;
    return {};
  };
  const auto no_news = [&] {
    claim.NoNews();
    return std::unexpected(SqlError{SqlError::Kind::kTimeout, "the server does not answer yet"});
  };
  const bool old = !claim.server().address.is_socket() && claim.dial.AgeMs() > kProbeLifeMs;
  if (!claim.dial.Usable() || old) {
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
    const bool hung_up = !connection && connection.error().kind == SqlError::Kind::kLost &&
                         !connection.error().refused;
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
  server.Failed(SqlError::Kind::kTimeout, kQueryFailed);
}

std::vector<ServerList::Report> ServerList::Reports(const Account& account) {
  std::vector<Report> reports;
  reports.reserve(servers_.size());
  const ForkLockGuard guard(lock_);
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    const Server& server = servers_[i];
    const Account::Standing& standing = account.standings_[i];
    Report& report = reports.emplace_back();
    report.address = server.address.Describe();
    const auto fails = [&](Report::State state, const FailureMemory& memory, const ErrorText& why) {
      report.state = state;
      report.since_ms = memory.since_ms();
      report.error = why.data();
    };
    if (server.memory.failing()) {
      fails(Report::State::kFailing, server.memory, server.error);
    } else if (standing.refused.failing()) {
      fails(Report::State::kRefused, standing.refused, standing.error);
      report.next_try_ms = standing.refused.not_before_ms();
    } else if (standing.full.failing()) {
      fails(Report::State::kFull, standing.full, standing.error);
    } else if (standing.signed_in) {
      report.state = Report::State::kUp;
    }
  }
  return reports;
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
