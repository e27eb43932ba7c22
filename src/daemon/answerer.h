// The child's mind: who answers which request, and what is remembered of it.
//
//   an account or a group   the cache; else the query that is already under way for the same
//                           question, of root or of the same user; else a query. While the database
//                           cannot say: what it said last
//   shadow, account stage,  a query, for each who asks
//   ssh keys
//   password                a worker of its own, since hashes take time, once the throttle lets it
//   lists                   a worker that streams
//
// A login that was answered is noted by a worker that nobody waits for, unless its row is required.
//
// Work is dropped when nobody waits for it any more: the client has hung up, or has been waiting
// for as long as the modules wait.
#ifndef SQLMAP_DAEMON_ANSWERER_H_
#define SQLMAP_DAEMON_ANSWERER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/account/account_source.h"
#include "common/account/log.h"
#include "common/account/login_gate.h"
#include "common/config/settings.h"
#include "common/login/throttle.h"
#include "common/process/latency.h"
#include "common/sql/rows.h"
#include "common/wire/status_writer.h"
#include "daemon/answer_cache.h"
#include "daemon/ask.h"
#include "daemon/event.h"
#include "daemon/mailbox.h"
#include "daemon/refresh_policy.h"
#include "daemon/server.h"
#include "daemon/worker_pool.h"

namespace sqlmap {

class Answerer {
 public:
  // Whom it asks. Thread safe, and outlive the answerer.
  struct Sources {
    AccountSource& accounts;
    LoginGate& logins;
    // Notes an answered kAuthenticate, see SqlLoginGate::NoteAttempt; without a password. May be
    // empty.
    std::function<void(const LoginRequest&, LoginAnswer&)> note = nullptr;
    bool note_is_required = false;  // so it comes before the reply, and may change the answer
    // SshKeys::Find; needed by kSshKeys alone.
    std::function<Answer(std::string_view name, std::string& lines)> ssh_keys = nullptr;
  };
  // Whom it tells. Called in the loop's thread.
  struct Calls {
    std::function<void(ClientId, AnswerBytes)> reply;
    std::function<OwnedFd(ClientId)> release;
    // `done` is called in the loop's thread, now or later, with one line for the person who asked.
    using Done = std::function<void(RefreshResult result, std::string text)>;
    std::function<void(bool forced, Done done)> refresh;
    std::function<void()> account_found;  // the database has one that had to be asked for
    std::function<std::string(bool for_root)> status;
    bool publishes = false;  // there is a snapshot to be refreshed
    // What is remembered of that name's logins is not to be used any more; false: there was
    // nothing. The name is in the configuration's case. May be empty.
    std::function<bool(std::string_view name)> forget_login = nullptr;
  };

  // All must outlive the answerer. `log` hears of passwords that somebody tries here himself, since
  // what does not come from a service of root's has no other log, and of who is slowed down.
  // `flushes` counts those of all children, which serve beside each other during a reload: whoever
  // is asked after one that another was asked for answers nothing from memory that is older.
  Answerer(const Settings& settings, Sources sources, Calls calls,
           std::atomic<std::uint64_t>& flushes, EventLoop& loop, Mailbox& mailbox, Log& log);

  // The loop's thread.
  void OnRequest(ClientId client, Asked asked);
  // A snapshot that was read from `since_ms` on is out.
  void OnPublished(std::int64_t since_ms) { cache_.ForgetAskedBefore(since_ms); }

  void Describe(StatusWriter& status) const;
  // Forgets what has been slow, or quick, long ago. To be called each second.
  void Turn();

 private:
  static constexpr std::size_t kKinds = 40;  // more than any RequestKind
  struct Counters {
    std::uint64_t cache_hits = 0;
    std::uint64_t cache_misses = 0;
    std::uint64_t cache_stale = 0;
    std::uint64_t shared = 0;
    std::uint64_t asked = 0;
    std::uint64_t unavailable = 0;
    std::uint64_t too_busy = 0;
    std::uint64_t logins = 0;
    std::uint64_t logins_throttled = 0;
    std::uint64_t sources_slowed = 0;
    std::uint64_t offline_logins = 0;
    std::array<std::uint64_t, kKinds> questions{};
  };

  struct UnderWay {
    std::int64_t since_ms = 0;
    struct Waiting {
      ClientId client;
      std::int64_t asked_us;
    };
    std::vector<Waiting> clients;
  };

  void LookUp(ClientId client, const Asked& asked);
  void OnTold(const std::string& flight, const Question& question, Told told,
              std::int64_t asked_ms);
  void OnFound(const std::string& key, const std::string& bytes);
  void Shadow(ClientId client, const Asked& asked);
  void SshKeys(ClientId client, const Asked& asked);
  void Login(ClientId client, Asked asked);
  LoginAnswer DecideLogin(const Asked& asked);
  Throttle::Outcome OutcomeOf(const Asked& asked, LoginVerdict verdict) const;
  // The password is looked at when the throttle says so.
  void Attempt(ClientId client, std::shared_ptr<const Asked> asked);
  WorkerPool::Part PartOf(const Asked& asked) const;
  void LetIn();
  void LookAtPassword(ClientId client, const std::shared_ptr<const Asked>& asked);
  void Refuse(ClientId client, const Asked& asked);
  void Finish(ClientId client, Throttle::Outcome outcome);
  bool IsNoted(const Asked& asked) const {
    return asked.request().kind == RequestKind::kAuthenticate && sources_.note != nullptr;
  }
  void Note(const Asked& asked, const LoginAnswer& answer);
  void LogInHimself(ClientId client, const std::shared_ptr<const Asked>& asked);
  void List(ClientId client, const Asked& asked);
  void Refresh(ClientId client, const Request& request);
  void Flush(ClientId client, const Request& request);
  // Forgets everything if another child was asked for a flush: `flushes` is the count of all.
  void CatchUp(std::uint64_t flushes);
  // What the name of each flight begins with.
  std::string Epoch() const { return std::to_string(flushes_seen_) + ' '; }
  // The reply is the AnswerBytes that `work` gives. The client is told so if the pool has too much
  // to do. `part`: as in WorkerPool.
  template <typename Work>
  void Submit(WorkerPool& pool, ClientId client, const Asked& asked, std::int64_t budget_ms,
              Work work, const WorkerPool::Part& part = {});

  const std::string host_;
  const LocalIds& local_users_;
  const RowReader rows_;
  const Sources sources_;
  const Calls calls_;
  EventLoop& loop_;
  Mailbox& mailbox_;
  Log& log_;
  AnswerCache cache_;
  std::unordered_map<std::string, UnderWay> under_way_;  // by epoch, user and question
  std::atomic<std::uint64_t>& flushes_;
  std::uint64_t flushes_seen_;  // nobody who comes after one shares a flight from before
  // By hashes of question and answer: accounts that a read has been asked for because of. If that
  // read did not change their answer, another one would not.
  std::unordered_map<std::size_t, std::size_t> read_for_;
  Throttle throttle_;
  std::unordered_map<ClientId, std::shared_ptr<const Asked>> attempts_;  // that wait for their turn
  EventLoop::Watch turn_;                                                // of the next one
  Counters counters_;
  Latency lookups_;
  Latency authentications_;
  // Last: what they do uses the rest. The others' threads submit to the first, which outlives them.
  WorkerPool notes_;
  WorkerPool queries_;
  WorkerPool hashes_;
  WorkerPool lists_;
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_ANSWERER_H_
