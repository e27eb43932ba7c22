#include "nss/pack.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/account/rules.h"

namespace sqlmap {
namespace {

std::string_view OrIfEmpty(std::string_view text, std::string_view instead) {
  return text.empty() ? instead : text;
}

template <class... Texts>
std::size_t SizeOf(const Texts&... texts) {
  return (... + (texts.size() + 1));
}

// Copies to `at`, which must have the room, and moves it behind the copy.
char* Copy(std::string_view text, char*& at) {
  char* const copy = at;
  at = std::copy(text.begin(), text.end(), at);
  *at++ = '\0';
  return copy;
}

std::size_t PaddingFor(const char* at, std::size_t alignment) {
  return (alignment - reinterpret_cast<std::uintptr_t>(at) % alignment) % alignment;
}

}  // namespace

Packed PackTexts(const UserRecord& user, passwd& entry, std::span<char> buffer) noexcept {
  if (IsReservedId(user.uid) || IsReservedId(user.gid) || !CanBeName(user.name))
    return Packed::kRefused;
  const std::string_view password = OrIfEmpty(user.password, "x");
  if (SizeOf(user.name, password, user.gecos, user.home, user.shell) > buffer.size())
    return Packed::kTooSmall;

  char* at = buffer.data();
  entry.pw_name = Copy(user.name, at);
  entry.pw_passwd = Copy(password, at);
  entry.pw_uid = user.uid;
  entry.pw_gid = user.gid;
  entry.pw_gecos = Copy(user.gecos, at);
  entry.pw_dir = Copy(user.home, at);
  entry.pw_shell = Copy(user.shell, at);
  return Packed::kWhole;
}

Packed Pack(const GroupRecord& group, ::group& entry, std::span<char> buffer) noexcept {
  if (IsReservedId(group.gid)) return Packed::kRefused;
  if (group.packed.empty() && (!CanBeName(group.name) || IsSystemGroupName(group.name)))
    return Packed::kRefused;
  const std::string_view password = OrIfEmpty(group.password, "x");
  const std::string_view names = group.members.bytes;
  const std::size_t count = group.members.count;
  const std::size_t padding = PaddingFor(buffer.data(), alignof(char*));
  if (count > buffer.size() / sizeof(char*)) return Packed::kTooSmall;
  const std::size_t pointers = (count + 1) * sizeof(char*);
  if (padding + pointers + names.size() + SizeOf(group.name, password) > buffer.size())
    return Packed::kTooSmall;

  // The copy is what is looked at: a snapshot may be replaced meanwhile, and then its text changes.
  char** member = reinterpret_cast<char**>(buffer.data() + padding);
  char* at = buffer.data() + padding + pointers;
  char* const end = at + names.size();
  std::memcpy(at, names.data(), names.size());
  char** const members = member;
  for (; member != members + count; ++member) {
    char* const nul = std::find(at, end, '\0');
    if (nul == end) return Packed::kRefused;
    *member = at;
    at = nul + 1;
  }
  if (at != end) return Packed::kRefused;
  *member = nullptr;
  entry.gr_mem = members;
  entry.gr_name = Copy(group.name, at);
  entry.gr_passwd = Copy(password, at);
  entry.gr_gid = group.gid;
  return Packed::kWhole;
}

Packed Pack(const ShadowRecord& shadow, spwd& entry, std::span<char> buffer) noexcept {
  if (!CanBeName(shadow.name)) return Packed::kRefused;
  const std::string_view hash = OrIfEmpty(shadow.hash, "*");
  if (SizeOf(shadow.name, hash) > buffer.size()) return Packed::kTooSmall;

  char* at = buffer.data();
  entry.sp_namp = Copy(shadow.name, at);
  entry.sp_pwdp = Copy(hash, at);
  entry.sp_lstchg = static_cast<long>(shadow.lstchg);
  entry.sp_min = static_cast<long>(shadow.min);
  entry.sp_max = static_cast<long>(shadow.max);
  entry.sp_warn = static_cast<long>(shadow.warn);
  entry.sp_inact = static_cast<long>(shadow.inact);
  entry.sp_expire = static_cast<long>(shadow.expire);
  entry.sp_flag = static_cast<unsigned long>(shadow.flag);
  return Packed::kWhole;
}

}  // namespace sqlmap
