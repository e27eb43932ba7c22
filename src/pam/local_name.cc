#include "pam/local_name.h"

#include <pwd.h>

#include <cerrno>
#include <cstdio>

#include "common/account/rules.h"

namespace sqlmap {

LocalName FindLocalName(const char* passwd_file, std::string_view name) noexcept {
  std::FILE* const file = std::fopen(passwd_file, "re");
  if (file == nullptr) return LocalName::kUnreadable;
  LocalName found = LocalName::kUnreadable;
  char buffer[8192];
  passwd entry{};
  passwd* result = nullptr;
  for (;;) {
    const int error = fgetpwent_r(file, &entry, buffer, sizeof buffer, &result);
    if (error == ENOENT) {
      found = LocalName::kNone;
      break;
    }
    if (error != 0) break;
    if (name != entry.pw_name) continue;
    const bool system = IsSystemUid(entry.pw_uid);
    found = system ? LocalName::kSystem : LocalName::kNone;
    if (system) break;
  }
  (void)std::fclose(file);
  return found;
}

}  // namespace sqlmap
