// Passwords that were changed here a moment ago, for as long as a replica may not know of it.
#ifndef SQLMAP_COMMON_BACKEND_RECENT_CHANGES_H_
#define SQLMAP_COMMON_BACKEND_RECENT_CHANGES_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/account/auth_row.h"
#include "common/process/fork_lock.h"

namespace sqlmap {

// Thread safe, and safe in a child of fork(2): what another thread was changing there may be lost,
// or lead to a question too many. Holds no name and no hash, but numbers made of them.
class RecentChanges {
 public:
  // A replica that is further behind serves old passwords again.
  static constexpr std::int64_t kRememberMs = 3'600'000;
  // Of that time, the last so many changes; older ones are forgotten first.
  static constexpr std::size_t kMost = 1024;

  void Note(std::string_view name, std::string_view hash, std::int64_t now_ms) noexcept;
  bool Has(std::string_view name, std::int64_t now_ms) noexcept;
  // What a replica says of that name: is it older than the change? (Another one may still be.)
  bool IsBehind(std::string_view name, std::span<const AuthRow> rows, std::int64_t now_ms) noexcept;

 private:
  struct Change {
    std::uint64_t name = 0;
    std::uint64_t hash = 0;
    std::int64_t until_ms = 0;
  };
  Change* Find(std::uint64_t name, std::int64_t now_ms) noexcept;

  ForkLock lock_;
  std::array<Change, kMost> changes_{};
  std::size_t next_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_RECENT_CHANGES_H_
