#include "daemon/answerer.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "common/process/monotonic.h"
#include "common/wire/access.h"
#include "common/wire/answer_encoder.h"
#include "daemon/list_writer.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMostQueries = 4096;  // waiting; each has a client
constexpr std::size_t kMostHashes = 256;    // more would be waited for longer than a client waits
constexpr std::size_t kMostLists = 16;
constexpr unsigned kListThreads = 2;

unsigned HashThreads() { return std::clamp(std::thread::hardware_concurrency(), 1U, 16U); }

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

AnswerBytes DecideLogin(const Answerer::Sources& sources, const Asked& asked) {
  const Request& request = asked.request();
  LoginAnswer answer;
  if (asked.access == Access::kOwnAccount &&
      !AsksAboutHimself(sources.accounts, request.name, asked.peer)) {
    return UnavailableBytes(Reason::kNotAllowed, "only root may ask about other accounts");
  }
  if (request.kind == RequestKind::kAuthenticate) {
    sources.logins.Authenticate(request.login, answer);
  } else {
    sources.logins.CheckAccount(request.login, answer);
  }
  return Verdict(answer);
}

}  // namespace

Answerer::Answerer(const Settings& settings, Sources sources, Calls calls, Mailbox& mailbox)
    : sources_(sources),
      calls_(std::move(calls)),
      mailbox_(mailbox),
      cache_(settings.cache),
      queries_(settings.database.pool_size, kMostQueries),
      hashes_(HashThreads(), kMostHashes),
      lists_(kListThreads, kMostLists) {}

void Answerer::OnRequest(ClientId client, Asked asked) {
  const Request& request = asked.request();
  switch (request.kind) {
    case RequestKind::kUserByName:
    case RequestKind::kUserById:
    case RequestKind::kGroupByName:
    case RequestKind::kGroupById:
    case RequestKind::kGroupsOfUser:
      return LookUp(client, {request.kind, request.id, std::string(request.name)});
    case RequestKind::kShadowByName:
      return Shadow(client, {request.kind, 0, std::string(request.name)});
    case RequestKind::kListUsers:
    case RequestKind::kListGroups:
    case RequestKind::kListShadows:
      return List(client, request.kind);
    case RequestKind::kAuthenticate:
    case RequestKind::kCheckAccount:
      return Login(client, std::move(asked));
    case RequestKind::kRefresh:
      return Refresh(client, request);
    case RequestKind::kStatus:
      return calls_.reply(client, Text(calls_.status()));
  }
}

void Answerer::LookUp(ClientId client, Question question) {
  std::string key = question.Key();
  const std::int64_t now = MonotonicMs();
  if (AnswerBytes known = cache_.Fresh(key, now)) {
    ++counters_.cache_hits;
    return calls_.reply(client, std::move(known));
  }
  const auto [at, first] = under_way_.try_emplace(key);
  at->second.push_back(client);
  if (!first) {
    ++counters_.shared;
    return;
  }
  ++counters_.asked;
  const bool submitted = queries_.Submit([this, key, question = std::move(question), now] {
    Told told = Ask(sources_.accounts, question);
    mailbox_.Post([this, key, question, told = std::move(told), now]() mutable {
      OnTold(key, question, std::move(told), now);
    });
  });
  if (!submitted) {
    ++counters_.too_busy;
    under_way_.erase(key);
    calls_.reply(client, UnavailableBytes(Reason::kUnreachable, "sqlmapd has too much to do"));
  }
}

void Answerer::OnTold(const std::string& key, const Question& question, Told told,
                      std::int64_t asked_ms) {
  if (told.answer.unavailable()) {
    ++counters_.unavailable;
    if (AnswerBytes known = cache_.WhileDown(key, MonotonicMs())) told.bytes = std::move(known);
  } else {
    const bool found = told.answer.found();
    cache_.Store(key, found ? AnswerCache::Kind::kFound : AnswerCache::Kind::kAbsent, told.bytes,
                 asked_ms);
    if (found && question.kind == RequestKind::kUserByName) calls_.account_found();
  }
  const auto waiting = under_way_.extract(key);
  if (waiting.empty()) return;
  for (const ClientId client : waiting.mapped()) calls_.reply(client, told.bytes);
}

void Answerer::Shadow(ClientId client, Question question) {
  Submit(queries_, client, [this, client, question = std::move(question)] {
    Told told = Ask(sources_.accounts, question);
    mailbox_.Post([this, client, bytes = std::move(told.bytes)] { calls_.reply(client, bytes); });
  });
}

void Answerer::Login(ClientId client, Asked asked) {
  ++counters_.logins;
  const bool hashes = asked.request().kind == RequestKind::kAuthenticate;
  // std::function copies; a password does not.
  auto shared = std::make_shared<Asked>(std::move(asked));
  Submit(hashes ? hashes_ : queries_, client, [this, client, shared = std::move(shared)] {
    AnswerBytes bytes = DecideLogin(sources_, *shared);
    shared->parser->Wipe();
    mailbox_.Post([this, client, bytes = std::move(bytes)] { calls_.reply(client, bytes); });
  });
}

void Answerer::List(ClientId client, RequestKind kind) {
  auto fd = std::make_shared<OwnedFd>(calls_.release(client));
  if (!fd->valid()) return;
  // Too many lists at once: the connection closes without a word, which is no answer.
  (void)lists_.Submit([this, fd, kind] { WriteList(sources_.accounts, kind, std::move(*fd)); });
}

void Answerer::Refresh(ClientId client, const Request& request) {
  Calls::Done done = [](bool, const std::string&) {};
  if (request.wait) {
    done = [this, client](bool good, const std::string& text) {
      calls_.reply(client, good ? Text(text) : UnavailableBytes(Reason::kServerError, text));
    };
  }
  calls_.refresh(request.force, std::move(done));
  if (!request.wait) calls_.reply(client, Text("asked for"));
}

void Answerer::Submit(WorkerPool& pool, ClientId client, WorkerPool::Work work) {
  if (pool.Submit(std::move(work))) return;
  ++counters_.too_busy;
  calls_.reply(client, UnavailableBytes(Reason::kUnreachable, "sqlmapd has too much to do"));
}

std::string Answerer::Describe() const {
  const auto line = [](const char* name, std::uint64_t value) {
    return std::string(name) + ' ' + std::to_string(value) + '\n';
  };
  return line("cache_entries", cache_.size()) + line("cache_hits", counters_.cache_hits) +
         line("queries", counters_.asked) + line("queries_shared", counters_.shared) +
         line("queries_unavailable", counters_.unavailable) + line("logins", counters_.logins) +
         line("too_busy", counters_.too_busy);
}

}  // namespace sqlmap
