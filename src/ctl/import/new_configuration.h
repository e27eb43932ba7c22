// sqlmap's own files, out of what the old modules were told.
#ifndef SQLMAP_CTL_IMPORT_NEW_CONFIGURATION_H_
#define SQLMAP_CTL_IMPORT_NEW_CONFIGURATION_H_

#include <string>
#include <vector>

#include "common/config/settings.h"
#include "common/config/wipe.h"
#include "ctl/import/old_configuration.h"

namespace sqlmap::importing {

struct NewConfiguration {
  std::string config;        // sqlmapd.toml
  std::string config_shown;  // the same with '***' in place of each text that is secret
  bool config_is_secret = false;
  Secret secrets;             // secrets.toml
  std::string secrets_shown;  // the same with "***" in place of each password
  std::string pam;            // lines for pam.d
};

NewConfiguration MakeConfiguration(const OldConfiguration& old);

// What sqlmapd would say against it; empty: nothing.
std::vector<SettingsError> MistakesIn(const NewConfiguration& configuration);

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_NEW_CONFIGURATION_H_
