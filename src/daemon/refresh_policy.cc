#include "daemon/refresh_policy.h"

#include <algorithm>

namespace sqlmap {
namespace {

constexpr std::int64_t kFirstPauseMs = 500;
constexpr std::int64_t kShareOfTime = 20;  // one part of so many

bool Shrunk(std::uint64_t before, std::uint64_t now, unsigned max_shrink_percent) {
  if (now >= before) return false;
  const long double kept = 100.0L * static_cast<long double>(now);
  return now == 0 || kept < static_cast<long double>(before) * (100 - max_shrink_percent);
}

}  // namespace

ReadVerdict JudgeRead(const std::optional<TableFacts>& published, const TableFacts& read,
                      unsigned max_shrink_percent, bool forced) {
  if (!published) return ReadVerdict::kPublish;
  if (*published == read) return ReadVerdict::kUnchanged;
  if (forced || max_shrink_percent >= 100) return ReadVerdict::kPublish;
  const bool shrunk = Shrunk(published->users, read.users, max_shrink_percent) ||
                      Shrunk(published->groups, read.groups, max_shrink_percent);
  return shrunk ? ReadVerdict::kShrunk : ReadVerdict::kPublish;
}

std::int64_t PauseAfterRead(std::int64_t took_ms, std::int64_t refresh_ms) {
  return std::max(refresh_ms, took_ms * (kShareOfTime - 1));
}

std::int64_t PauseAfterFailure(unsigned failures, std::int64_t longest_ms, std::uint32_t jitter) {
  const unsigned doublings = std::min(failures == 0 ? 0U : failures - 1, 16U);
  const std::int64_t pause =
      std::clamp(kFirstPauseMs << doublings, kFirstPauseMs, std::max(longest_ms, kFirstPauseMs));
  return pause / 2 + jitter % (pause / 2 + 1);
}

}  // namespace sqlmap
