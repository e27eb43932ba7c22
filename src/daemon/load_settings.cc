#include "daemon/load_settings.h"

#include <string>
#include <utility>
#include <vector>

#include "common/config/root_files.h"

namespace sqlmap {
LocalStamp LocalStamp::Of(const DaemonPaths& paths) {
  return {FileStamp::Of(paths.passwd), FileStamp::Of(paths.group)};
}

SettingsOrErrors LoadDaemonSettings(const DaemonPaths& paths, Log& log) {
  SettingsOrErrors settings =
      LoadSettingsAndIds(paths.config, paths.secrets, paths.passwd, paths.group);
  if (settings && settings->cache.offline_auth_seconds != 0 && settings->log_rows.auth_success) {
    log.Write(LogLevel::kWarning,
              paths.config +
                  ": [cache] offline_auth_seconds lets nobody in while [log_rows] required has "
                  "\"auth_success\": that row cannot be written when no server answers");
  }
  return settings;
}

bool PublishesSnapshots(const Settings& settings) {
  return settings.snapshot.enabled && settings.query(QueryId::kGetpwent).configured() &&
         settings.query(QueryId::kGetgrent).configured();
}

NameRules RequestedNames(const AccountSettings& accounts) {
  if (accounts.name_case == NameCase::kExact) return accounts.names;
  NameRules names{{}, {}, accounts.names.max};
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (byte >= 'A' && byte <= 'Z') continue;
    const auto each = static_cast<unsigned char>(byte);
    if (accounts.names.first.Contains(each)) names.first.Add(each);
    if (accounts.names.rest.Contains(each)) names.rest.Add(each);
  }
  return names;
}

}  // namespace sqlmap
