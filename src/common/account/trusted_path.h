// Whether a path belongs to the administrator, so that what stands there may be believed.
//
// A look-up runs wherever its caller is: also in an FTP server's child that sits in its user's own
// directory after chroot(2). There /etc, /usr and /run are the user's. Everything that we are about
// to believe is therefore asked for its owners first.
#ifndef SQLMAP_COMMON_ACCOUNT_TRUSTED_PATH_H_
#define SQLMAP_COMMON_ACCOUNT_TRUSTED_PATH_H_

#include <limits.h>

#include <cstdint>

namespace sqlmap {

enum class PathTrust : std::uint8_t {
  kTrusted,
  kMissing,  // some part does not exist or cannot be reached
  kForeign,  // some part belongs to another user than root, or others can write to it, or it is of
             // another type
};

// What makes a path foreign, for the log: the first component from "/" down that does, links
// resolved.
struct ForeignComponent {
  char path[PATH_MAX] = {};  // "" if it is not known
  std::uint32_t owner = 0;
  std::uint32_t mode = 0;  // as stat(2) has it, the type included
};

// `path` is absolute, at most 4095 bytes. A link in it counts as what it leads to, if nothing above
// it is foreign. Trusted: a regular file that root owns and nobody else can write to, below
// directories that root owns and in which nobody else can replace anything ("/" included; a sticky
// one, such as /tmp, is good if the next component is root's). errno is left as it was. `why` is
// filled in if the answer is kForeign; it may be null.
PathTrust TrustOfFile(const char* path, ForeignComponent* why = nullptr) noexcept;
PathTrust TrustOfDirectory(const char* path) noexcept;

// A server's socket. The directory that holds it may belong to the server's user, if nobody but
// root could have made it; nobody else may create anything in it, sticky or not: while a server is
// down, whoever can put a socket in its place would be the database.
PathTrust TrustOfSocketPath(const char* path) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_TRUSTED_PATH_H_
