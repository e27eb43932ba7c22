// Whether a path belongs to the administrator, so that what stands there may be believed.
//
// A look-up runs wherever its caller is: also in an FTP server's child that sits in its user's own directory after chroot(2).
// There /etc, /usr and /run are the user's. Every file that we are about to believe is therefore asked for its owners first.
#ifndef SQLMAP_COMMON_ACCOUNT_TRUSTED_PATH_H_
#define SQLMAP_COMMON_ACCOUNT_TRUSTED_PATH_H_

#include <cstdint>

namespace sqlmap {

enum class PathTrust : std::uint8_t {
  kTrusted,
  kMissing,    // some part does not exist or cannot be reached
  kForeign,    // some part belongs to another user than root, or others can write to it, or it is of another type
};

// `path` is absolute, at most 4095 bytes. Trusted: a regular file that root owns and nobody else can write to, and the same
// holds for each directory above it, "/" included. Links are followed; what they lead to is judged.
// One system call a component; errno is left as it was.
PathTrust TrustOfFile(const char* path) noexcept;

// The same for the directories above a server's socket: the one that holds it may belong to the server's user.
PathTrust TrustOfSocketPath(const char* path) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_TRUSTED_PATH_H_
