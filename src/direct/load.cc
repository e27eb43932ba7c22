#include "direct/load.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/config/root_files.h"
#include "common/config/wipe.h"

namespace sqlmap {
namespace {

#ifndef SQLMAP_PASSWD_FILE
#define SQLMAP_PASSWD_FILE "/etc/passwd"
#define SQLMAP_GROUP_FILE "/etc/group"
#endif

void RemovePrivileged(SettingsOrErrors& settings) {
  if (!settings) return;
  Wipe(settings->privileged.password);
  settings->privileged.user.clear();
}

bool AllInSecrets(const std::vector<SettingsError>& errors) {
  return !errors.empty() && std::all_of(errors.begin(), errors.end(), [](const SettingsError& e) {
    return e.file == SQLMAP_SECRETS_FILE;
  });
}

SettingsOrErrors LoadBoth(bool with_secrets) {
  if (!with_secrets) return LoadSettings(SQLMAP_CONFIG_FILE, "");
  bool missing = false;
  if (auto error = Distrust(SQLMAP_SECRETS_FILE, missing))
    return std::unexpected(std::vector<SettingsError>{*std::move(error)});
  return LoadSettings(SQLMAP_CONFIG_FILE, missing ? "" : SQLMAP_SECRETS_FILE);
}

}  // namespace

bool MayReadSecrets() { return geteuid() == 0; }

FileStamp FileStamp::Of(const char* path) {
  struct stat status {};
  if (stat(path, &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_size, status.st_ctim};
}

Stamps Stamps::Now(const std::string& password_file) {
  return {FileStamp::Of(SQLMAP_CONFIG_FILE),
          FileStamp::Of(SQLMAP_SECRETS_FILE),
          password_file.empty() ? FileStamp() : FileStamp::Of(password_file.c_str()),
          FileStamp::Of(SQLMAP_PASSWD_FILE),
          FileStamp::Of(SQLMAP_GROUP_FILE),
          MayReadSecrets()};
}

bool Stamps::SameConfiguration(const Stamps& now) const {
  return as_root == now.as_root && config == now.config && password == now.password &&
         (!now.as_root || secrets == now.secrets);
}

bool Stamps::Changed(const Stamps& now) const {
  if (as_root && !now.as_root) return false;  // what we can read now is less than what we know
  return !SameConfiguration(now) || !(passwd == now.passwd) || !(group == now.group);
}

LoadResult LoadTrusted(bool without_secrets) {
  LoadResult result{std::unexpected(std::vector<SettingsError>()), {}, false};
  if (auto error = Distrust(SQLMAP_CONFIG_FILE, result.missing)) {
    result.settings.error().push_back(*std::move(error));
    return result;
  }
  if (result.missing) return result;
  result.settings = LoadBoth(MayReadSecrets());
  if (without_secrets && !result.settings && AllInSecrets(result.settings.error())) {
    result.mistakes = std::move(result.settings.error());
    result.mistakes.push_back({SQLMAP_SECRETS_FILE, 0,
                               "until that is mended, users and groups resolve without it, and "
                               "shadow lines and logins do not"});
    result.settings = LoadBoth(false);
  }
  RemovePrivileged(result.settings);
  if (!result.settings || !result.settings->direct.enabled) return result;
  if (auto error = ReadLocalIds(SQLMAP_PASSWD_FILE, SQLMAP_GROUP_FILE, result.settings->accounts))
    result.settings = std::unexpected(std::vector<SettingsError>{*std::move(error)});
  return result;
}

std::expected<PrivilegedSettings, std::vector<SettingsError>> LoadTrustedPrivileged() {
  bool missing = false;
  if (auto error = Distrust(SQLMAP_SECRETS_FILE, missing))
    return std::unexpected(std::vector<SettingsError>{*std::move(error)});
  if (missing) return PrivilegedSettings();
  return LoadPrivileged(SQLMAP_SECRETS_FILE);
}

}  // namespace sqlmap
