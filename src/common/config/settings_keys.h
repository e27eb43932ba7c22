// The one table of all keys of sqlmapd.toml and secrets.toml: what the parser accepts is what the
// manual says.
#ifndef SQLMAP_COMMON_CONFIG_SETTINGS_KEYS_H_
#define SQLMAP_COMMON_CONFIG_SETTINGS_KEYS_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/config/settings.h"

namespace sqlmap {

// What the keys fill in: the Settings to be, and what must still be read.
struct SettingsDraft {
  Settings settings;
  std::string database_password_file;
  std::string privileged_password_file;
};

// What a key holds, and where it goes.
struct NumberKey {
  void (*store)(SettingsDraft&, std::uint32_t);
  std::uint32_t min;
  std::uint32_t max;
};
struct FlagKey {
  bool& (*member)(SettingsDraft&);
};
struct TextKey {
  // Checks and stores; returns what is wrong, "" if nothing. The complaint never repeats the text.
  std::string (*set)(SettingsDraft&, const std::string& text);
};
struct ServersKey {
  std::vector<ServerAddress>& (*member)(SettingsDraft&);
  bool may_be_empty;
};
struct PathsKey {
  std::vector<std::string>& (*member)(SettingsDraft&);
};
struct NamesKey {
  // Checks and stores one entry; returns what is wrong, "" if nothing.
  std::string (*add)(SettingsDraft&, const std::string& name);
  void (*clear)(SettingsDraft&);
};
struct IdsKey {
  std::vector<std::uint32_t>& (*member)(SettingsDraft&);
};
struct SchemesKey {
  PasswordSchemeSet& (*member)(SettingsDraft&);
};
struct QueryKey {
  QueryId id;
};
using KeyTarget = std::variant<NumberKey, FlagKey, TextKey, ServersKey, PathsKey, NamesKey, IdsKey,
                               SchemesKey, QueryKey>;

enum class KeyPlace : std::uint8_t { kConfig, kSecrets, kEither };

struct KeyDescription {
  std::string_view section;
  std::string_view key;
  KeyPlace place;
  bool secret;  // the value must never be repeated
  KeyTarget target;
  std::string_view default_text;  // queries: "", see DefaultText
  std::string_view allowed;       // numbers, flags, schemes and queries: "", see RangeText
  std::string_view meaning;       // one sentence

  std::string TypeText() const;     // "number", "text", "list of text", ...
  std::string DefaultText() const;  // as it is written in TOML; "" if the key must be set
  std::string RangeText() const;    // "1 to 64"
};

// In the order of the manual; the keys of a section stand together.
std::span<const KeyDescription> KeyDescriptions();

// The draft of a host that configures nothing.
SettingsDraft DefaultDraft();

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_SETTINGS_KEYS_H_
