#include "common/account/trusted_path.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace sqlmap {
namespace {

enum class Target : std::uint8_t { kFile, kDirectory, kSocket };

bool OthersMayWrite(const struct stat& status) {
  return (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

// In a sticky directory others cannot replace what is not theirs.
bool IsSafeAncestor(const struct stat& status) {
  return S_ISDIR(status.st_mode) && status.st_uid == 0 &&
         (!OthersMayWrite(status) || (status.st_mode & S_ISVTX) != 0);
}

bool IsSafeSocketDirectory(const struct stat& status, const struct stat& parent) {
  if (!S_ISDIR(status.st_mode) || OthersMayWrite(status)) return false;
  return status.st_uid == 0 || !OthersMayWrite(parent);
}

bool IsSafeTarget(const struct stat& status, Target target) {
  switch (target) {
    case Target::kFile:
      return S_ISREG(status.st_mode) && status.st_uid == 0 && !OthersMayWrite(status);
    case Target::kDirectory:
      return S_ISDIR(status.st_mode) && status.st_uid == 0 && !OthersMayWrite(status);
    case Target::kSocket:
      return S_ISSOCK(status.st_mode);
  }
  return false;
}

PathTrust Foreign(const char* path, const struct stat& status, ForeignComponent* why) {
  if (why != nullptr) {
    const std::size_t length = strnlen(path, sizeof why->path - 1);
    std::memcpy(why->path, path, length);
    why->path[length] = '\0';
    why->owner = status.st_uid;
    why->mode = status.st_mode;
  }
  return PathTrust::kForeign;
}

PathTrust Walk(const char* path, Target target, ForeignComponent* why) {
  char resolved[PATH_MAX];
  if (path[0] != '/') return PathTrust::kForeign;
  if (realpath(path, resolved) == nullptr) {
    return errno == ENAMETOOLONG ? PathTrust::kForeign : PathTrust::kMissing;
  }
  char* const last_slash = std::strrchr(resolved, '/');
  struct stat parent {};
  if (stat("/", &parent) != 0) return PathTrust::kMissing;
  if (!IsSafeAncestor(parent)) return Foreign("/", parent, why);
  char* slash = std::strchr(resolved + 1, '/');
  for (; slash != nullptr; slash = std::strchr(slash + 1, '/')) {
    *slash = '\0';
    struct stat status {};
    if (stat(resolved, &status) != 0) return PathTrust::kMissing;
    const bool holds_socket = target == Target::kSocket && slash == last_slash;
    const bool safe = holds_socket ? IsSafeSocketDirectory(status, parent) : IsSafeAncestor(status);
    if (!safe) return Foreign(resolved, status, why);
    *slash = '/';
    parent = status;
  }
  struct stat status {};
  if (stat(resolved, &status) != 0) return PathTrust::kMissing;
  return IsSafeTarget(status, target) ? PathTrust::kTrusted : Foreign(resolved, status, why);
}

PathTrust Judge(const char* path, Target target, ForeignComponent* why) {
  const int saved = errno;
  const PathTrust trust = Walk(path, target, why);
  errno = saved;
  return trust;
}

}  // namespace

PathTrust TrustOfFile(const char* path, ForeignComponent* why) noexcept {
  return Judge(path, Target::kFile, why);
}
PathTrust TrustOfDirectory(const char* path) noexcept {
  return Judge(path, Target::kDirectory, nullptr);
}
PathTrust TrustOfSocketPath(const char* path) noexcept {
  return Judge(path, Target::kSocket, nullptr);
}

}  // namespace sqlmap
