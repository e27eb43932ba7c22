// One configuration at work: its settings, servers, pools and sources. Replaced as a whole when the
// files change.
#ifndef SQLMAP_DIRECT_ENGINE_H_
#define SQLMAP_DIRECT_ENGINE_H_

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/account/log.h"
#include "common/config/settings.h"
#include "common/process/fork_lock.h"
#include "common/process/monotonic.h"
#include "common/sql/pool.h"
#include "common/sql/query_runner.h"
#include "common/sql/server_list.h"
#include "common/sql/sql_account_source.h"
#include "direct/load.h"
#include "direct/login.h"

namespace sqlmap {

class Engine {
 public:
  Engine(Settings settings, Log& log);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  SqlAccountSource& accounts() { return accounts_; }
  LoginGate& logins() { return logins_; }
  const Settings& settings() const { return settings_; }
  // For an engine that has been replaced.
  void CloseIdle() { identity_.CloseIdle(); }

 private:
  // The account that sees passwd and group.
  class IdentityCredentials final : public CredentialSource {
   public:
    explicit IdentityCredentials(const DatabaseSettings& database) : database_(database) {}
    bool Get(Credentials& credentials) noexcept override;

   private:
    const DatabaseSettings& database_;
  };
  // The account that sees hashes: read from secrets.toml at each connection, by root alone, and not
  // kept.
  class PrivilegedCredentials final : public CredentialSource {
   public:
    bool Get(Credentials& credentials) noexcept override;

   private:
    std::atomic<std::size_t> complained_{0};  // hash of the mistakes that were logged last
  };

  const Settings settings_;
  IdentityCredentials identity_credentials_;
  PrivilegedCredentials privileged_credentials_;
  ServerList servers_;
  Pool identity_;
  Pool privileged_;
  QueryRunner runner_;
  SqlAccountSource accounts_;
  SqlLoginGate logins_;
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

  std::shared_ptr<Engine> Replace(Settings settings, std::string password_file,
                                  const Stamps& now_there);
  // Says each set of mistakes once. None is no mistake.
  void Complain(const std::vector<SettingsError>& mistakes, LogLevel level);

  ForkLock lock_;
  // Replaced as a whole, by one store: a child that is forked in between finds the old one or the
  // new one. What is replaced is left to its users and never freed: a configuration changes a few
  // times in a process's life.
  const Loaded* loaded_ = nullptr;
  std::int64_t looked_ms_ = 0;
  std::size_t complained_ = 0;  // hash of the mistakes that were logged last
};

}  // namespace sqlmap

#endif  // SQLMAP_DIRECT_ENGINE_H_
