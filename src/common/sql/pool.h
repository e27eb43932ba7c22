// A bounded number of connections, lent out one at a time to the threads of this process.
#ifndef SQLMAP_COMMON_SQL_POOL_H_
#define SQLMAP_COMMON_SQL_POOL_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "common/process/fork_lock.h"
#include "common/sql/server_list.h"

namespace sqlmap {

// Who signs in. Asked at each new connection, so that a secret need not be kept.
class CredentialSource {
 public:
  // False: this process has none.
  virtual bool Get(Credentials& credentials) noexcept = 0;

 protected:
  ~CredentialSource() = default;
};

class Pool {
 public:
  static constexpr std::size_t kMaxSize = 64;

  enum class Idle : std::uint8_t {
    kKept,  // an unused connection waits for its next use; after kIdleMs the next call closes it,
            // or the server does
    kNone,  // closed at the end of each call: the account that may read hashes
  };
  static constexpr std::int64_t kIdleMs = 10'000;
  // A connection to another server than the first is given up after so long, to find back to the
  // first.
  static constexpr std::int64_t kSecondChoiceMs = 30'000;

  // `servers` and `credentials` must outlive the pool. `size` is at most kMaxSize.
  // Its connections are for `use`, kLookups or kWrites.
  Pool(ServerList& servers, CredentialSource& credentials, std::size_t size, Idle idle,
       Connection::Use use = Connection::Use::kLookups);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // A connection for one thread, given back at the end. Must not outlive the pool.
  class Lease {
   public:
    Lease(Lease&& other) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    Connection* operator->() const { return connection_.get(); }
    std::size_t server() const { return server_; }
    // The connection is fit for the next user. Without this word it is closed instead of given
    // back.
    void Keep() { keep_ = true; }

   private:
    friend class Pool;
    Lease(Pool& pool, std::size_t slot)
        : pool_(&pool), slot_(slot), generation_(ProcessGeneration::Current()) {}

    Pool* pool_;
    std::size_t slot_;
    std::uint32_t generation_;  // in a child of that process the slot is no longer ours
    std::unique_ptr<Connection> connection_;
    std::size_t server_ = 0;
    std::int64_t opened_ms_ = 0;
    bool keep_ = false;
  };

  enum class Want : std::uint8_t {
    kAny,    // an unused connection if there is one
    kFresh,  // a new one: what was prepared on the old ones may be out of date
  };
  // Waits for a connection to come back while all are lent out. A new one is to none of the servers
  // `without`. Thread safe.
  std::expected<Lease, SqlError> Acquire(Want want, Deadline deadline,
                                         std::span<const std::size_t> without = {});

  // Thread safe.
  struct Report {
    std::size_t open = 0;    // connections, in use or not
    std::size_t in_use = 0;  // or being opened
    std::size_t limit = 0;
    std::uint64_t waits = 0;  // calls that found all of them in use, so far
    std::vector<ServerList::Report> servers = {};
  };
  Report Describe();

  // Closes what lies unused. Thread safe.
  void CloseIdle();

  // A new connection outside the pool, for a walk over a whole table. Thread safe.
  std::expected<ServerList::Opened, SqlError> OpenStream(Deadline deadline);

 private:
  struct Slot {
    bool taken = false;                      // lent out, or being opened
    std::unique_ptr<Connection> connection;  // unused
    DescriptorIdentity lent;                 // in use: for a child, which must close its copy
    std::size_t server = 0;
    std::int64_t opened_ms = 0;
    std::int64_t idle_since_ms = 0;
  };

  using Stale = std::array<std::unique_ptr<Connection>, kMaxSize>;

  std::expected<ServerList::Opened, SqlError> Connect(Connection::Use use, Deadline deadline,
                                                      std::span<const std::size_t> without);
  void ForgetParentsConnections();
  // A slot, with its unused connection if it has one. `stale` receives what has been idle for too
  // long.
  std::optional<Lease> TakeSlot(Stale& stale);
  void GiveBack(Lease& lease);

  ServerList& servers_;
  CredentialSource& credentials_;
  ServerList::Account account_;
  const std::size_t size_;
  const Idle idle_;
  const Connection::Use use_;
  ForkLock lock_;  // guards generation_, slots_ and streams_
  std::uint32_t generation_;
  std::array<Slot, kMaxSize> slots_;
  std::array<DescriptorIdentity, 8> streams_;  // what OpenStream gave away, for the same reason
  std::atomic<std::uint32_t> returns_{0};      // a futex: grows with each slot that comes free
  std::atomic<std::uint64_t> waits_{0};
  std::atomic<std::uint32_t> waiters_{0};  // threads that wait for it; never less than the truth
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_POOL_H_
