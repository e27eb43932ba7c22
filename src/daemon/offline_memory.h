// The remembered logins at work: OfflineStore for many threads, with a thread of its own that
// hashes what is to be remembered and hands the store out to be kept.
//
// Whoever answers a login that a server decided waits for none of that. In the time until a new
// password has been hashed the old one does not count; what cannot be remembered, since too much
// waits already, is forgotten.
#ifndef SQLMAP_DAEMON_OFFLINE_MEMORY_H_
#define SQLMAP_DAEMON_OFFLINE_MEMORY_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "common/account/log.h"
#include "common/password/secret.h"
#include "common/process/owned_fd.h"
#include "daemon/offline_key.h"
#include "daemon/offline_store.h"

namespace sqlmap {

class OfflineMemory {
 public:
  // Seconds since 1970, any thread.
  using Clock = std::function<std::int64_t()>;
  struct Calls {
    // Sealed memory with what is to be kept: OfflineStore's bytes. From the memory's own thread;
    // must be quick.
    std::function<void(OwnedFd)> keep;
    // Everything of a name has been taken out. Any thread.
    std::function<void(const OfflineId& name)> forgotten;
  };
  struct Limits {
    std::size_t waiting = 256;      // passwords to be remembered; the oldest makes room
    std::size_t checks = 64;        // wrong ones to be looked at; what is more is not looked at
    std::int64_t keep_ms = 1'000;   // between two calls of `keep`; each MiB adds as much. What is
                                    // forgotten does not wait
    std::int64_t drop_ms = 60'000;  // how often what is too old is looked for
  };

  // `log` must outlive it. Throws std::system_error if there is no thread.
  OfflineMemory(const OfflineKey& key, OfflineId rules, OfflineStore store, Clock clock,
                Calls calls, Log& log, Limits limits);
  OfflineMemory(const OfflineMemory&) = delete;
  OfflineMemory& operator=(const OfflineMemory&) = delete;

  const OfflineKey& key() const { return key_; }
  OfflineId NameId(std::string_view name) const { return key_.Id({"name", name}); }

  // All of these: any thread. Without memory, less is remembered.

  // Taken before a server is asked: if the name is forgotten before its answer is remembered, the
  // answer is out of date.
  using Ticket = std::uint64_t;
  Ticket Begin() noexcept;
  void Remember(Ticket ticket, const OfflineId& name, const OfflineId& scope,
                std::string_view password) noexcept;
  // `ageing`: the account's shadow line, if it has one.
  void RememberAccount(Ticket ticket, const OfflineId& name, const OfflineId& scope,
                       const std::optional<ShadowRecord>& ageing) noexcept;
  // A server called it wrong. If it is the one that is remembered, it was changed elsewhere.
  void ForgetIfRemembered(const OfflineId& name, std::string_view password) noexcept;
  // False: there was nothing.
  bool Forget(const OfflineId& name) noexcept;
  // The same, since somebody else's memory has: nobody is told.
  void ForgetToo(const OfflineId& name) noexcept;

  // What `keep` was given last has been lost.
  void KeepAgain() noexcept;

  // Takes the time of a hash, unless it is kNothing.
  enum class Match : std::uint8_t { kNothing, kWrong, kRight };
  struct Recalled {
    Match match = Match::kNothing;
    std::int64_t seconds = 0;  // since a server said so
  };
  Recalled Recall(const OfflineId& name, const OfflineId& scope,
                  std::string_view password) noexcept;
  struct RecalledAccount {
    ShadowRecord ageing;
    std::int64_t seconds = 0;
  };
  // Of the scope of RememberAccount, or of the name, whatever the scope was.
  std::optional<RecalledAccount> RecallAccount(const OfflineId& scope) noexcept;

  // Until all that was asked for has been done, and `keep` called if it must be; or for so long.
  bool Finish(std::int64_t patience_ms);
  std::size_t names();

 private:
  struct Job {
    OfflineId name{};
    OfflineId scope{};
    SecretText password;
    Ticket ticket = 0;
    std::int64_t at = 0;
  };

  // Under mutex_, all but Run, Remembering and Checking, which let it go while they hash.
  void Run(const std::stop_token& stop);
  void Remembering(std::unique_lock<std::mutex>& lock, const Job& job);
  void Checking(std::unique_lock<std::mutex>& lock, const Job& job);
  void Keep(std::unique_lock<std::mutex>& lock);
  bool MayKeep(std::int64_t now_ms) const;
  // Whether a password of its waits to be remembered.
  bool Waits(const OfflineId& name) const;
  // The one that is remembered may not be the last one that was right.
  bool InDoubt(const OfflineId& name) const { return remembering_ == name || Waits(name); }
  bool ForgottenSince(const OfflineId& name, Ticket ticket) const;
  bool TakeOut(const OfflineId& name) noexcept;
  void Tell(const OfflineId& name) noexcept;
  void DropExpired();

  const OfflineKey key_;
  const OfflineId rules_;
  const Clock clock_;
  const Calls calls_;
  Log& log_;
  const Limits limits_;
  // Hashes that answer somebody, at once: each takes 19 MiB.
  std::counting_semaphore<> hashing_{4};

  std::mutex mutex_;
  std::condition_variable_any changed_;
  OfflineStore store_;
  std::deque<Job> remember_;
  std::deque<Job> check_;
  std::optional<OfflineId> remembering_;  // the name that the thread is at
  bool working_ = false;
  // When each name was last forgotten, counted in forgettings. Before `forgotten_before_`: any may
  // have been.
  std::unordered_map<OfflineId, Ticket, OfflineIdHash> forgotten_;
  Ticket forgettings_ = 0;
  Ticket forgotten_before_ = 0;
  bool dirty_ = false;   // there is something to be kept
  bool urgent_ = false;  // at once
  bool finishing_ = false;
  std::int64_t keep_after_ms_ = 0;
  std::int64_t drop_after_ms_ = 0;
  std::jthread thread_;  // last
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_OFFLINE_MEMORY_H_
