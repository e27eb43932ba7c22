#include "common/sql/pool.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sqlmap {

Pool::Pool(ServerList& servers, CredentialSource& credentials, std::size_t size, Idle idle,
           Connection::Use use)
    : servers_(servers),
      credentials_(credentials),
      account_(servers),
      size_(std::clamp<std::size_t>(size, 1, kMaxSize)),
      idle_(idle),
      use_(use),
      generation_(ProcessGeneration::Current()) {}

Pool::~Pool() = default;

Pool::Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      slot_(other.slot_),
      generation_(other.generation_),
      connection_(std::move(other.connection_)),
      server_(other.server_),
      opened_ms_(other.opened_ms_),
      keep_(other.keep_) {}

Pool::Lease::~Lease() {
  if (pool_ != nullptr) pool_->GiveBack(*this);
}

// Under the lock, in a child: the connections are the parent's. What lay unused is freed here
// without a word to the server; what was lent out may have been in the middle of a call, so only
// the child's copy of the descriptor is closed. A lease that this very thread carried over the fork
// frees its connection itself.
void Pool::ForgetParentsConnections() {
  for (Slot& slot : slots_) {
    slot.lent.CloseIfSame();
    slot = Slot();
  }
  for (DescriptorIdentity& stream : streams_) stream.CloseIfSame();
  generation_ = ProcessGeneration::Current();
}

std::optional<Pool::Lease> Pool::TakeSlot(Stale& stale) {
  const std::int64_t now = MonotonicMs();
  const ForkLockGuard guard(lock_);
  if (generation_ != ProcessGeneration::Current()) ForgetParentsConnections();
  Slot* best = nullptr;
  for (std::size_t i = 0; i < size_; ++i) {
    Slot& candidate = slots_[i];
    if (candidate.taken) continue;
    if (candidate.connection != nullptr &&
        (now - candidate.idle_since_ms > kIdleMs ||
         (candidate.server != 0 && now - candidate.opened_ms > kSecondChoiceMs))) {
      stale[i] = std::move(candidate.connection);
    }
    // The one that was used last, so that the others may become idle; an empty slot only if there
    // is none.
    const bool better =
        best == nullptr ||
        (candidate.connection != nullptr &&
         (best->connection == nullptr || candidate.idle_since_ms > best->idle_since_ms));
    if (better) best = &candidate;
  }
  if (best == nullptr) return std::nullopt;
  best->taken = true;
  Lease lease(*this, static_cast<std::size_t>(best - slots_.data()));
  lease.connection_ = std::move(best->connection);
  lease.server_ = best->server;
  lease.opened_ms_ = best->opened_ms;
  return lease;
}

void Pool::GiveBack(Lease& lease) {
  std::unique_ptr<Connection> connection = std::move(lease.connection_);
  {
    const ForkLockGuard guard(lock_);
    if (generation_ != ProcessGeneration::Current()) ForgetParentsConnections();
    if (lease.generation_ == generation_) {
      Slot& slot = slots_[lease.slot_];
      slot = Slot();
      if (connection != nullptr && lease.keep_ && idle_ == Idle::kKept) {
        slot.connection = std::move(connection);
        slot.server = lease.server_;
        slot.opened_ms = lease.opened_ms_;
        slot.idle_since_ms = MonotonicMs();
      }
    }
  }
  connection.reset();
  returns_.fetch_add(1, std::memory_order_seq_cst);
  if (waiters_.load(std::memory_order_seq_cst) == 0) return;
  syscall(SYS_futex, &returns_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

Pool::Report Pool::Describe() {
  Report report{.limit = size_, .waits = waits_.load(std::memory_order_relaxed)};
  {
    const ForkLockGuard guard(lock_);
    for (const Slot& slot : slots_) {
      if (slot.taken) ++report.in_use;
      if (slot.connection != nullptr || slot.lent.fd >= 0) ++report.open;
    }
  }
  report.servers = servers_.Reports(account_);
  return report;
}

void Pool::CloseIdle() {
  Stale idle;
  const ForkLockGuard guard(lock_);
  for (std::size_t i = 0; i < size_; ++i) idle[i] = std::move(slots_[i].connection);
}

std::expected<ServerList::Opened, SqlError> Pool::Connect(Connection::Use use, Deadline deadline,
                                                          std::span<const std::size_t> without) {
  Credentials credentials;
  if (!credentials_.Get(credentials)) {
    return std::unexpected(
        SqlError{SqlError::Kind::kNotAllowed, "this process may not read the credentials"});
  }
  return servers_.Connect(credentials, account_, use, deadline, without);
}

std::expected<ServerList::Opened, SqlError> Pool::OpenStream(Deadline deadline) {
  auto opened = Connect(Connection::Use::kStream, deadline, {});
  if (!opened) return opened;
  const ForkLockGuard guard(lock_);
  if (generation_ != ProcessGeneration::Current()) ForgetParentsConnections();
  for (DescriptorIdentity& stream : streams_) {
    if (stream.Same()) continue;
    stream = opened->connection->descriptor();
    break;
  }
  return opened;
}

std::expected<Pool::Lease, SqlError> Pool::Acquire(Want want, Deadline deadline,
                                                   std::span<const std::size_t> without) {
  Stale stale;
  std::optional<Lease> lease;
  for (bool waited = false;; waited = true) {
    const std::uint32_t seen = returns_.load(std::memory_order_acquire);
    if (auto taken = TakeSlot(stale)) {
      lease.emplace(std::move(*taken));
      break;
    }
    const int left = deadline.RemainingMs();
    if (left == 0)
      return std::unexpected(
          SqlError{SqlError::Kind::kTimeout, "all connections of the pool are in use"});
    if (!waited) waits_.fetch_add(1, std::memory_order_relaxed);
    const timespec patience{left / 1000, (left % 1000) * 1'000'000L};
    waiters_.fetch_add(1, std::memory_order_seq_cst);
    syscall(SYS_futex, &returns_, FUTEX_WAIT_PRIVATE, seen, &patience, nullptr, 0);
    waiters_.fetch_sub(1, std::memory_order_seq_cst);
  }
  if (lease->connection_ != nullptr) {
    const bool in_doubt = lease->opened_ms_ <= servers_.LastFailureMs(lease->server_);
    if (want == Want::kFresh || in_doubt || !lease->connection_->Usable())
      lease->connection_.reset();
  }
  if (lease->connection_ == nullptr) {
    auto opened = Connect(use_, deadline, without);
    if (!opened) return std::unexpected(std::move(opened.error()));
    lease->connection_ = std::move(opened->connection);
    lease->server_ = opened->server;
    lease->opened_ms_ = MonotonicMs();
  }
  {
    const ForkLockGuard guard(lock_);
    slots_[lease->slot_].lent = lease->connection_->descriptor();
  }
  return std::move(*lease);
}

}  // namespace sqlmap
