// The rules that every name, id and field must pass, asked on the request before any I/O and again
// on each row. Pure: no I/O, no allocation. A value that breaks a rule is refused, never changed
// into one that fits.
#ifndef SQLMAP_COMMON_ACCOUNT_RULES_H_
#define SQLMAP_COMMON_ACCOUNT_RULES_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/account/record.h"

namespace sqlmap {

class LocalIds;

// A set of bytes.
class ByteSet {
 public:
  constexpr void Add(unsigned char byte) { words_[byte >> 6] |= std::uint64_t{1} << (byte & 63); }
  constexpr bool Contains(unsigned char byte) const {
    return ((words_[byte >> 6] >> (byte & 63)) & 1) != 0;
  }
  friend constexpr bool operator==(const ByteSet&, const ByteSet&) = default;

 private:
  std::array<std::uint64_t, 4> words_{};
};

// Reads a list of characters and ranges such as "a-z0-9._@-" (a '-' that is first or last stands
// for itself). Returns false for an empty list, a range that runs backwards, and for what no login
// name may contain: NUL, control characters, white space, ':' ',' '/' '*' and bytes above 0x7e
// (passwd(5), and ls ~* asks for "*").
bool ParseByteSet(std::string_view text, ByteSet& set);

inline constexpr std::size_t kNameMax = 255;  // bytes

// Whether any account may be called so, whatever the configuration says. Never: "", more than
// kNameMax bytes, the bytes that ParseByteSet refuses, ".", "..", all digits (chown 123), a '-' in
// front, and the names of the system's own accounts and groups
// (IsSystemName), for which the database has no say.
bool CanBeName(std::string_view name);

// accounts.name_first, name_rest and name_max.
struct NameRules {
  ByteSet first;
  ByteSet rest;
  std::size_t max = kNameMax;

  // The default: first "a-z0-9_", rest "a-z0-9._@-", at most 255 bytes.
  static NameRules Default();
  // Whether a user may be called so: CanBeName, and what the sets and the length say.
  bool Allows(std::string_view name) const;
  // Whether a group may: that, and !IsSystemGroupName.
  bool AllowsGroup(std::string_view name) const;
};

inline constexpr std::size_t kMostSingleIds = 400;  // of accounts.allow_uids, and of allow_gids

// accounts.min_uid, max_uid, allow_uids and their sisters for gids.
struct IdRules {
  std::uint32_t min = 1000;
  std::uint32_t max = 4294967293U;
  std::span<const std::uint32_t> also;  // single ids outside the range, or local; not owned
  const LocalIds* local = nullptr;      // the host's own ids and names; not owned

  // 0, 65534, 65535, 4294967294 and 4294967295 are never allowed, whatever the configuration says.
  bool Allows(std::uint32_t id) const;
  // Whether a row with that id, which is allowed, may have that name: one of the host's own only if
  // it is the same account or group, and its id is in `also`.
  bool AllowsName(std::string_view name, std::uint32_t id) const;
};

constexpr bool IsReservedId(std::uint32_t id) {
  return id == 0 || id == 65534 || id == 65535 || id >= 4294967294U;
}

// Of two accounts with one id, whether the one of this name answers for it: the shorter, then the
// first in byte order.
constexpr bool AnswersForId(std::string_view name, std::string_view other) {
  return name.size() != other.size() ? name.size() < other.size() : name < other;
}

// The first uid that Debian gives to a person; below it are system accounts.
inline constexpr std::uint32_t kFirstPersonalUid = 1000;

// Whether an account of /etc/passwd with this uid is the system's own: no row answers for its name,
// whatever it opens.
constexpr bool IsSystemUid(std::uint32_t uid) {
  return uid < kFirstPersonalUid || IsReservedId(uid);
}

// "root", "daemon", "sudo", "docker", "systemd-..." and their like: names that sudo, sshd, polkit
// and others trust, whatever id a row gives them. Of "staff" and its like, which organisations use
// as well, no program thinks more than of others; on a host that has them, they are its own.
bool IsSystemName(std::string_view name);
// Those, and "admin": as a group, Ubuntu's sudoers and polkit give it root's rights. As a user it
// is one like others.
bool IsSystemGroupName(std::string_view name);

// Whether text may stand in a field of passwd(5), group(5) or shadow(5): no ':', no control
// character, no NUL.
bool IsCleanField(std::string_view text);
// A clean field that is an absolute path, for home and shell.
bool IsCleanPath(std::string_view text);

// Writes the ASCII lower case of `name` over `buffer` and returns it; `buffer` must hold
// name.size() bytes.
std::string_view LowerCase(std::string_view name, char* buffer);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_RULES_H_
