#include "daemon/offline_logins.h"

#include <string>
#include <utility>

namespace sqlmap {

std::unique_ptr<OfflineLogins> OfflineLogins::Make(OfflineBytes& bytes, const Settings& settings,
                                                   const Inner& inner,
                                                   const OfflineMemory::Clock& clock,
                                                   OfflineMemory::Calls calls, Log& log) {
  if (settings.cache.offline_auth_seconds == 0 || bytes.key.empty()) return nullptr;
  const OfflineKey key(bytes.key);
  const OfflineId rules = OfflineRules(settings, key);
  const OfflineStore::Limits limits{settings.cache.offline_auth_seconds, settings.cache.entries};
  auto store = OfflineStore::Parse(bytes.store, key, rules, limits, clock());
  Wipe(bytes.key);
  Wipe(bytes.store);
  const bool dropped = !store.has_value();
  if (dropped) {
    log.Write(LogLevel::kWarning,
              std::string("no login from before is remembered: ") + store.error());
    store = OfflineStore(limits);
  }
  std::unique_ptr<OfflineLogins> logins(
      new OfflineLogins(key, *std::move(store), settings, inner, clock, std::move(calls), log));
  // What is not believed now must not come back when the rules change back.
  if (dropped) logins->memory().KeepAgain();
  return logins;
}

}  // namespace sqlmap
