#include "daemon/offline_memory.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "common/process/monotonic.h"
#include "daemon/error_text.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMostForgotten = 4096;

// Not valid: errno says why.
OwnedFd SealedMemory(std::string_view bytes) {
  OwnedFd memory(memfd_create("sqlmap-offline", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  for (std::size_t done = 0; memory.valid() && done < bytes.size();) {
    const ssize_t written = write(memory.get(), bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno != EINTR) return {};
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
  if (memory.valid() && fcntl(memory.get(), F_ADD_SEALS, kSeals) != 0) return {};
  return memory;
}

void BlockAllSignals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

OfflineMemory::OfflineMemory(const OfflineKey& key, OfflineId rules, OfflineStore store,
                             Clock clock, Calls calls, Log& log, Limits limits)
    : key_(key),
      rules_(rules),
      clock_(std::move(clock)),
      calls_(std::move(calls)),
      log_(log),
      limits_(limits),
      store_(std::move(store)),
      drop_after_ms_(MonotonicMs() + limits.drop_ms),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

OfflineMemory::Ticket OfflineMemory::Begin() noexcept {
  const std::lock_guard guard(mutex_);
  return forgettings_;
}

void OfflineMemory::Remember(Ticket ticket, const OfflineId& name, const OfflineId& scope,
                             std::string_view password) noexcept {
  const std::lock_guard guard(mutex_);
  // It has been right since.
  std::erase_if(check_, [&](const Job& job) {
    return job.name == name && SameBytes(View(job.password), password);
  });
  try {
    remember_.push_back(
        {name, scope, SecretText(password.begin(), password.end()), ticket, clock_()});
  } catch (const std::bad_alloc&) {
    (void)TakeOut(name);
    return;
  }
  changed_.notify_all();
  if (remember_.size() <= limits_.waiting) return;
  const OfflineId oldest = remember_.front().name;
  remember_.pop_front();
  if (!Waits(oldest)) (void)TakeOut(oldest);
}

void OfflineMemory::RememberAccount(Ticket ticket, const OfflineId& name, const OfflineId& scope,
                                    const std::optional<ShadowRecord>& ageing) noexcept {
  const std::lock_guard guard(mutex_);
  if (ForgottenSince(name, ticket)) return;
  try {
    const std::int64_t now = clock_();
    store_.PutPass(scope, {name, now, OfflineStage::kAccount, ageing.value_or(ShadowRecord())});
    if (ageing) store_.PutPass(name, {name, now, OfflineStage::kShadow, *ageing});
  } catch (const std::bad_alloc&) {
    return;
  }
  dirty_ = true;
  changed_.notify_all();
}

void OfflineMemory::ForgetIfRemembered(const OfflineId& name, std::string_view password) noexcept {
  const std::lock_guard guard(mutex_);
  const bool known = store_.FindPassword(name) != nullptr || InDoubt(name);
  if (!known || check_.size() >= limits_.checks) return;
  try {
    check_.push_back({name, {}, SecretText(password.begin(), password.end()), 0, 0});
  } catch (const std::bad_alloc&) {
    return;
  }
  changed_.notify_all();
}

bool OfflineMemory::Forget(const OfflineId& name) noexcept {
  bool there = false;
  {
    const std::lock_guard guard(mutex_);
    there = TakeOut(name);
  }
  if (there) Tell(name);
  return there;
}

void OfflineMemory::ForgetToo(const OfflineId& name) noexcept {
  const std::lock_guard guard(mutex_);
  (void)TakeOut(name);
}

void OfflineMemory::KeepAgain() noexcept {
  const std::lock_guard guard(mutex_);
  dirty_ = true;
  changed_.notify_all();
}

void OfflineMemory::Tell(const OfflineId& name) noexcept {
  try {
    calls_.forgotten(name);
  } catch (const std::exception& error) {
    log_.Write(LogLevel::kError, std::string("nobody else forgets a login: ") + error.what());
  }
}

// What is under way for the name comes too late then. False: there was nothing.
bool OfflineMemory::TakeOut(const OfflineId& name) noexcept {
  const bool doubtful = InDoubt(name);
  std::erase_if(remember_, [&](const Job& job) { return job.name == name; });
  const bool there = store_.Forget(name);
  if (there) {
    dirty_ = urgent_ = true;
    changed_.notify_all();
  }
  ++forgettings_;
  try {
    if (forgotten_.size() >= kMostForgotten) throw std::bad_alloc();
    forgotten_[name] = forgettings_;
  } catch (const std::bad_alloc&) {
    forgotten_.clear();
    forgotten_before_ = forgettings_;
  }
  return there || doubtful;
}

bool OfflineMemory::Waits(const OfflineId& name) const {
  return std::ranges::any_of(remember_, [&](const Job& job) { return job.name == name; });
}

bool OfflineMemory::ForgottenSince(const OfflineId& name, Ticket ticket) const {
  if (ticket < forgotten_before_) return true;
  const auto found = forgotten_.find(name);
  return found != forgotten_.end() && found->second > ticket;
}

void OfflineMemory::DropExpired() {
  if (!store_.DropExpired(clock_())) return;
  dirty_ = true;
  changed_.notify_all();
}

OfflineMemory::Recalled OfflineMemory::Recall(const OfflineId& name, const OfflineId& scope,
                                              std::string_view password) noexcept {
  OfflinePassword remembered;
  Ticket ticket = 0;
  {
    const std::lock_guard guard(mutex_);
    ticket = forgettings_;
    DropExpired();
    const OfflinePassword* const found = store_.FindPassword(name);
    if (found == nullptr || InDoubt(name) || store_.FindPass(scope) == nullptr) return {};
    remembered = *found;
  }
  hashing_.acquire();
  struct Release {
    std::counting_semaphore<>& hashing;
    ~Release() { hashing.release(); }
  } const release{hashing_};
  bool right = false;
  try {
    right = SameHash(key_.Hash(password, remembered.salt), remembered.hash);
  } catch (const std::bad_alloc&) {
    return {};
  }
  const std::lock_guard guard(mutex_);
  if (ForgottenSince(name, ticket)) return {};
  return {right ? Match::kRight : Match::kWrong, clock_() - remembered.verified};
}

std::optional<OfflineMemory::RecalledAccount> OfflineMemory::RecallAccount(
    const OfflineId& scope) noexcept {
  const std::lock_guard guard(mutex_);
  DropExpired();
  const OfflinePass* const found = store_.FindPass(scope);
  if (found == nullptr) return std::nullopt;
  return RecalledAccount{found->ageing, clock_() - found->passed};
}

bool OfflineMemory::Finish(std::int64_t patience_ms) {
  std::unique_lock lock(mutex_);
  finishing_ = true;
  changed_.notify_all();
  const bool done = changed_.wait_for(lock, std::chrono::milliseconds(patience_ms), [this] {
    return remember_.empty() && check_.empty() && !working_ && !dirty_;
  });
  finishing_ = false;
  return done;
}

std::size_t OfflineMemory::names() {
  const std::lock_guard guard(mutex_);
  return store_.passwords();
}

bool OfflineMemory::MayKeep(std::int64_t now_ms) const {
  return dirty_ && (urgent_ || finishing_ || now_ms >= keep_after_ms_);
}

void OfflineMemory::Run(const std::stop_token& stop) {
  BlockAllSignals();
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const std::int64_t now = MonotonicMs();
    if (now >= drop_after_ms_) {
      DropExpired();
      drop_after_ms_ = now + limits_.drop_ms;
    }
    try {
      working_ = true;
      if (MayKeep(now)) {
        Keep(lock);
      } else if (!remember_.empty()) {
        const Job job = std::move(remember_.front());
        remember_.pop_front();
        Remembering(lock, job);
      } else if (!check_.empty()) {
        const Job job = std::move(check_.front());
        check_.pop_front();
        Checking(lock, job);
      } else {
        working_ = false;
        changed_.notify_all();  // whoever waits in Finish
        const bool was_dirty = dirty_;
        const std::int64_t until =
            was_dirty ? std::min(keep_after_ms_, drop_after_ms_) : drop_after_ms_;
        changed_.wait_for(lock, stop, std::chrono::milliseconds(until - now), [&] {
          return !remember_.empty() || !check_.empty() || dirty_ != was_dirty ||
                 MayKeep(MonotonicMs());
        });
      }
    } catch (const std::exception& error) {
      log_.Write(LogLevel::kError, std::string("a login is not remembered: ") + error.what());
      if (!lock.owns_lock()) lock.lock();
    }
    working_ = false;
  }
}

// One salt for a name: so the hash tells whether it is the password that was right before, too.
void OfflineMemory::Remembering(std::unique_lock<std::mutex>& lock, const Job& job) {
  const OfflinePassword* const known = store_.FindPassword(job.name);
  OfflinePassword now{job.at, known == nullptr ? RandomSalt() : known->salt, {}};
  remembering_ = job.name;
  bool hashed = false;
  lock.unlock();
  try {
    now.hash = key_.Hash(View(job.password), now.salt);
    hashed = true;
  } catch (const std::bad_alloc&) {
    log_.Write(LogLevel::kError, "a login is not remembered: out of memory");
  }
  lock.lock();
  remembering_.reset();
  if (!hashed) {
    (void)TakeOut(job.name);
    return;
  }
  const OfflinePassword* const before = store_.FindPassword(job.name);
  const bool another = before != nullptr && !SameHash(before->hash, now.hash);
  if (ForgottenSince(job.name, job.ticket)) {
    if (another) (void)TakeOut(job.name);  // of the two nobody knows which is right
    return;
  }
  if (another || before == nullptr) store_.ForgetPasses(job.name, OfflineStage::kPassword);
  store_.PutPassword(job.name, now);
  store_.PutPass(job.scope, {job.name, job.at, OfflineStage::kPassword, {}});
  dirty_ = true;
  if (!another) return;
  urgent_ = true;
  lock.unlock();
  Tell(job.name);
  lock.lock();
}

void OfflineMemory::Checking(std::unique_lock<std::mutex>& lock, const Job& job) {
  const OfflinePassword* const known = store_.FindPassword(job.name);
  if (known == nullptr) return;
  const OfflinePassword remembered = *known;
  lock.unlock();
  OfflineHash hash{};
  try {
    hash = key_.Hash(View(job.password), remembered.salt);
  } catch (const std::bad_alloc&) {
    hash = remembered.hash;  // it might be that one
  }
  lock.lock();
  const OfflinePassword* const now = store_.FindPassword(job.name);
  if (now == nullptr || !SameHash(now->hash, hash) || now->salt != remembered.salt) return;
  (void)TakeOut(job.name);
  lock.unlock();
  Tell(job.name);
  lock.lock();
}

void OfflineMemory::Keep(std::unique_lock<std::mutex>& lock) {
  urgent_ = false;
  keep_after_ms_ = MonotonicMs() + limits_.keep_ms;
  const Secret bytes = store_.Serialise(key_, rules_);
  keep_after_ms_ += limits_.keep_ms * static_cast<std::int64_t>(bytes.size() >> 20);
  dirty_ = false;
  lock.unlock();
  OwnedFd memory = SealedMemory(bytes);
  const bool made = memory.valid();
  if (made) {
    calls_.keep(std::move(memory));
  } else {
    log_.Write(LogLevel::kError, "what is remembered of logins is not kept: " + ErrorText());
  }
  lock.lock();
  if (!made) dirty_ = true;
}

}  // namespace sqlmap
