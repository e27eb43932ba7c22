#include "common/config/settings.h"

#include <exception>
#include <string_view>
#include <utility>

#include "common/config/secure_file.h"
#include "common/config/settings_reader.h"

namespace sqlmap {
namespace {

SettingsOrErrors Load(const std::string& config_path, const std::string& secrets_path) {
  SettingsReader reader(config_path, secrets_path);
  if (const auto config = ReadSecureFile(config_path, FilePrivacy::kPublic)) {
    reader.AddConfig(config->text, config->world_readable);
  } else {
    reader.Refuse(FileKind::kConfig, 0, config.error().what);
  }
  if (!secrets_path.empty()) {
    if (const auto secrets = ReadSecureFile(secrets_path, FilePrivacy::kSecret)) {
      reader.AddSecrets(secrets->text);
    } else if (!secrets.error().missing) {
      reader.Refuse(FileKind::kSecrets, 0, secrets.error().what);
    }
  }
  reader.ReadPasswordFiles();
  return std::move(reader).Take();
}

SettingsOrErrors Parse(const SettingsText& config, const SettingsText& secrets) {
  SettingsReader reader(config.name, secrets.name);
  reader.AddConfig(config.text, config.world_readable);
  if (!secrets.text.empty()) {
    if (secrets.world_readable) {
      reader.Refuse(FileKind::kSecrets, 0, "holds secrets and can be read by others; chmod 0600");
    } else {
      reader.AddSecrets(secrets.text);
    }
  }
  return std::move(reader).Take();
}

// What the other file must at least say.
constexpr std::string_view kLeastConfig = "[database]\nname = \"-\"\nuser = \"-\"\n";

SettingsOrErrors LoadSecretsOnly(const std::string& secrets_path) {
  SettingsReader reader("", secrets_path);
  reader.AddConfig(kLeastConfig, false);
  if (const auto secrets = ReadSecureFile(secrets_path, FilePrivacy::kSecret)) {
    reader.AddSecrets(secrets->text);
  } else {
    reader.Refuse(FileKind::kSecrets, 0, secrets.error().what);
  }
  reader.ReadPasswordFiles();
  return std::move(reader).Take();
}

// An exception becomes an error without text if there is no memory even for that.
SettingsOrErrors OutOfMemory() noexcept {
  try {
    return std::unexpected(
        std::vector<SettingsError>{{.file = {}, .line = 0, .what = "out of memory"}});
  } catch (...) {
    return std::unexpected(std::vector<SettingsError>());
  }
}

template <class Work>
SettingsOrErrors WithoutExceptions(const Work& work) noexcept {
  try {
    return work();
  } catch (...) {
    return OutOfMemory();
  }
}

}  // namespace

std::string SettingsError::Describe() const {
  if (file.empty()) return what;
  return file + ":" + (line == 0 ? " " : std::to_string(line) + ": ") + what;
}

SettingsOrErrors LoadSettings(const std::string& config_path,
                              const std::string& secrets_path) noexcept {
  return WithoutExceptions([&] { return Load(config_path, secrets_path); });
}

std::expected<PrivilegedSettings, std::vector<SettingsError>> LoadPrivileged(
    const std::string& secrets_path) noexcept {
  auto settings = WithoutExceptions([&] { return LoadSecretsOnly(secrets_path); });
  if (!settings) return std::unexpected(std::move(settings.error()));
  return std::move(settings->privileged);
}

SettingsOrErrors ParseSettings(const SettingsText& config, const SettingsText& secrets) noexcept {
  return WithoutExceptions([&] { return Parse(config, secrets); });
}

}  // namespace sqlmap
