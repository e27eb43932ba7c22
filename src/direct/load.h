// The files that make an engine, read as far as they may be believed, and what tells that they
// changed.
#ifndef SQLMAP_DIRECT_LOAD_H_
#define SQLMAP_DIRECT_LOAD_H_

#include <sys/types.h>
#include <time.h>

#include <string>
#include <vector>

#include "common/config/settings.h"

namespace sqlmap {

// What tells that a file was written or replaced.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  timespec changed{};

  static FileStamp Of(const char* path);
  friend bool operator==(const FileStamp& a, const FileStamp& b) {
    return a.device == b.device && a.inode == b.inode && a.size == b.size &&
           a.changed.tv_sec == b.changed.tv_sec && a.changed.tv_nsec == b.changed.tv_nsec;
  }
};

struct Stamps {
  FileStamp config;
  FileStamp secrets;
  FileStamp password;
  FileStamp passwd;
  FileStamp group;
  bool as_root = false;  // root may know more than what was loaded before

  // `password_file` as DatabaseSettings has it.
  static Stamps Now(const std::string& password_file);
  // Whether the configuration is still what it was.
  bool SameConfiguration(const Stamps& now) const;
  // Whether it is worth reading the files again, now that they look like `now`.
  bool Changed(const Stamps& now) const;
};

bool MayReadSecrets();

struct LoadResult {
  SettingsOrErrors settings;  // without [privileged], which is read at each use
  // Mistakes that did not stand in the way.
  std::vector<SettingsError> mistakes;
  // There is no sqlmapd.toml: an error without text.
  bool missing = false;
};

// Only what is the administrator's, from "/" down: this may be a user's chroot. With
// `without_secrets`, mistakes in secrets.toml are the LoadResult's `mistakes`, and the settings are
// those that any user sees. Throws std::bad_alloc.
LoadResult LoadTrusted(bool without_secrets);

// secrets.toml alone, by the same rules.
std::expected<PrivilegedSettings, std::vector<SettingsError>> LoadTrustedPrivileged();

}  // namespace sqlmap

#endif  // SQLMAP_DIRECT_LOAD_H_
