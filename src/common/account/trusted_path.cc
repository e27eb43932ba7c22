#include "common/account/trusted_path.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

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

// Whether no component is "", "." or "..": each one is then where its name says.
bool IsNormal(const char* path) {
  do {
    const std::string_view name(path + 1, std::strcspn(path + 1, "/"));
    if (name.empty() || name == "." || name == "..") return false;
    path += 1 + name.size();
  } while (*path != '\0');
  return true;
}

// Of `path`, which is as realpath(3) has it but for links, and is cut where the walk ends. nullopt:
// some part of it is a link.
std::optional<PathTrust> Walk(char* path, Target target, ForeignComponent* why) {
  char* const last_slash = std::strrchr(path, '/');
  struct stat parent {};
  if (lstat("/", &parent) != 0) return PathTrust::kMissing;
  if (!IsSafeAncestor(parent)) return Foreign("/", parent, why);
  struct stat status {};
  char* slash = std::strchr(path + 1, '/');
  for (; slash != nullptr; slash = std::strchr(slash + 1, '/')) {
    *slash = '\0';
    if (lstat(path, &status) != 0) return PathTrust::kMissing;
    if (S_ISLNK(status.st_mode)) return std::nullopt;
    const bool holds_socket = target == Target::kSocket && slash == last_slash;
    const bool safe = holds_socket ? IsSafeSocketDirectory(status, parent) : IsSafeAncestor(status);
    if (!safe) return Foreign(path, status, why);
    *slash = '/';
    parent = status;
  }
  if (lstat(path, &status) != 0) return PathTrust::kMissing;
  if (S_ISLNK(status.st_mode)) return std::nullopt;
  return IsSafeTarget(status, target) ? PathTrust::kTrusted : Foreign(path, status, why);
}

// Most paths hold no link, and then realpath(3) would be half of the system calls.
PathTrust WalkResolved(const char* path, Target target, ForeignComponent* why) {
  char walked[PATH_MAX];
  const std::size_t length = strnlen(path, sizeof walked);
  if (path[0] != '/' || length == sizeof walked) return PathTrust::kForeign;
  std::memcpy(walked, path, length + 1);
  if (IsNormal(path)) {
    if (const std::optional<PathTrust> trust = Walk(walked, target, why)) return *trust;
  }
  if (realpath(path, walked) == nullptr)
    return errno == ENAMETOOLONG ? PathTrust::kForeign : PathTrust::kMissing;
  // A link again: somebody is changing the path just now.
  return Walk(walked, target, why).value_or(PathTrust::kForeign);
}

PathTrust Judge(const char* path, Target target, ForeignComponent* why) {
  const int saved = errno;
  const PathTrust trust = WalkResolved(path, target, why);
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
