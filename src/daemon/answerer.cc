#include "daemon/answerer.h"

#include <algorithm>
#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "common/account/line_writer.h"
#include "common/backend/backend.h"
#include "common/backend/reason_words.h"
#include "common/process/monotonic.h"
#include "common/wire/access.h"
#include "common/wire/answer_encoder.h"
#include "common/wire/client.h"
#include "daemon/list_writer.h"
#include "daemon/status_lines.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMostQueries = 4096;  // each has a client
constexpr std::size_t kMostQueriesOfOneUser = 1024;
constexpr std::size_t kMostHashes = 256;  // more would be waited for longer than a client waits
constexpr std::size_t kMostHashesOfOneUser = 2;
constexpr std::size_t kMostHashesOfOneAccount = kMostHashes / 2;
constexpr std::size_t kMostLists = 16;
constexpr std::size_t kMostListsOfOneUser = 4;
constexpr unsigned kListThreads = 4;
constexpr std::size_t kMostReadFor = 65536;
constexpr std::size_t kMostNotes = 1024;
constexpr std::size_t kMostNotesOfOneUser = 16;

// One more than there are processors, so that these are at work while one thread is kept: for root,
// of what the others want, and of what root asks of one account, for those of the rest.
unsigned HashThreads() { return std::clamp(std::thread::hardware_concurrency() + 1, 2U, 17U); }

const AnswerBytes& NoMemory() {
  static const AnswerBytes bytes = UnavailableBytes(Reason::kNoMemory, {});
  return bytes;
}

AnswerBytes TooBusy() {
  return UnavailableBytes(Reason::kUnreachable, "sqlmapd has too much to do");
}

bool IsLate(std::int64_t asked_ms, std::int64_t budget_ms) {
  return MonotonicMs() - asked_ms >= budget_ms;
}

AnswerBytes Verdict(const LoginAnswer& answer) {
  std::string bytes;
  AppendVerdict(answer, bytes);
  return std::make_shared<const std::string>(std::move(bytes));
}

AnswerBytes Text(std::string_view text) {
  std::string bytes;
  AppendText(text, bytes);
  return std::make_shared<const std::string>(std::move(bytes));
}

// Whether the peer asks about himself. What the database does not say is not believed.
bool AsksAboutHimself(AccountSource& accounts, std::string_view name, const Peer& peer) {
  std::optional<Uid> uid;
  const Answer answer =
      accounts.FindUserByName(name, [&](const UserRecord& user) { uid = user.uid; });
  return answer.found() && IsOwn(uid, peer.uid);
}

// Whether it takes the time of a password hash.
bool Hashes(RequestKind kind) {
  return kind == RequestKind::kAuthenticate || kind == RequestKind::kPrepareChange ||
         kind == RequestKind::kChangePassword;
}

using GateQuestion = void (LoginGate::*)(const LoginRequest&, LoginAnswer&) noexcept;

GateQuestion QuestionOf(RequestKind kind) {
  switch (kind) {
    case RequestKind::kAuthenticate:
      return &LoginGate::Authenticate;
    case RequestKind::kPrepareChange:
      return &LoginGate::PrepareChange;
    case RequestKind::kChangePassword:
      return &LoginGate::ChangePassword;
    case RequestKind::kOpenSession:
      return &LoginGate::OpenSession;
    case RequestKind::kCloseSession:
      return &LoginGate::CloseSession;
    default:
      return &LoginGate::CheckAccount;
  }
}

// Whether it may be one of many guesses.
bool MayBeGuess(const Request& request) { return Hashes(request.kind) && !request.login.by_root; }

// A request that outlives its client: all of it but the password.
struct OwnedAttempt {
  explicit OwnedAttempt(const LoginRequest& request)
      : name(request.name),
        service(request.service),
        rhost(request.rhost),
        tty(request.tty),
        pid(request.pid),
        uid(request.uid) {}
  LoginRequest view() const {
    return {.name = name, .service = service, .rhost = rhost, .tty = tty, .pid = pid, .uid = uid};
  }

  std::string name, service, rhost, tty;
  std::int32_t pid;
  Uid uid;
};

LoginRequest LoginOf(const Asked& asked) {
  LoginRequest login = asked.request().login;
  login.pid = asked.peer.pid;
  login.uid = asked.peer.uid;
  return login;
}

// kUnreachable is what a hung-up connection is, too: worth asking once more.
AnswerBytes NotRefreshed(RefreshResult result, const std::string& why) {
  const bool elsewhere = result == RefreshResult::kTakenOver;
  return UnavailableBytes(elsewhere ? Reason::kUnreachable : Reason::kServerError, why);
}

AnswerBytes NotHisOwn() {
  return UnavailableBytes(Reason::kNotAllowed, "only root may ask about other accounts");
}

}  // namespace

Answerer::Answerer(const Settings& settings, Sources sources, Calls calls,
                   std::atomic<std::uint64_t>& flushes, EventLoop& loop, Mailbox& mailbox, Log& log)
    : host_(HostName()),
      local_users_(settings.accounts.local_uids),
      rows_(settings.accounts),
      sources_(std::move(sources)),
      calls_(std::move(calls)),
      loop_(loop),
      mailbox_(mailbox),
      log_(log),
      cache_(settings.cache),
      flushes_(flushes),
      flushes_seen_(flushes),
      throttle_({.failures = settings.throttle.failures,
                 .longest_ms = std::int64_t{settings.throttle.longest_seconds} * 1000,
                 .forget_ms = std::int64_t{settings.throttle.forget_seconds} * 1000}),
      notes_({.threads = 1, .waiting = kMostNotes, .of_user = {kMostNotesOfOneUser, 1}}),
      queries_({.threads = settings.database.pool_size,
                .waiting = kMostQueries,
                .of_user = {kMostQueriesOfOneUser, settings.database.pool_size}}),
      hashes_({.threads = HashThreads(),
               .waiting = kMostHashes,
               .of_user = {kMostHashesOfOneUser, kMostHashesOfOneUser},
               .of_part = {kMostHashesOfOneAccount, HashThreads() - 1}}),
      lists_(
          {.threads = kListThreads, .waiting = kMostLists, .of_user = {kMostListsOfOneUser, 1}}) {
  (void)NoMemory();
}

void Answerer::OnRequest(ClientId client, Asked asked) {
  CatchUp(flushes_);
  const Request& request = asked.request();
  ++counters_.questions.at(static_cast<std::size_t>(request.kind));
  switch (request.kind) {
    case RequestKind::kUserByName:
    case RequestKind::kUserById:
    case RequestKind::kGroupByName:
    case RequestKind::kGroupById:
    case RequestKind::kGroupsOfUser:
      return LookUp(client, asked);
    case RequestKind::kShadowByName:
      return Shadow(client, asked);
    case RequestKind::kSshKeys:
      return SshKeys(client, asked);
    case RequestKind::kListUsers:
    case RequestKind::kListGroups:
    case RequestKind::kListShadows:
      return List(client, asked);
    case RequestKind::kAuthenticate:
    case RequestKind::kCheckAccount:
    case RequestKind::kPrepareChange:
    case RequestKind::kChangePassword:
    case RequestKind::kOpenSession:
    case RequestKind::kCloseSession:
      return Login(client, std::move(asked));
    case RequestKind::kRefresh:
      return Refresh(client, request);
    case RequestKind::kStatus:
      return calls_.reply(client, Text(calls_.status(asked.peer.uid == 0)));
    case RequestKind::kFlush:
      return Flush(client, request);
  }
}

void Answerer::LookUp(ClientId client, const Asked& asked) {
  const Request& request = asked.request();
  Question question{request.kind, request.id, std::string(request.name)};
  std::string key = question.Key();
  const std::int64_t now = asked.asked_ms;
  if (AnswerBytes known = cache_.Fresh(key, now)) {
    ++counters_.cache_hits;
    calls_.reply(client, std::move(known));
    return lookups_.Record(MonotonicUs() - asked.asked_us);
  }
  ++counters_.cache_misses;
  // Root's queries are everybody's, since they go first. One that waits among the many of another
  // user is nothing to wait for.
  const auto flight_of = [&](Uid uid) { return Epoch() + std::to_string(uid) + ' ' + key; };
  for (const Uid uid : {Uid{0}, asked.peer.uid}) {
    const auto flight = under_way_.find(flight_of(uid));
    // Twice the budget, for waiting and for asking: what is older has been lost for want of memory.
    if (flight == under_way_.end() ||
        IsLate(flight->second.since_ms, std::int64_t{2} * kLookUpBudgetMs))
      continue;
    flight->second.clients.push_back({client, asked.asked_us});
    ++counters_.shared;
    return;
  }
  const std::string flight = flight_of(asked.peer.uid);
  UnderWay& under_way = under_way_[flight];
  under_way.since_ms = now;
  under_way.clients.push_back({client, asked.asked_us});
  ++counters_.asked;
  const bool submitted =
      queries_.Submit(asked.peer.uid, [this, flight, question = std::move(question), now] {
        Told told;
        try {
          told = IsLate(now, kLookUpBudgetMs)
                     ? Told{Answer::Unavailable(Reason::kTimeout),
                            UnavailableBytes(Reason::kTimeout, "waited too long for its turn")}
                     : Ask(sources_.accounts, question);
        } catch (const std::bad_alloc&) {
          told = {Answer::Unavailable(Reason::kNoMemory), NoMemory()};
        }
        mailbox_.Post([this, flight, question, told = std::move(told), now]() mutable {
          OnTold(flight, question, std::move(told), now);
        });
      });
  if (submitted) return;
  ++counters_.too_busy;
  const AnswerBytes refused = TooBusy();
  const auto waiting = under_way_.extract(flight);
  for (const UnderWay::Waiting& each : waiting.mapped().clients) calls_.reply(each.client, refused);
}

void Answerer::OnTold(const std::string& flight, const Question& question, Told told,
                      std::int64_t asked_ms) {
  const std::string key = question.Key();
  if (told.answer.unavailable()) {
    ++counters_.unavailable;
    if (AnswerBytes known = cache_.WhileDown(key, MonotonicMs())) {
      ++counters_.cache_stale;
      told.bytes = std::move(known);
    }
  } else {
    const bool found = told.answer.found();
    // What was asked before a flush is not remembered after it.
    if (flight.starts_with(Epoch())) {
      cache_.Store(key, found ? AnswerCache::Kind::kFound : AnswerCache::Kind::kAbsent, told.bytes,
                   asked_ms);
    }
    if (question.kind == RequestKind::kUserByName) {
      found ? OnFound(key, *told.bytes) : (void)read_for_.erase(std::hash<std::string>()(key));
    }
  }
  const auto waiting = under_way_.extract(flight);
  if (waiting.empty()) return;
  for (const UnderWay::Waiting& each : waiting.mapped().clients) {
    calls_.reply(each.client, told.bytes);
    lookups_.Record(MonotonicUs() - each.asked_us);
  }
}

// Anybody may ask for a name that the snapshot has: that alone must not lead to read after read.
void Answerer::OnFound(const std::string& key, const std::string& bytes) {
  const std::hash<std::string> hash;
  if (read_for_.size() >= kMostReadFor) read_for_.clear();
  const auto [at, first] = read_for_.try_emplace(hash(key), hash(bytes));
  if (!first && std::exchange(at->second, hash(bytes)) == hash(bytes)) return;
  calls_.account_found();
}

void Answerer::Shadow(ClientId client, const Asked& asked) {
  const Question question{asked.request().kind, 0, std::string(asked.request().name)};
  Submit(queries_, client, asked, kLookUpBudgetMs,
         [this, question] { return Ask(sources_.accounts, question).bytes; });
}

void Answerer::SshKeys(ClientId client, const Asked& asked) {
  Submit(queries_, client, asked, kLookUpBudgetMs,
         [this, name = std::string(asked.request().name)]() -> AnswerBytes {
           std::string lines;
           const Answer answer = sources_.ssh_keys(name, lines);
           if (answer.unavailable())
             return UnavailableBytes(answer.reason, WordsFor(answer.reason));
           std::string bytes;
           if (answer.absent()) AppendAbsent(bytes);
           if (answer.found() && !AppendSshKeys({lines}, bytes))
             return UnavailableBytes(Reason::kServerError, {});
           return std::make_shared<const std::string>(std::move(bytes));
         });
}

void Answerer::Login(ClientId client, Asked asked) {
  ++counters_.logins;
  // std::function copies; a password does not. The request is wiped with its last owner.
  const auto shared = std::make_shared<const Asked>(std::move(asked));
  if (shared->access == Access::kOwnAccount) return LogInHimself(client, shared);
  if (MayBeGuess(shared->request())) return Attempt(client, shared);
  const bool hashes = Hashes(shared->request().kind);
  const auto work = [this, shared] { return Verdict(DecideLogin(*shared)); };
  if (!hashes) return Submit(queries_, client, *shared, kLookUpBudgetMs, work);
  Submit(hashes_, client, *shared, kAuthenticateBudgetMs, work, PartOf(*shared));
}

LoginAnswer Answerer::DecideLogin(const Asked& asked) {
  const Request& request = asked.request();
  LoginAnswer answer;
  (sources_.logins.*QuestionOf(request.kind))(LoginOf(asked), answer);
  // Services log what they are told. Somebody's own program need not.
  if (answer.verdict == LoginVerdict::kWrongPassword && asked.peer.uid != 0) {
    log_.Write(LogLevel::kWarning, "wrong password from uid " + std::to_string(asked.peer.uid) +
                                       ", process " + std::to_string(asked.peer.pid) + ", for " +
                                       std::string(request.name));
  }
  return answer;
}

// Whoever is refused has failed, whatever the reason: how long the next attempt waits does not tell
// which it was. People of this host's own are unknown here each time that they log in.
Throttle::Outcome Answerer::OutcomeOf(const Asked& asked, LoginVerdict verdict) const {
  switch (verdict) {
    case LoginVerdict::kAccepted:
      return Throttle::Outcome::kSuccess;
    case LoginVerdict::kUnknownUser:
      return local_users_.IdOf(asked.request().name) ? Throttle::Outcome::kNothing
                                                     : Throttle::Outcome::kFailure;
    case LoginVerdict::kWrongPassword:
    case LoginVerdict::kBlocked:
    case LoginVerdict::kServiceNotAllowed:
      return Throttle::Outcome::kFailure;
    default:
      return Throttle::Outcome::kNothing;
  }
}

// Whose account it is must be known before there is a hash to be computed: strangers take no place
// of those who may ask.
void Answerer::LogInHimself(ClientId client, const std::shared_ptr<const Asked>& asked) {
  Submit(queries_, client, *asked, kLookUpBudgetMs, [this, client, asked]() -> AnswerBytes {
    const Request& request = asked->request();
    if (!AsksAboutHimself(sources_.accounts, request.name, asked->peer)) return NotHisOwn();
    if (!MayBeGuess(request)) return Verdict(DecideLogin(*asked));
    mailbox_.Post([this, client, asked] { Attempt(client, asked); });
    return nullptr;
  });
}

// Accounts take turns, or one of a costly hash, and many who try it, would keep out all others.
// What comes from no address may be anybody's: set-uid programs, such as su, ask as root, and as
// often as a user of this host likes.
WorkerPool::Part Answerer::PartOf(const Asked& asked) const {
  const LoginRequest& login = asked.request().login;
  const bool from_here = SourceOf(login.rhost, asked.peer.uid, host_).empty();
  return {std::string(login.name), from_here && !login.by_root};
}

void Answerer::Attempt(ClientId client, std::shared_ptr<const Asked> asked) {
  const LoginRequest& login = asked->request().login;
  const std::string source = SourceOf(login.rhost, asked->peer.uid, host_);
  throttle_.Arrive(client, source, login.name, MonotonicMs());
  attempts_.emplace(client, std::move(asked));
  LetIn();
}

void Answerer::LetIn() {
  // What is dropped in here may let in others.
  for (auto due = throttle_.Due(MonotonicMs()); !due.empty(); due = throttle_.Due(MonotonicMs())) {
    for (const auto& [client, begin] : due) {
      const std::shared_ptr<const Asked> asked = std::move(attempts_.extract(client).mapped());
      if (!begin) {
        Refuse(client, *asked);
      } else if (asked->waiting.expired()) {
        throttle_.Finish(client, Throttle::Outcome::kNothing, MonotonicMs());
      } else {
        LookAtPassword(client, asked);
      }
    }
  }
  const auto next = throttle_.NextDue();
  if (!next) return turn_.End();
  loop_.WatchTime(turn_, std::max<std::int64_t>(0, *next - MonotonicMs()), [this] { LetIn(); });
}

void Answerer::LookAtPassword(ClientId client, const std::shared_ptr<const Asked>& asked) {
  auto piece = [this, client, asked, since_us = MonotonicUs()] {
    AnswerBytes bytes;
    LoginAnswer answer;
    auto outcome = Throttle::Outcome::kNothing;
    bool note = false;
    try {
      if (IsLate(asked->asked_ms, kAuthenticateBudgetMs)) {
        bytes = UnavailableBytes(Reason::kTimeout, "waited too long for its turn");
      } else if (!asked->waiting.expired()) {
        answer = DecideLogin(*asked);
        outcome = OutcomeOf(*asked, answer.verdict);
        note = IsNoted(*asked);
        // Only who is let in waits for his row.
        if (note && sources_.note_is_required && answer.verdict == LoginVerdict::kAccepted) {
          sources_.note(OwnedAttempt(LoginOf(*asked)).view(), answer);
          note = false;
        }
        bytes = Verdict(answer);
        if (asked->request().kind == RequestKind::kAuthenticate)
          authentications_.Record(MonotonicUs() - since_us);
      }
    } catch (const std::bad_alloc&) {
      bytes = NoMemory();
    }
    const bool offline = answer.verdict == LoginVerdict::kAccepted && answer.offline;
    mailbox_.Post([this, client, bytes = std::move(bytes), outcome, offline] {
      counters_.offline_logins += offline ? 1 : 0;
      if (bytes != nullptr) calls_.reply(client, bytes);
      Finish(client, outcome);
    });
    if (note) Note(*asked, answer);
  };
  if (hashes_.Submit(asked->peer.uid, std::move(piece), PartOf(*asked))) return;
  ++counters_.too_busy;
  throttle_.Finish(client, Throttle::Outcome::kNothing, MonotonicMs());
  calls_.reply(client, TooBusy());
}

void Answerer::Refuse(ClientId client, const Asked& asked) {
  ++counters_.logins_throttled;
  LoginAnswer answer;
  answer.verdict = LoginVerdict::kThrottled;
  LineWriter(answer.reason).Text("too many failures from there: the password was not looked at");
  calls_.reply(client, Verdict(answer));
  if (IsNoted(asked)) Note(asked, answer);
}

void Answerer::Finish(ClientId client, Throttle::Outcome outcome) {
  const std::string slowed = throttle_.Finish(client, outcome, MonotonicMs());
  if (!slowed.empty()) {
    ++counters_.sources_slowed;
    char text[256];
    LineWriter line(text);
    line.Text("slowed down: logins from ").Foreign(slowed);
    line.Text(", of which too many have failed; see [throttle] in sqlmapd.toml");
    log_.Write(LogLevel::kWarning, line.text());
  }
  LetIn();
}

// Any thread. Rows that the database does not take as fast as they come are left out: they hold up
// nobody.
void Answerer::Note(const Asked& asked, const LoginAnswer& answer) {
  auto piece = [this, attempt = OwnedAttempt(LoginOf(asked)), answer] {
    LoginAnswer noted = answer;
    sources_.note(attempt.view(), noted);
  };
  if (notes_.Submit(asked.peer.uid, std::move(piece))) return;
  log_.Write(LogLevel::kWarning,
             "a login was not noted in the database: too many are waiting to be noted");
}

void Answerer::List(ClientId client, const Asked& asked) {
  const RequestKind kind = asked.request().kind;
  auto fd = std::make_shared<OwnedFd>(calls_.release(client));
  if (!fd->valid()) return;
  // Too many lists at once: the connection closes without a word, which is no answer.
  (void)lists_.Submit(asked.peer.uid, [this, fd, kind, since_ms = asked.asked_ms] {
    if (!IsLate(since_ms, kLookUpBudgetMs)) WriteList(sources_.accounts, kind, std::move(*fd));
  });
}

void Answerer::Refresh(ClientId client, const Request& request) {
  Calls::Done done = [](RefreshResult, const std::string&) {};
  if (request.wait) {
    done = [this, client](RefreshResult result, const std::string& text) {
      if (result == RefreshResult::kDone) return calls_.reply(client, Text(text));
      calls_.reply(client, NotRefreshed(result, text));
    };
  }
  calls_.refresh(request.force, std::move(done));
  if (!request.wait) calls_.reply(client, Text("asked for"));
}

// What has not been published would be found by asking, all but a change of what has been: a new
// account resolves once this is answered, and a changed one, too.
void Answerer::Flush(ClientId client, const Request& request) {
  // The others first: none of them answers from memory what is asked after our reply.
  CatchUp(flushes_++);
  ++flushes_seen_;
  read_for_.clear();
  const std::string name = rows_.Canonical(request.name);
  const std::size_t count =
      cache_.Forget([&](const std::string& question, const std::string* found) {
        return name.empty() || IsAbout(name, question, found);
      });
  std::string forgotten =
      std::to_string(count) + (count == 1 ? " answer" : " answers") + " forgotten";
  if (!name.empty() && calls_.forget_login && calls_.forget_login(name))
    forgotten += ", and the remembered logins of " + name;
  if (!calls_.publishes) return calls_.reply(client, Text(forgotten));
  calls_.refresh(false, [this, client, forgotten](RefreshResult result, const std::string& text) {
    if (result == RefreshResult::kDone) return calls_.reply(client, Text(forgotten + "; " + text));
    calls_.reply(client, NotRefreshed(result, forgotten + "; not read anew: " + text));
  });
}

void Answerer::CatchUp(std::uint64_t flushes) {
  if (flushes == flushes_seen_) return;
  flushes_seen_ = flushes;
  read_for_.clear();
  (void)cache_.Forget([](const std::string&, const std::string*) { return true; });
}

template <typename Work>
void Answerer::Submit(WorkerPool& pool, ClientId client, const Asked& asked, std::int64_t budget_ms,
                      Work work, const WorkerPool::Part& part) {
  auto piece = [this, client, waiting = asked.waiting, since_ms = asked.asked_ms, budget_ms,
                work = std::move(work)] {
    if (waiting.expired()) return;
    AnswerBytes bytes;
    try {
      bytes = IsLate(since_ms, budget_ms)
                  ? UnavailableBytes(Reason::kTimeout, "waited too long for its turn")
                  : work();
    } catch (const std::bad_alloc&) {
      bytes = NoMemory();
    }
    if (bytes == nullptr) return;  // there is more to do first
    mailbox_.Post([this, client, bytes = std::move(bytes)] { calls_.reply(client, bytes); });
  };
  if (pool.Submit(asked.peer.uid, std::move(piece), part)) return;
  ++counters_.too_busy;
  calls_.reply(client, TooBusy());
}

void Answerer::Turn() {
  lookups_.Turn(MonotonicMs());
  authentications_.Turn(MonotonicMs());
}

void Answerer::Describe(StatusWriter& status) const {
  status.Add("too_busy", counters_.too_busy);
  status.Add("cache_entries", cache_.size());
  status.Add("cache_bytes", cache_.bytes());
  status.Add("cache_hits", counters_.cache_hits);
  status.Add("cache_misses", counters_.cache_misses);
  status.Add("cache_stale", counters_.cache_stale);
  status.Add("queries", counters_.asked);
  status.Add("queries_shared", counters_.shared);
  status.Add("queries_unavailable", counters_.unavailable);
  for (std::size_t kind = 0; kind < counters_.questions.size(); ++kind) {
    std::string name(NameOf(static_cast<RequestKind>(kind)));
    std::ranges::replace(name, ' ', '_');
    if (!name.empty()) status.Add("questions.*", counters_.questions[kind], {name});
  }
  AddLatency(status, "lookup", lookups_.Read());
  AddLatency(status, "authentication", authentications_.Read());
  status.Add("logins", counters_.logins);
  status.Add("logins_waiting", throttle_.waiting());
  status.Add("logins_throttled", counters_.logins_throttled);
  status.Add("sources_slowed", counters_.sources_slowed);
  status.Add("offline_logins", counters_.offline_logins);
}

}  // namespace sqlmap
