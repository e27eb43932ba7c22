#include "daemon/directories.h"

#include <sys/stat.h>

#include <cerrno>

#include "common/account/trusted_path.h"
#include "daemon/error_text.h"

namespace sqlmap {

std::expected<void, std::string> EnsureDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0755) == 0) {
    // The umask may have taken away what every process needs.
    if (chmod(path.c_str(), 0755) != 0) return std::unexpected(path + ": " + ErrorText());
  } else if (errno != EEXIST) {
    return std::unexpected(path + " cannot be made: " + ErrorText());
  }
  switch (TrustOfDirectory(path.c_str())) {
    case PathTrust::kTrusted:
      return {};
    case PathTrust::kMissing:
      return std::unexpected(path + " cannot be reached");
    case PathTrust::kForeign:
      break;
  }
  return std::unexpected(path +
                         " must be a directory that nobody but root can write to, and so "
                         "must all above it: move what is there out of the way");
}

}  // namespace sqlmap
