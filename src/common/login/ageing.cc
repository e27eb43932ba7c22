#include "common/login/ageing.h"

#include <algorithm>
#include <limits>

namespace sqlmap {
namespace {

constexpr std::int64_t kEmpty = -1;
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::int64_t Sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) return a < 0 ? kMin : kMax;
  return sum;
}

std::int64_t Difference(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(a, b, &difference)) return a < 0 ? kMin : kMax;
  return difference;
}

}  // namespace

Ageing AgeingOn(std::int64_t today, const ShadowRecord& shadow) {
  if (shadow.expire != kEmpty && today >= shadow.expire) return {AgeingOutcome::kAccountExpired};
  if (shadow.lstchg == 0) return {AgeingOutcome::kPasswordMustChange};
  if (shadow.lstchg == kEmpty || shadow.max == kEmpty) return {AgeingOutcome::kGood};
  if (today < shadow.lstchg) return {AgeingOutcome::kGood};

  const std::int64_t age = Difference(today, shadow.lstchg);
  if (age > shadow.max) {
    const bool over =
        shadow.inact != kEmpty && age > shadow.inact && age > Sum(shadow.max, shadow.inact);
    return {over ? AgeingOutcome::kPasswordExpired : AgeingOutcome::kPasswordMustChange};
  }
  if (shadow.warn == kEmpty || age <= Difference(shadow.max, shadow.warn))
    return {AgeingOutcome::kGood};
  const std::int64_t left = Difference(shadow.max, age);
  constexpr std::int64_t kMaxDays = std::numeric_limits<std::int32_t>::max();
  return {AgeingOutcome::kGood, static_cast<std::int32_t>(std::min(left, kMaxDays))};
}

}  // namespace sqlmap
