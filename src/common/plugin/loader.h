// Finds the private plugin and loads it, or says why not.
#ifndef SQLMAP_COMMON_PLUGIN_LOADER_H_
#define SQLMAP_COMMON_PLUGIN_LOADER_H_

#include "common/account/answer.h"
#include "common/plugin/direct_plugin.h"

namespace sqlmap {

// Found: `plugin` is set, for the life of the process. Otherwise Unavailable:
//
//   kNotAllowed     the process runs with AT_SECURE (set-uid, set-gid, file capabilities): nothing
//                   is loaded
//   kNotConfigured  no plugin, one that is not the administrator's (trusted_path.h), one of another
//                   ABI, or direct mode is off
//
// A plugin that was found once is used from then on without a look at the file system, also after
// chroot(2). Thread safe. Leaves errno as it was.
Answer LoadDirectPlugin(const DirectPlugin*& plugin) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PLUGIN_LOADER_H_
