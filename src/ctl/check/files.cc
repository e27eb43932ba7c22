#include "ctl/check/files.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "common/account/trusted_path.h"
#include "ctl/check/seen_in_time.h"

namespace sqlmap {
namespace {

std::string Octal(mode_t mode) {
  char text[8];
  (void)std::snprintf(text, sizeof text, "%04o", mode & 07777U);
  return text;
}

enum class Wanted : std::uint8_t {
  kNeeded,    // nothing works without it
  kMissed,    // a part does not
  kUnmissed,  // is made when it is needed
};

enum class Readers : std::uint8_t {
  kAll,
  kAny,  // as few as its owner likes
  kOwnerAndSqlmapd,
  kOwner,
};

struct File {
  std::string path;
  Wanted wanted = Wanted::kNeeded;
  Readers readers = Readers::kAll;
  const char* if_missing = "";
};

void CheckMissing(const File& file, int error, Findings& findings) {
  const std::string what = error == ENOENT ? "is missing" : std::system_category().message(error);
  switch (file.wanted) {
    case Wanted::kNeeded:
      return findings.Error(file.path, what, file.if_missing);
    case Wanted::kMissed:
      return findings.Warning(file.path, what, file.if_missing);
    case Wanted::kUnmissed:
      return;
  }
}

// With its user's rights alone, as sqlmapd will. On a host without that user there is no sqlmapd.
bool SqlmapdMayRead(const std::string& path, const AccountSettings& accounts) {
  constexpr std::int64_t kLookMs = 1'000;
  const auto uid = accounts.local_uids.IdOf(kServiceUser);
  const auto gid = accounts.local_gids.IdOf(kServiceUser);
  if (!uid || !gid) return true;
  const auto look = [&](std::size_t) {
    const bool becomes = setgroups(0, nullptr) == 0 && setresgid(*gid, *gid, *gid) == 0 &&
                         setresuid(*uid, *uid, *uid) == 0;
    return becomes && access(path.c_str(), R_OK) == 0 ? 'y' : 'n';
  };
  return SeenInTime(1, look, Deadline::In(kLookMs)).words == "y";
}

void CheckFile(const File& file, const Settings* settings, Findings& findings) {
  struct stat status {};
  if (stat(file.path.c_str(), &status) != 0) return CheckMissing(file, errno, findings);
  if (const Ownership wrong = OwnershipOf(file.path); !wrong.what.empty())
    return findings.Error(file.path, wrong.what, wrong.remedy);
  const mode_t mode = status.st_mode;
  const bool secret = file.readers == Readers::kOwner || file.readers == Readers::kOwnerAndSqlmapd;
  if (secret && (mode & (S_IROTH | S_IXOTH)) != 0) {
    return findings.Error(
        file.path, "everybody may read the passwords in it (mode " + Octal(mode) + ")",
        (file.readers == Readers::kOwner ? "chmod 0600 " : "chmod 0640 ") + file.path);
  }
  if (file.readers == Readers::kOwner && (mode & S_IRGRP) != 0 && status.st_gid != 0) {
    return findings.Warning(file.path,
                            "its group may read the passwords in it (gid " +
                                std::to_string(status.st_gid) + ", mode " + Octal(mode) + ")",
                            "chmod 0600 " + file.path);
  }
  if (file.readers == Readers::kOwnerAndSqlmapd && !SqlmapdMayRead(file.path, settings->accounts)) {
    return findings.Error(
        file.path, "sqlmapd may not read it (mode " + Octal(mode) + ")",
        "let it be of the group _sqlmapd, mode 0640, in a directory that all may enter");
  }
  const mode_t all = S_ISDIR(mode) ? S_IROTH | S_IXOTH : S_IROTH;
  if (file.readers == Readers::kAll && (mode & all) != all) {
    return findings.Error(file.path, "not everybody may read it (mode " + Octal(mode) + ")",
                          "chmod " + std::string(S_ISDIR(mode) ? "0755 " : "0644 ") + file.path);
  }
  findings.Ok(file.path, "root's, mode " + Octal(mode));
}

}  // namespace

Ownership OwnershipOf(const std::string& path) {
  struct stat status {};
  ForeignComponent found;
  const bool directory = stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
  const PathTrust trust =
      directory ? TrustOfDirectory(path.c_str()) : TrustOfFile(path.c_str(), &found);
  if (trust != PathTrust::kForeign) return {};
  if (directory) {
    found.owner = status.st_uid;
    found.mode = status.st_mode;
  }
  const std::string at = found.path[0] == '\0' ? path : found.path;
  const bool others_write = (found.mode & (S_IWGRP | S_IWOTH)) != 0;
  const std::string which = at == path ? "is" : at + " above it is";
  if (!directory && found.owner == 0 && !others_write)
    return {which + " no regular file", "put the file in its place"};
  Ownership wrong;
  wrong.what = which + " not root's alone (uid " + std::to_string(found.owner) + ", mode " +
               Octal(found.mode) + ')';
  if (found.owner != 0) wrong.remedy = "chown root " + at;
  if (found.owner != 0 && others_write) wrong.remedy += " && ";
  if (others_write) wrong.remedy += "chmod go-w " + at;
  if (wrong.remedy.empty()) wrong.remedy = "see whose the directories above it are";
  return wrong;
}

void CheckFiles(const HostPaths& paths, const Settings* settings, Findings& findings) {
  constexpr char kInstall[] = "install sqlmap again";
  const bool direct = settings != nullptr && settings->direct.enabled;
  const bool daemon = settings == nullptr || !direct;
  const File files[] = {
      // A query may have a secret in it, and sqlmapd reads it as root.
      {paths.config, Wanted::kNeeded, daemon && settings != nullptr ? Readers::kAny : Readers::kAll,
       "write it; sqlmapctl import may help"},
      {paths.secrets, Wanted::kMissed, Readers::kOwner,
       "without it there is no shadow and no PAM: copy the example, chmod 0600"},
      {SQLMAP_NSS_FILE, Wanted::kNeeded, Readers::kAll, kInstall},
      {SQLMAP_PAM_FILE, Wanted::kMissed, Readers::kAll, kInstall},
      {SQLMAP_DIRECT_FILE, direct ? Wanted::kNeeded : Wanted::kUnmissed, Readers::kAll, kInstall},
      {SQLMAP_DAEMON_FILE, daemon ? Wanted::kNeeded : Wanted::kUnmissed, Readers::kAll, kInstall},
      {paths.pam_directory + "/common-sqlmap", Wanted::kMissed, Readers::kAll, kInstall},
  };
  for (const File& file : files) CheckFile(file, settings, findings);
  if (settings == nullptr) return;
  const DatabaseSettings& database = settings->database;
  for (const std::string& path : {database.tls_ca, database.tls_cert}) {
    if (!path.empty())
      CheckFile({path, Wanted::kNeeded, Readers::kAll, "see [database] tls"}, settings, findings);
  }
  for (const auto& [path, readers] : {std::pair(database.tls_key, Readers::kOwnerAndSqlmapd),
                                      std::pair(database.password_file, Readers::kOwner)}) {
    if (!path.empty()) {
      CheckFile({path, Wanted::kNeeded, direct ? Readers::kAll : readers, "see [database]"},
                settings, findings);
    }
  }
}

}  // namespace sqlmap
