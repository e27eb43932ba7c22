#include "common/config/root_files.h"

#include <string.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "common/account/trusted_path.h"
#include "common/config/secure_file.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMaxLocalBytes = std::size_t{32} << 20;

// Which component is not root's alone, and what mends it.
SettingsError NotRoots(const std::string& path, const ForeignComponent& found) {
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

std::optional<SettingsError> Read(const std::string& path, LocalIds& ids) {
  bool missing = false;
  if (auto error = Distrust(path, missing)) return error;
  const auto file = ReadSecureFile(path, FilePrivacy::kPublic, kMaxLocalBytes);
  if (!file) return SettingsError{path, 0, file.error().what};
  ids = LocalIds::Parse(file->text);
  return std::nullopt;
}

}  // namespace

std::optional<SettingsError> Distrust(const std::string& path, bool& missing) {
  ForeignComponent found;
  const PathTrust trust = TrustOfFile(path.c_str(), &found);
  missing = false;
  if (trust == PathTrust::kTrusted) return std::nullopt;
  if (trust == PathTrust::kForeign) return NotRoots(path, found);
  struct stat status {};
  const int error = stat(path.c_str(), &status) == 0 ? EAGAIN : errno;
  missing = error == ENOENT;
  if (missing) return std::nullopt;
  const char* const description = strerrordesc_np(error);
  return SettingsError{path, 0,
                       std::string("cannot be reached: ") +
                           (description != nullptr ? description : "unknown error")};
}

std::optional<SettingsError> ReadLocalIds(const std::string& passwd, const std::string& group,
                                          AccountSettings& accounts) {
  LocalIds uids;
  LocalIds gids;
  if (auto error = Read(passwd, uids)) return error;
  if (auto error = Read(group, gids)) return error;
  accounts.local_uids = std::move(uids);
  accounts.local_gids = std::move(gids);
  return std::nullopt;
}

SettingsOrErrors LoadSettingsAndIds(const std::string& config, const std::string& secrets,
                                    const std::string& passwd, const std::string& group) {
  SettingsOrErrors settings = LoadSettings(config, secrets);
  if (!settings) return settings;
  if (auto error = ReadLocalIds(passwd, group, settings->accounts))
    return std::unexpected(std::vector<SettingsError>{*std::move(error)});
  return settings;
}

}  // namespace sqlmap
