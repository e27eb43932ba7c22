#include "direct/engine.h"

#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstring>
#include <functional>
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

bool MayReadSecrets() { return geteuid() == 0; }

void WipePrivileged(Settings& settings) {
  explicit_bzero(settings.privileged.password.data(), settings.privileged.password.size());
  settings.privileged = {};
}

// Only what is the administrator's, from "/" down: this may be a user's chroot. No errors at all:
// there is no configuration.
std::expected<Settings, std::vector<SettingsError>> Load() {
  using Errors = std::vector<SettingsError>;
  const auto foreign = [](const char* path) {
    return std::unexpected(
        Errors{{path, 0, "it, or a directory above it, is not root's alone; it is not believed"}});
  };
  switch (TrustOfFile(SQLMAP_CONFIG_FILE)) {
    case PathTrust::kMissing:
      return std::unexpected(Errors());
    case PathTrust::kForeign:
      return foreign(SQLMAP_CONFIG_FILE);
    case PathTrust::kTrusted:
      break;
  }
  const bool secrets = MayReadSecrets() && TrustOfFile(SQLMAP_SECRETS_FILE) != PathTrust::kMissing;
  if (secrets && TrustOfFile(SQLMAP_SECRETS_FILE) == PathTrust::kForeign)
    return foreign(SQLMAP_SECRETS_FILE);
  return LoadSettings(SQLMAP_CONFIG_FILE, secrets ? SQLMAP_SECRETS_FILE : "");
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
    return a.device == b.device && a.inode == b.inode && a.size == b.size &&
           a.changed.tv_sec == b.changed.tv_sec && a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

struct Stamps {
  FileStamp config;
  FileStamp secrets;
  bool as_root = false;  // root may know more than what was loaded before

  static Stamps Now() {
    return {FileStamp::Of(SQLMAP_CONFIG_FILE), FileStamp::Of(SQLMAP_SECRETS_FILE),
            MayReadSecrets()};
  }
  // Whether it is worth reading the files again, now that they look like `now`.
  bool Changed(const Stamps& now) const {
    if (as_root && !now.as_root) return false;  // what we can read now is less than what we know
    if (!as_root && now.as_root) return true;
    return !(config == now.config) || (now.as_root && !(secrets == now.secrets));
  }
};

constinit DeviceLog g_log;

// Says each set of mistakes once. Returns its hash.
std::size_t Complain(const std::vector<SettingsError>& errors, std::size_t complained) {
  std::string all;
  for (const SettingsError& error : errors) all += error.Describe() + "\n";
  const std::size_t hash = std::hash<std::string>{}(all) | 1;  // never 0: that is "nothing yet"
  for (std::size_t i = 0; hash != complained && i < errors.size() && i < kErrorsLogged; ++i) {
    g_log.Write(LogLevel::kError, errors[i].Describe());
  }
  return hash;
}

}  // namespace

bool Engine::IdentityCredentials::Get(Credentials& credentials) noexcept {
  try {
    credentials.user = database_.user;
    credentials.password = database_.password;
    return true;
  } catch (...) {
    return false;
  }
}

bool Engine::PrivilegedCredentials::Get(Credentials& credentials) noexcept {
  if (!MayReadSecrets() || TrustOfFile(SQLMAP_SECRETS_FILE) != PathTrust::kTrusted) return false;
  try {
    auto privileged = LoadPrivileged(SQLMAP_SECRETS_FILE);
    if (!privileged) {
      complained_ = Complain(privileged.error(), complained_);
      return false;
    }
    if (!privileged->configured()) return false;
    credentials.user = privileged->user;
    credentials.password = privileged->password;
    explicit_bzero(privileged->password.data(), privileged->password.size());
    return true;
  } catch (...) {
    return false;
  }
}

Engine::Engine(Settings settings, Log& log)
    : settings_(std::move(settings)),
      identity_credentials_(settings_.database),
      servers_(settings_.database, settings_.database.servers, Dial::Names::kHostsFileOnly, log),
      identity_(servers_, identity_credentials_, settings_.database.pool_size, Pool::Idle::kKept),
      privileged_(servers_, privileged_credentials_, settings_.database.pool_size,
                  Pool::Idle::kNone),
      runner_(settings_, servers_, identity_, privileged_, log),
      accounts_(runner_, HostName()),
      logins_(accounts_, settings_) {}

struct EngineHolder::Loaded {
  std::shared_ptr<Engine> engine;  // null: direct mode is off
  Stamps stamps;
};

std::shared_ptr<Engine> EngineHolder::Current() {
  const std::int64_t now = MonotonicMs();
  {
    const ForkLockGuard guard(lock_);
    const bool more_rights = loaded_ != nullptr && !loaded_->stamps.as_root && MayReadSecrets();
    const bool looked_lately = looked_ms_ != 0 && now - looked_ms_ < kLookEveryMs;
    // While there never was a good configuration, a first look that is still under way counts as
    // none: whoever comes meanwhile looks too.
    const bool known = loaded_ != nullptr || complained_ != 0;
    if (known && looked_lately && !more_rights)
      return loaded_ == nullptr ? nullptr : loaded_->engine;
    looked_ms_ = now;
  }
  const Stamps now_there = Stamps::Now();
  {
    const ForkLockGuard guard(lock_);
    if (loaded_ != nullptr && !loaded_->stamps.Changed(now_there)) return loaded_->engine;
  }
  // Reading takes its time, and happens outside the lock.
  auto settings = Load();
  if (!settings) {
    std::size_t complained = 0;
    {
      const ForkLockGuard guard(lock_);
      complained = complained_;
    }
    complained = Complain(settings.error(), complained);
    const ForkLockGuard guard(lock_);
    complained_ = complained;
    return loaded_ == nullptr ? nullptr : loaded_->engine;
  }
  WipePrivileged(*settings);
  auto fresh = std::make_unique<Loaded>();
  fresh->stamps = now_there;
  if (settings->direct.enabled)
    fresh->engine = std::make_shared<Engine>(std::move(*settings), g_log);
  const Loaded* replaced = nullptr;
  std::shared_ptr<Engine> engine;
  {
    const ForkLockGuard guard(lock_);
    // Another thread may have been as quick: its engine is in use, ours goes.
    if (loaded_ == nullptr || loaded_->stamps.Changed(now_there)) {
      replaced = loaded_;
      loaded_ = fresh.release();
    }
    engine = loaded_->engine;
  }
  if (replaced != nullptr && replaced->engine != nullptr) replaced->engine->CloseIdle();
  return engine;
}

}  // namespace sqlmap
