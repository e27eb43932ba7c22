// Which ids an account may have on this host, as a question. Header only, for the modules.
#ifndef SQLMAP_COMMON_ACCOUNT_ID_KIND_H_
#define SQLMAP_COMMON_ACCOUNT_ID_KIND_H_

#include <cstdint>

#include "common/account/rules.h"

namespace sqlmap {

enum class IdKind : std::uint8_t { kUid, kGid };

using IdRule = bool (*)(IdKind kind, std::uint32_t id) noexcept;

// For who knows of no configuration.
constexpr bool MayHaveAllButReserved(IdKind, std::uint32_t id) noexcept {
  return !IsReservedId(id);
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_ID_KIND_H_
