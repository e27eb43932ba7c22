// One value of one key: from TOML into the draft, or what is wrong with it.
#ifndef SQLMAP_COMMON_CONFIG_SETTINGS_VALUES_H_
#define SQLMAP_COMMON_CONFIG_SETTINGS_VALUES_H_

#include <string>

#include "common/config/settings_keys.h"
#include "common/config/toml_document.h"

namespace sqlmap {

struct ValueError {
  unsigned line = 0;
  std::string
      what;  // "" if nothing; says what is wrong and what is allowed, and never repeats a secret
};

ValueError StoreValue(const KeyDescription& key, const TomlValue& value, SettingsDraft& draft);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_SETTINGS_VALUES_H_
