// Whether a name belongs to the system itself, so that no row of a database may answer for it.
//
// A service lets in whom PAM accepts, and then asks NSS, where /etc/passwd comes first, who that
// is. Without this check a row called "root" with a password of the database's choice would be a
// login as root.
#ifndef SQLMAP_PAM_LOCAL_NAME_H_
#define SQLMAP_PAM_LOCAL_NAME_H_

#include <cstdint>
#include <string_view>

namespace sqlmap {

enum class LocalName : std::uint8_t {
  kNone,    // not in the file, or an account of a person there, whose password may be in a database
  kSystem,  // an account whose uid IsSystemUid
  kUnreadable,  // the file could not be read to its end
};

// Reads `passwd_file` as glibc's "files" does, and never asks NSS (which could be the caller).
// Thread safe.
LocalName FindLocalName(const char* passwd_file, std::string_view name) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_PAM_LOCAL_NAME_H_
