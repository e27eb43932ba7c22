#include "direct/load.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

#include "common/account/trusted_path.h"
#include "common/config/secure_file.h"
#include "common/config/wipe.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMaxLocalBytes = 32 * 1024 * 1024;

#ifndef SQLMAP_PASSWD_FILE
#define SQLMAP_PASSWD_FILE "/etc/passwd"
#define SQLMAP_GROUP_FILE "/etc/group"
#endif

// Which component is not root's alone, and what mends it.
SettingsError NotRoots(const char* path, const ForeignComponent& found) {
  const std::string at = found.path[0] == '\0' ? path : found.path;
  char mode[8];
  (void)std::snprintf(mode, sizeof mode, "%04o", found.mode & 07777U);
  std::string what = "is not believed: ";
  what += at == path ? "it" : at;
  what += " must be root's alone, and belongs to uid " + std::to_string(found.owner) +
          " with mode " + mode + "; ";
  if (found.owner != 0) what += "chown root " + at;
  if (found.owner != 0 && (found.mode & (S_IWGRP | S_IWOTH)) != 0) what += " && ";
  if ((found.mode & (S_IWGRP | S_IWOTH)) != 0) what += "chmod go-w " + at;
  if (found.owner == 0 && (found.mode & (S_IWGRP | S_IWOTH)) == 0)
    what += "it must be a regular file";
  return {path, 0, std::move(what)};
}

// Nothing if the file may be believed or is missing.
std::optional<SettingsError> Distrust(const char* path, PathTrust& trust) {
  ForeignComponent found;
  trust = TrustOfFile(path, &found);
  if (trust != PathTrust::kForeign) return std::nullopt;
  return NotRoots(path, found);
}

// A host without the file has no such accounts. One whose file cannot be read may have any.
std::optional<SettingsError> ReadLocalIds(const char* path, LocalIds& ids) {
  PathTrust trust{};
  if (auto error = Distrust(path, trust)) return error;
  if (trust == PathTrust::kMissing) return std::nullopt;
  const auto file = ReadSecureFile(path, FilePrivacy::kPublic, kMaxLocalBytes);
  if (file) {
    ids = LocalIds::Parse(file->text);
  } else if (!file.error().missing) {
    return SettingsError{path, 0, file.error().what};
  }
  return std::nullopt;
}

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
  PathTrust trust{};
  if (auto error = Distrust(SQLMAP_SECRETS_FILE, trust))
    return std::unexpected(std::vector<SettingsError>{*std::move(error)});
  return LoadSettings(SQLMAP_CONFIG_FILE, trust == PathTrust::kMissing ? "" : SQLMAP_SECRETS_FILE);
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
  PathTrust trust{};
  if (auto error = Distrust(SQLMAP_CONFIG_FILE, trust)) {
    result.settings.error().push_back(*std::move(error));
    return result;
  }
  result.missing = trust == PathTrust::kMissing;
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
  AccountSettings& accounts = result.settings->accounts;
  auto error = ReadLocalIds(SQLMAP_PASSWD_FILE, accounts.local_uids);
  if (!error) error = ReadLocalIds(SQLMAP_GROUP_FILE, accounts.local_gids);
  if (error) result.settings = std::unexpected(std::vector<SettingsError>{*std::move(error)});
  return result;
}

std::expected<PrivilegedSettings, std::vector<SettingsError>> LoadTrustedPrivileged() {
  PathTrust trust{};
  if (auto error = Distrust(SQLMAP_SECRETS_FILE, trust))
    return std::unexpected(std::vector<SettingsError>{*std::move(error)});
  if (trust == PathTrust::kMissing) return PrivilegedSettings();
  return LoadPrivileged(SQLMAP_SECRETS_FILE);
}

}  // namespace sqlmap
