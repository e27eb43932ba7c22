// Reads a small file that only the administrator can have written.
#ifndef SQLMAP_COMMON_CONFIG_SECURE_FILE_H_
#define SQLMAP_COMMON_CONFIG_SECURE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>

#include "common/config/wipe.h"

namespace sqlmap {

inline constexpr std::size_t kMaxFileBytes = 1024 * 1024;

enum class FilePrivacy : std::uint8_t {
  kPublic,  // everybody may read it
  kSecret,  // its owner may, and its group if root owns it
};

// The text may be secret: it is wiped when it goes.
struct SecureFile {
  std::string text;
  bool world_readable = false;

  SecureFile() = default;
  SecureFile(SecureFile&&) = default;
  SecureFile& operator=(SecureFile&&) = default;
  ~SecureFile() { Wipe(text); }
};

struct FileError {
  bool missing = false;
  std::string what;  // what is wrong and what to do, without the path
};

// Refuses what is not a regular file, is larger than `max_bytes` (whole MiB), belongs to another
// than root (or the effective uid), can be written by others, or can be read by others against
// `privacy`. Everything is judged on the open descriptor, so that it is the file read that is
// judged; links are followed. The descriptor is close-on-exec, above 2 and closed on return. Does
// not block on a fifo.
std::expected<SecureFile, FileError> ReadSecureFile(const std::string& path, FilePrivacy privacy,
                                                    std::size_t max_bytes = kMaxFileBytes);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_SECURE_FILE_H_
