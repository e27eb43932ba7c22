// The daemon's settings: both files, and the host's own ids, which no row may have.
#ifndef SQLMAP_DAEMON_LOAD_SETTINGS_H_
#define SQLMAP_DAEMON_LOAD_SETTINGS_H_

#include "common/account/log.h"
#include "common/config/settings.h"
#include "daemon/file_stamp.h"
#include "daemon/paths.h"

namespace sqlmap {

// `log` hears of what is no mistake but has no effect.
SettingsOrErrors LoadDaemonSettings(const DaemonPaths& paths, Log& log);

// What tells that the host's own accounts or groups have changed.
struct LocalStamp {
  FileStamp passwd;
  FileStamp group;

  static LocalStamp Of(const DaemonPaths& paths);
  friend bool operator==(const LocalStamp&, const LocalStamp&) = default;
};

// Whether there is to be a snapshot: reading everything needs both lists.
bool PublishesSnapshots(const Settings& settings);

// Names that an account may be asked for: with name_case "lower" all names that exist are in lower
// case.
NameRules RequestedNames(const AccountSettings& accounts);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_LOAD_SETTINGS_H_
