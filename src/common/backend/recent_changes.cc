#include "common/backend/recent_changes.h"

#include <algorithm>
#include <functional>

namespace sqlmap {
namespace {

std::uint64_t NumberOf(std::string_view text) { return std::hash<std::string_view>()(text); }

}  // namespace

// With the lock held.
RecentChanges::Change* RecentChanges::Find(std::uint64_t name, std::int64_t now_ms) noexcept {
  auto* const found = std::find_if(changes_.begin(), changes_.end(), [&](const Change& change) {
    return change.name == name && now_ms < change.until_ms;
  });
  return found == changes_.end() ? nullptr : found;
}

void RecentChanges::Note(std::string_view name, std::string_view hash,
                         std::int64_t now_ms) noexcept {
  const Change change{NumberOf(name), NumberOf(hash), now_ms + kRememberMs};
  const ForkLockGuard guard(lock_);
  if (Change* const known = Find(change.name, now_ms)) {
    *known = change;
    return;
  }
  changes_[next_ % kMost] = change;
  ++next_;
}

bool RecentChanges::Has(std::string_view name, std::int64_t now_ms) noexcept {
  const ForkLockGuard guard(lock_);
  return Find(NumberOf(name), now_ms) != nullptr;
}

bool RecentChanges::IsBehind(std::string_view name, std::span<const AuthRow> rows,
                             std::int64_t now_ms) noexcept {
  const ForkLockGuard guard(lock_);
  const Change* const change = Find(NumberOf(name), now_ms);
  if (change == nullptr) return false;
  const bool knows = std::any_of(rows.begin(), rows.end(), [&](const AuthRow& row) {
    return row.hash && NumberOf(*row.hash) == change->hash;
  });
  return !knows;
}

}  // namespace sqlmap
