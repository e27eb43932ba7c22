#include "ctl/auth/ageing_words.h"

#include <chrono>
#include <cstdio>
#include <limits>

namespace sqlmap::auth {
namespace {

constexpr std::int64_t kEmpty = -1;
constexpr std::int64_t kLastDate = 2'932'896;  // 9999-12-31

// Any field may hold any number.
std::int64_t Sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min()
               : std::numeric_limits<std::int64_t>::max();
}

std::string Days(std::int64_t count) {
  return std::to_string(count) + (count == 1 ? " day" : " days");
}

std::string Distance(std::int64_t day, std::int64_t today) {
  if (day == today) return "today";
  if (day > today) return "in " + Days(Sum(day, -today));
  return Days(Sum(today, -day)) + " ago";
}

// "2026-11-22, in 3 days"
std::string When(std::int64_t day, std::int64_t today) {
  return DateOf(day) + ", " + Distance(day, today);
}

std::string LastChange(const ShadowRecord& shadow, std::int64_t today) {
  if (shadow.lstchg == kEmpty) return "empty: the password does not age";
  if (shadow.lstchg == 0) return "the password must be changed now";
  const std::string when = "last changed on " + When(shadow.lstchg, today);
  return shadow.lstchg > today ? when + ": a clock is wrong; taken for good" : when;
}

// Whether max, warn and inact count.
bool Ages(const ShadowRecord& shadow) { return shadow.lstchg > 0 && shadow.max != kEmpty; }

std::string Min(const ShadowRecord& shadow, std::int64_t today) {
  if (shadow.min <= 0 || shadow.lstchg <= 0) return "it may be changed at any time";
  return "it may be changed again from " + When(Sum(shadow.lstchg, shadow.min), today);
}

std::string Max(const ShadowRecord& shadow, std::int64_t today) {
  if (shadow.max == kEmpty) return "empty: the password does not age";
  if (!Ages(shadow)) return "plays no part, because of lstchg";
  return "the last day without a change is " + When(Sum(shadow.lstchg, shadow.max), today);
}

std::string Warn(const ShadowRecord& shadow, std::int64_t today) {
  if (shadow.warn <= 0) return "nobody is warned of that";
  if (!Ages(shadow)) return "plays no part: the password does not age";
  const std::int64_t first = Sum(Sum(shadow.lstchg, shadow.max), 1 - shadow.warn);
  return "it is warned of from " + When(first, today);
}

std::string Inact(const ShadowRecord& shadow, std::int64_t today) {
  if (shadow.inact == kEmpty) return "empty: a change is offered for ever";
  if (!Ages(shadow)) return "plays no part: the password does not age";
  const std::int64_t last = Sum(Sum(shadow.lstchg, shadow.max), shadow.inact);
  return "the last day on which a change is offered is " + When(last, today);
}

std::string Expire(const ShadowRecord& shadow, std::int64_t today) {
  if (shadow.expire == kEmpty) return "empty: the account does not close";
  if (shadow.expire > today) return "the account closes on " + When(shadow.expire, today);
  return "the account is closed since " + When(shadow.expire, today);
}

}  // namespace

std::string DateOf(std::int64_t day) {
  if (day < 0 || day > kLastDate) return "day " + std::to_string(day);
  const std::chrono::year_month_day date{
      std::chrono::sys_days(std::chrono::days(static_cast<int>(day)))};
  char text[32];
  (void)std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

std::vector<AgeingWords> DescribeAgeing(const ShadowRecord& shadow, std::int64_t today) {
  return {
      {"lstchg", shadow.lstchg, LastChange(shadow, today)},
      {"min", shadow.min, Min(shadow, today)},
      {"max", shadow.max, Max(shadow, today)},
      {"warn", shadow.warn, Warn(shadow, today)},
      {"inact", shadow.inact, Inact(shadow, today)},
      {"expire", shadow.expire, Expire(shadow, today)},
  };
}

}  // namespace sqlmap::auth
