// Files that count only if they are root's alone, from "/" down: a process may sit in a user's
// chroot, and what cannot be believed there must not be taken for empty.
#ifndef SQLMAP_COMMON_CONFIG_ROOT_FILES_H_
#define SQLMAP_COMMON_CONFIG_ROOT_FILES_H_

#include <optional>
#include <string>

#include "common/config/settings.h"

namespace sqlmap {

// Nothing if the file may be believed, or, which `missing` tells, does not exist (ENOENT). All
// else, such as a directory that may not be searched, is an error with its remedy.
std::optional<SettingsError> Distrust(const std::string& path, bool& missing);

// The host's own ids into local_uids and local_gids. Nothing: it went well; else `accounts` is as
// it was. A file that is missing, too, is an error: every host has both, and one without them would
// have no id that a row may not have. Throws std::bad_alloc.
std::optional<SettingsError> ReadLocalIds(const std::string& passwd, const std::string& group,
                                          AccountSettings& accounts);

// LoadSettings, and ReadLocalIds into what it has loaded.
SettingsOrErrors LoadSettingsAndIds(const std::string& config, const std::string& secrets,
                                    const std::string& passwd, const std::string& group);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_ROOT_FILES_H_
