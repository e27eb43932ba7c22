#include "common/account/trusted_path.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace sqlmap {
namespace {

constexpr std::size_t kMaxPath = 4096;

// A directory that others may write to is good only if it is sticky: then they cannot replace what is not theirs.
bool IsSafeDirectory(const struct stat& status, bool any_owner) {
  if (!S_ISDIR(status.st_mode)) return false;
  if (status.st_uid != 0 && !any_owner) return false;
  const bool others_write = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  return !others_write || (status.st_mode & S_ISVTX) != 0;
}

PathTrust Walk(const char* path, bool socket) {
  const std::size_t length = std::strlen(path);
  if (path[0] != '/' || length >= kMaxPath) return PathTrust::kForeign;
  char prefix[kMaxPath];
  std::memcpy(prefix, path, length + 1);
  char* const last_slash = std::strrchr(prefix, '/');
  struct stat status {};
  if (stat("/", &status) != 0) return PathTrust::kMissing;
  if (!IsSafeDirectory(status, false)) return PathTrust::kForeign;
  for (char* slash = std::strchr(prefix + 1, '/'); slash != nullptr; slash = std::strchr(slash + 1, '/')) {
    *slash = '\0';
    const int failed = stat(prefix, &status);
    *slash = '/';
    if (failed != 0) return PathTrust::kMissing;
    if (!IsSafeDirectory(status, socket && slash == last_slash)) return PathTrust::kForeign;
  }
  if (stat(path, &status) != 0) return PathTrust::kMissing;
  if (socket) return S_ISSOCK(status.st_mode) ? PathTrust::kTrusted : PathTrust::kForeign;
  if (!S_ISREG(status.st_mode) || status.st_uid != 0) return PathTrust::kForeign;
  return (status.st_mode & (S_IWGRP | S_IWOTH)) == 0 ? PathTrust::kTrusted : PathTrust::kForeign;
}

PathTrust Judge(const char* path, bool socket) {
  const int saved = errno;
  const PathTrust trust = Walk(path, socket);
  errno = saved;
  return trust;
}

}  // namespace

PathTrust TrustOfFile(const char* path) noexcept { return Judge(path, false); }

PathTrust TrustOfSocketPath(const char* path) noexcept { return Judge(path, true); }

}  // namespace sqlmap
