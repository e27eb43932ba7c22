// Puts a record into the struct and the buffer that the caller of getpwnam_r(3) and its kin has
// given.
//
// Checked, counted, and only then copied: a struct is either untouched or whole, every string and
// pointer of it lies in the buffer, and not a byte beyond the buffer is written. The buffer needs
// no alignment.
#ifndef SQLMAP_NSS_PACK_H_
#define SQLMAP_NSS_PACK_H_

#include <grp.h>
#include <pwd.h>
#include <shadow.h>

#include <span>

#include "common/account/record.h"
#include "nss/status.h"

namespace sqlmap {

// Refused, whichever source it came from: a name that no account can have, a reserved uid or gid.
// An empty password field means "no password is needed" (passwd(5), shadow(5)), and no row may say
// that: it becomes "x" in passwd and group, "*" in shadow. An empty home or shell stays empty.
Packed Pack(const UserRecord& user, passwd& entry, std::span<char> buffer) noexcept;
Packed Pack(const GroupRecord& group, ::group& entry, std::span<char> buffer) noexcept;
Packed Pack(const ShadowRecord& shadow, spwd& entry, std::span<char> buffer) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_NSS_PACK_H_
