#include "nss/pack.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
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

// The names as far as they end in NUL, whatever the record says of their count.
std::string_view Whole(const NameList& names) {
  const std::size_t last = names.bytes.rfind('\0');
  return last == std::string_view::npos ? std::string_view()
                                        : std::string_view(names.bytes.data(), last + 1);
}

std::size_t PaddingFor(const char* at, std::size_t alignment) {
  return (alignment - reinterpret_cast<std::uintptr_t>(at) % alignment) % alignment;
}

}  // namespace

Packed Pack(const UserRecord& user, passwd& entry, std::span<char> buffer) noexcept {
  if (!CanBeName(user.name) || IsReservedId(user.uid) || IsReservedId(user.gid))
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
  if (!CanBeName(group.name) || IsReservedId(group.gid)) return Packed::kRefused;
  const std::string_view password = OrIfEmpty(group.password, "x");
  const std::string_view names = Whole(group.members);
  const auto count = static_cast<std::size_t>(std::count(names.begin(), names.end(), '\0'));
  const std::size_t padding = PaddingFor(buffer.data(), alignof(char*));
  const std::size_t pointers = (count + 1) * sizeof(char*);
  if (padding + pointers + names.size() + SizeOf(group.name, password) > buffer.size())
    return Packed::kTooSmall;

  char** member = reinterpret_cast<char**>(buffer.data() + padding);
  char* at = buffer.data() + padding + pointers;
  entry.gr_mem = member;
  char* const end = std::copy(names.begin(), names.end(), at);
  while (at != end) {
    *member++ = at;
    at = std::find(at, end, '\0') + 1;
  }
  *member = nullptr;
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
