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

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

#include "common/account/record.h"
#include "common/account/rules.h"
#include "nss/status.h"

namespace sqlmap {

// Refused, whichever source it came from: a name that no account can have, a reserved uid or gid.
// An empty password field means "no password is needed" (passwd(5), shadow(5)), and no row may say
// that: it becomes "x" in passwd and group, "*" in shadow. An empty home or shell stays empty.
inline Packed Pack(const UserRecord& user, passwd& entry, std::span<char> buffer) noexcept;
Packed Pack(const GroupRecord& group, ::group& entry, std::span<char> buffer) noexcept;
Packed Pack(const ShadowRecord& shadow, spwd& entry, std::span<char> buffer) noexcept;

// Whether this is what was asked for, byte for byte. A source that vouches for a record has
// compared.
template <class Record>
bool Answers(const Record& record, std::string_view name) noexcept {
  return !record.packed.empty() || record.name == name;
}
inline bool Answers(const UserRecord& user, Uid uid) noexcept { return user.uid == uid; }
inline bool Answers(const GroupRecord& group, Gid gid) noexcept { return group.gid == gid; }

// The same for a user whose texts lie anywhere, and for one whose texts are one piece.
Packed PackTexts(const UserRecord& user, passwd& entry, std::span<char> buffer) noexcept;
[[gnu::always_inline]] inline Packed PackPiece(const UserRecord& user, passwd& entry,
                                               std::span<char> buffer) noexcept {
  if (IsReservedId(user.uid) || IsReservedId(user.gid)) return Packed::kRefused;
  const std::string_view packed = user.packed;
  const std::size_t name = user.name.size();
  const std::size_t password = name + 1 + user.password.size();
  const std::size_t gecos = password + 1 + user.gecos.size();
  const std::size_t home = gecos + 1 + user.home.size();
  const std::size_t shell = home + 1 + user.shell.size();
  if (shell + 1 != packed.size()) return Packed::kRefused;
  if (packed.size() > buffer.size()) return Packed::kTooSmall;
  char* const at = buffer.data();
  std::memcpy(at, packed.data(), packed.size());
  entry.pw_name = at;
  entry.pw_passwd = at + name + 1;
  entry.pw_uid = user.uid;
  entry.pw_gid = user.gid;
  entry.pw_gecos = at + password + 1;
  entry.pw_dir = at + gecos + 1;
  entry.pw_shell = at + home + 1;
  return Packed::kWhole;
}

[[gnu::always_inline]] inline Packed Pack(const UserRecord& user, passwd& entry,
                                          std::span<char> buffer) noexcept {
  return user.packed.empty() ? PackTexts(user, entry, buffer) : PackPiece(user, entry, buffer);
}

}  // namespace sqlmap

#endif  // SQLMAP_NSS_PACK_H_
