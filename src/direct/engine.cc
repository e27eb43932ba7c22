#include "direct/engine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <utility>

#include "common/account/trusted_path.h"
#include "common/sql/deadline.h"
#include "direct/device_log.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kLookEveryMs = 2'000;
constexpr std::size_t kErrorsLogged = 5;

std::string HostName() {
  char name[HOST_NAME_MAX + 1] = {};
  if (gethostname(name, sizeof name - 1) != 0) return {};
  return name;
}

Settings WithoutPrivileged(Settings settings) {
  explicit_bzero(settings.privileged.password.data(), settings.privileged.password.size());
  settings.privileged = {};
  return settings;
}

bool MayReadSecrets() { return geteuid() == 0; }

std::expected<Settings, std::vector<SettingsError>> Load() {
  return LoadSettings(SQLMAP_CONFIG_FILE, MayReadSecrets() ? SQLMAP_SECRETS_FILE : "");
}

// What tells that a file was written or replaced.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};

  static FileStamp Of(const char* path) {
    struct stat status {};
    if (stat(path, &status) != 0) return {};
    return {status.st_dev, status.st_ino, status.st_size, status.st_ctim};
  }
  friend bool operator==(const FileStamp& a, const FileStamp& b) {
    return a.device == b.device && a.inode == b.inode && a.size == b.size && a.changed.tv_sec == b.changed.tv_sec &&
           a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

struct Stamps {
  FileStamp config;
  FileStamp secrets;
  bool as_root = false;  // root may know more than what was loaded before

  static Stamps Now() { return {FileStamp::Of(SQLMAP_CONFIG_FILE), FileStamp::Of(SQLMAP_SECRETS_FILE), MayReadSecrets()}; }
  bool Changed(const Stamps& now) const {
    if (!(config == now.config)) return true;
    // Without root's rights the secrets do not count.
    return now.as_root && (!as_root || !(secrets == now.secrets));
  }
};

constinit DeviceLog g_log;

void LogErrors(const std::vector<SettingsError>& errors) {
  for (std::size_t i = 0; i < errors.size() && i < kErrorsLogged; ++i) {
    g_log.Write(LogLevel::kError, errors[i].Describe());
  }
}

}  // namespace

bool Engine::IdentityCredentials::Get(Credentials& credentials) noexcept {
  try {
    credentials = Credentials(database_.user, database_.password);
    return true;
  } catch (...) {
    return false;
  }
}

bool Engine::PrivilegedCredentials::Get(Credentials& credentials) noexcept {
  if (!MayReadSecrets()) return false;
  try {
    auto settings = Load();
    if (!settings || !settings->privileged.configured()) return false;
    credentials = Credentials(settings->privileged.user, settings->privileged.password);
    explicit_bzero(settings->privileged.password.data(), settings->privileged.password.size());
    return true;
  } catch (...) {
    return false;
  }
}

Engine::Engine(Settings settings, Log& log)
    : settings_(WithoutPrivileged(std::move(settings))),
      identity_credentials_(settings_.database),
      servers_(settings_.database, settings_.database.servers, Dial::Names::kHostsFileOnly, log),
      identity_(servers_, identity_credentials_, settings_.database.pool_size, Pool::Idle::kKept),
      privileged_(servers_, privileged_credentials_, settings_.database.pool_size, Pool::Idle::kNone),
      runner_(settings_, servers_, identity_, privileged_, log),
      accounts_(runner_, HostName()),
      logins_(accounts_, settings_) {}

struct EngineHolder::State {
  std::shared_ptr<Engine> engine;
  Stamps stamps;
  std::int64_t looked_ms = 0;
  bool loaded = false;  // a first attempt to load has ended
};

std::shared_ptr<Engine> EngineHolder::Current() {
  const std::int64_t now = MonotonicMs();
  {
    const ForkLockGuard guard(lock_);
    if (state_ == nullptr) state_ = new State;
    const bool more_rights = MayReadSecrets() && !state_->stamps.as_root;
    const bool looked_lately = state_->looked_ms != 0 && now - state_->looked_ms < kLookEveryMs;
    if (state_->loaded && looked_lately && !more_rights) return state_->engine;
    state_->looked_ms = now;
    const Stamps stamps = Stamps::Now();
    if (state_->loaded && !state_->stamps.Changed(stamps)) return state_->engine;
    if (TrustOfFile(SQLMAP_CONFIG_FILE) != PathTrust::kTrusted && state_->engine != nullptr) return state_->engine;
    state_->stamps = stamps;
  }
  // Reading takes its time, and happens outside the lock. Others go on with the old one meanwhile; those that come while there
  // never was one load for themselves.
  auto settings = Load();
  if (!settings) LogErrors(settings.error());
  auto fresh = settings && settings->direct.enabled ? std::make_shared<Engine>(std::move(*settings), g_log) : nullptr;
  const ForkLockGuard guard(lock_);
  state_->loaded = true;
  if (!settings) return state_->engine;
  std::swap(state_->engine, fresh);  // the old one goes after the lock, with its last user
  return state_->engine;
}

}  // namespace sqlmap
