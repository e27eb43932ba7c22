#include "direct/engine.h"

#include <unistd.h>

#include <functional>
#include <utility>
#include <vector>

#include "common/process/generation.h"
#include "direct/device_log.h"
#include "direct/load.h"
#include "direct/start_openssl.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kLookEveryMs = 2'000;
constexpr std::size_t kErrorsLogged = 5;

constinit DeviceLog g_log;

using Mistakes = std::vector<SettingsError>;

// Never 0: that is "nothing yet".
std::size_t HashOf(const Mistakes& mistakes) {
  std::string all;
  for (const SettingsError& mistake : mistakes) all += mistake.Describe() + "\n";
  return std::hash<std::string>{}(all) | 1;
}

Mistakes NoConfiguration() {
  return {{"", 0, "no " SQLMAP_CONFIG_FILE ": copy " SQLMAP_EXAMPLES_DIR "/sqlmapd.toml"}};
}

Mistakes DirectModeIsOff() {
  return {{SQLMAP_CONFIG_FILE, 0,
           "[direct] enabled is false: this process may not ask the database itself"}};
}

void Say(const Mistakes& mistakes, LogLevel level) {
  for (std::size_t i = 0; i < mistakes.size() && i < kErrorsLogged; ++i)
    g_log.Write(level, mistakes[i].Describe());
}

}  // namespace

bool Engine::PrivilegedCredentials::Get(Credentials& credentials) noexcept {
  if (!MayReadSecrets()) return false;
  try {
    auto privileged = LoadTrustedPrivileged();
    if (!privileged) {
      const std::size_t hash = HashOf(privileged.error());
      if (complained_.exchange(hash) != hash) Say(privileged.error(), LogLevel::kError);
      return false;
    }
    if (!privileged->configured()) return false;
    credentials.user = privileged->user;
    credentials.password = privileged->password;
    return true;
  } catch (...) {
    return false;
  }
}

Engine::Engine(Settings settings, Log& log)
    : backend_(std::move(settings),
               {Dial::Names::kHostsFileOnly, Pool::Idle::kNone, &privileged_credentials_}, log) {}

namespace {

// What other threads of the parent were changing as it forked stays as it is in the child: an
// inherited engine is not taken apart.
std::shared_ptr<Engine> MakeEngine(Settings settings) {
  const auto destroy = [maker = ProcessGeneration::Current()](const Engine* engine) {
    if (ProcessGeneration::Current() == maker) delete engine;
  };
  return {new Engine(std::move(settings), g_log), destroy};
}

}  // namespace

struct EngineHolder::Loaded {
  std::shared_ptr<Engine> engine;  // null: direct mode is off
  std::string password_file;
  Stamps stamps;

  // The engine, if it is also what `settings` would make: the files that changed say the same of
  // what matters. A local account's new shell is no reason to close connections.
  std::shared_ptr<Engine> EngineFor(const Settings& settings, const Stamps& now) const {
    if (engine == nullptr || !stamps.SameConfiguration(now)) return nullptr;
    const AccountSettings& accounts = engine->settings().accounts;
    const bool same = accounts.local_uids == settings.accounts.local_uids &&
                      accounts.local_gids == settings.accounts.local_gids;
    return same ? engine : nullptr;
  }
};

std::shared_ptr<Engine> EngineHolder::Current(std::int64_t now) {
  LoadedPtr loaded;
  {
    const ForkLockGuard guard(lock_);
    if (loaded_ != nullptr) loaded = *loaded_;
    const bool more_rights = loaded != nullptr && !loaded->stamps.as_root && MayReadSecrets();
    const bool looked_lately = looked_ms_ != 0 && now - looked_ms_ < kLookEveryMs;
    // While there never was a good configuration, a first look that is still under way counts as
    // none: whoever comes meanwhile looks too.
    const bool known = loaded != nullptr || complained_ != 0;
    if (known && looked_lately && !more_rights) return loaded == nullptr ? nullptr : loaded->engine;
    looked_ms_ = now;
  }
  // Looking and reading take their time, and happen outside the lock.
  std::string password_file = loaded == nullptr ? std::string() : loaded->password_file;
  Stamps now_there = Stamps::Now(password_file);
  if (loaded != nullptr && !loaded->stamps.Changed(now_there)) return loaded->engine;
  const bool first = loaded == nullptr;
  LoadResult read = LoadTrusted(first);
  if (read.settings && read.settings->database.password_file != password_file) {
    // Which file to look at was not known. Once more, or a change in between goes unnoticed.
    password_file = read.settings->database.password_file;
    now_there = Stamps::Now(password_file);
    read = LoadTrusted(first);
  }
  if (!read.settings) {
    if (!read.missing) {
      Complain(read.settings.error(), LogLevel::kError);
    } else if (first) {
      Complain(NoConfiguration(), LogLevel::kInfo);
    }
    const ForkLockGuard guard(lock_);
    return loaded_ == nullptr ? nullptr : (*loaded_)->engine;
  }
  const bool enabled = read.settings->direct.enabled;
  auto engine = Replace(loaded, *std::move(read.settings), std::move(password_file), now_there);
  // Not before: who complained is not under way any more.
  Complain(enabled ? read.mistakes : DirectModeIsOff(),
           enabled ? LogLevel::kError : LogLevel::kInfo);
  return engine;
}

std::shared_ptr<Engine> EngineHolder::Replace(const LoadedPtr& before, Settings settings,
                                              std::string password_file, const Stamps& now_there) {
  const auto fresh = std::make_shared<Loaded>();
  fresh->password_file = std::move(password_file);
  fresh->stamps = now_there;
  if (settings.direct.enabled) {
    if (before != nullptr) fresh->engine = before->EngineFor(settings, now_there);
    if (fresh->engine == nullptr) {
      StartOpenSsl();
      fresh->engine = MakeEngine(std::move(settings));
    }
  }
  auto next = std::make_unique<const LoadedPtr>(fresh);
  std::unique_ptr<const LoadedPtr> replaced;  // freed outside the lock
  LoadedPtr in_force;
  {
    const ForkLockGuard guard(lock_);
    // Another thread may have been as quick: its engine is in use, ours goes.
    if (loaded_ == nullptr || (*loaded_)->stamps.Changed(now_there)) {
      replaced.reset(loaded_);
      loaded_ = next.release();
    }
    in_force = *loaded_;
  }
  if (replaced != nullptr && (*replaced)->engine != nullptr &&
      (*replaced)->engine != in_force->engine)
    (*replaced)->engine->CloseIdle();
  return in_force->engine;
}

void EngineHolder::Complain(const std::vector<SettingsError>& mistakes, LogLevel level) {
  const std::size_t hash = HashOf(mistakes);
  {
    const ForkLockGuard guard(lock_);
    if (std::exchange(complained_, hash) == hash) return;
  }
  // Every root process would say it, and the others cannot mend it.
  if (level != LogLevel::kInfo || MayReadSecrets()) Say(mistakes, level);
}

}  // namespace sqlmap
