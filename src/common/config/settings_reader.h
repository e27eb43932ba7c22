// Puts the two files together, key by key, and collects everything that is wrong with them.
#ifndef SQLMAP_COMMON_CONFIG_SETTINGS_READER_H_
#define SQLMAP_COMMON_CONFIG_SETTINGS_READER_H_

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/settings.h"
#include "common/config/settings_keys.h"
#include "common/config/toml_document.h"

namespace sqlmap {

enum class FileKind : std::uint8_t { kConfig, kSecrets };

// Feed it sqlmapd.toml, then secrets.toml if there is one, then Take.
class SettingsReader {
 public:
  SettingsReader(std::string_view config_name, std::string_view secrets_name);
  SettingsReader(const SettingsReader&) = delete;
  SettingsReader& operator=(const SettingsReader&) = delete;

  void AddConfig(std::string_view text, bool world_readable);
  void AddSecrets(std::string_view text);
  // Reads the files that the keys password_file name.
  void ReadPasswordFiles();
  void Refuse(FileKind file, unsigned line, std::string what);
  SettingsOrErrors Take() &&;

 private:
  // Where a key was set; line 0 if it was not.
  struct Origin {
    FileKind file = FileKind::kConfig;
    unsigned line = 0;

    bool set() const { return line != 0; }
  };
  struct Mistake {
    FileKind file;
    unsigned line;
    std::string what;
  };

  bool Add(FileKind file, std::string_view text);
  void AddKey(FileKind file, const TomlKey& key);
  void RefuseKey(FileKind file, const TomlKey& key);
  void CheckConfig(bool world_readable);
  void CheckNewPasswords();
  void CheckRequiredRow(bool required, QueryId id);
  void CheckLimits(std::string_view low_key, std::uint32_t low, std::string_view high_key,
                   std::uint32_t high);
  void CheckOnePassword(std::string_view section);
  void ReadPasswordFile(std::string_view section, const std::string& path, bool may_be_public,
                        std::string& password);
  Origin& OriginOf(const KeyDescription& key);
  Origin& OriginOf(std::string_view section, std::string_view key);

  std::array<std::string, 2> names_;
  SettingsDraft draft_;
  std::vector<Origin> origins_;  // one for each of KeyDescriptions()
  std::vector<Mistake> mistakes_;
  bool config_is_toml_ = false;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_SETTINGS_READER_H_
