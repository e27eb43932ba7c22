// The backend of this process, and its replacement when the files change.
#ifndef SQLMAP_DIRECT_ENGINE_H_
#define SQLMAP_DIRECT_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/account/log.h"
#include "common/backend/backend.h"
#include "common/config/settings.h"
#include "common/process/fork_lock.h"
#include "common/process/monotonic.h"
#include "direct/load.h"

namespace sqlmap {

class Engine {
 public:
  Engine(Settings settings, Log& log);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  SqlAccountSource& accounts() { return backend_.accounts(); }
  SqlLoginGate& logins() { return backend_.logins(); }
  const Settings& settings() const { return backend_.settings(); }
  // For an engine that has been replaced.
  void CloseIdle() { backend_.CloseIdle(); }

 private:
  // The account that sees hashes: read from secrets.toml at each connection, by root alone, and not
  // kept.
  class PrivilegedCredentials final : public CredentialSource {
   public:
    bool Get(Credentials& credentials) noexcept override;

   private:
    std::atomic<std::size_t> complained_{0};  // hash of the mistakes that were logged last
  };

  PrivilegedCredentials privileged_credentials_;
  Backend backend_;
};

// The engine of this process: made at the first call, and again when the files have changed.
class EngineHolder {
 public:
  constexpr EngineHolder() = default;

  // Null while direct mode is off or there never was a usable configuration. What was good once
  // stays in force while the files are bad, missing, not the administrator's (after chroot), or no
  // longer all readable (a child that gave up root's rights). Looks at the files (the two of the
  // configuration, its password_file, /etc/passwd and /etc/group) at most every two seconds. Bad
  // secrets alone leave users and groups to root as to everybody else. Thread safe. Throws
  // std::bad_alloc.
  std::shared_ptr<Engine> Current(std::int64_t now = MonotonicMs());

 private:
  struct Loaded;
  using LoadedPtr = std::shared_ptr<const Loaded>;

  std::shared_ptr<Engine> Replace(const LoadedPtr& before, Settings settings,
                                  std::string password_file, const Stamps& now_there);
  // Says each set of mistakes once. None is no mistake.
  void Complain(const std::vector<SettingsError>& mistakes, LogLevel level);

  ForkLock lock_;
  // Replaced as a whole, by one store: a child that is forked in between finds the old one or the
  // new one. What it points to is copied under the lock, and freed by its last user: a host that
  // makes accounts every day replaces it every day.
  const LoadedPtr* loaded_ = nullptr;
  std::int64_t looked_ms_ = 0;
  std::size_t complained_ = 0;  // hash of the mistakes that were logged last
};

}  // namespace sqlmap

#endif  // SQLMAP_DIRECT_ENGINE_H_
