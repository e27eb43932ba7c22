#include "common/login/ageing.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <ostream>

namespace sqlmap {

std::ostream& operator<<(std::ostream& out, AgeingOutcome outcome) {
  constexpr const char* kNames[] = {"good", "account expired", "password expired", "must change"};
  return out << kNames[static_cast<int>(outcome)];
}

namespace {

constexpr std::int64_t kToday = 20000;
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();
constexpr auto kGood = AgeingOutcome::kGood;
constexpr auto kAccountExpired = AgeingOutcome::kAccountExpired;
constexpr auto kPasswordExpired = AgeingOutcome::kPasswordExpired;
constexpr auto kMustChange = AgeingOutcome::kPasswordMustChange;

struct Case {
  const char* what;
  std::int64_t lstchg, max, warn, inact, expire;
  AgeingOutcome outcome;
  std::int32_t days_left;
};

// min is swept over in the test: it must not matter.
constexpr Case kCases[] = {
    // what                                       lstchg  max   warn inact expire   outcome days
    // left
    {"all empty", -1, -1, -1, -1, -1, kGood, -1},
    {"usual defaults of useradd", 19990, 99999, 7, -1, -1, kGood, -1},

    {"expires tomorrow", -1, -1, -1, -1, kToday + 1, kGood, -1},
    {"expires today", -1, -1, -1, -1, kToday, kAccountExpired, -1},
    {"expired yesterday", -1, -1, -1, -1, kToday - 1, kAccountExpired, -1},
    {"expire 0 is 1970-01-01, not never", -1, -1, -1, -1, 0, kAccountExpired, -1},
    {"expire 1", -1, -1, -1, -1, 1, kAccountExpired, -1},
    {"a negative date is in the past", -1, -1, -1, -1, -2, kAccountExpired, -1},
    {"expired account with a fresh password", kToday, 90, 7, 7, kToday, kAccountExpired, -1},
    {"expired account wins over forced change", 0, 90, 7, 7, kToday, kAccountExpired, -1},
    {"expired account wins over expired password", 100, 90, 7, 7, kToday, kAccountExpired, -1},

    {"lstchg 0 forces a change", 0, -1, -1, -1, -1, kMustChange, -1},
    {"lstchg 0 forces a change whatever max says", 0, 99999, 7, -1, -1, kMustChange, -1},
    {"lstchg 0 is no password of 1970, past inact", 0, 90, 7, 7, -1, kMustChange, -1},

    {"empty lstchg switches ageing off", -1, 90, 7, 7, -1, kGood, -1},
    {"empty lstchg, max 0", -1, 0, 0, 0, -1, kGood, -1},
    {"empty lstchg does not switch expire off", -1, 90, 7, 7, 5, kAccountExpired, -1},

    {"changed tomorrow: the clock is wrong", kToday + 1, 0, 7, 0, -1, kGood, -1},
    {"changed in the far future", kHighest, 90, 7, 7, -1, kGood, -1},

    {"empty max: no ageing, no warning, no inactivity", 1, -1, 99999, 0, -1, kGood, -1},
    {"max not reached", kToday - 89, 90, -1, -1, -1, kGood, -1},
    {"max reached", kToday - 90, 90, -1, -1, -1, kGood, -1},
    {"max passed", kToday - 91, 90, -1, -1, -1, kMustChange, -1},
    {"max passed long ago, empty inact", 1, 90, 7, -1, -1, kMustChange, -1},
    {"max 0 on the day of the change", kToday, 0, -1, -1, -1, kGood, -1},
    {"max 0 on the day after", kToday - 1, 0, -1, -1, -1, kMustChange, -1},

    {"inact not over", kToday - 97, 90, -1, 7, -1, kMustChange, -1},
    {"inact over", kToday - 98, 90, -1, 7, -1, kPasswordExpired, -1},
    {"inact 0, max reached", kToday - 90, 90, -1, 0, -1, kGood, -1},
    {"inact 0, max passed", kToday - 91, 90, -1, 0, -1, kPasswordExpired, -1},
    {"max 0, inact 0, the day after", kToday - 1, 0, -1, 0, -1, kPasswordExpired, -1},
    {"inact larger than age", kToday - 91, 90, -1, 99999, -1, kMustChange, -1},

    {"before the warning period", kToday - 83, 90, 7, -1, -1, kGood, -1},
    {"first day of the warning period", kToday - 84, 90, 7, -1, -1, kGood, 6},
    {"last but one day", kToday - 89, 90, 7, -1, -1, kGood, 1},
    {"last day", kToday - 90, 90, 7, -1, -1, kGood, 0},
    {"no warning once it is too late", kToday - 91, 90, 7, -1, -1, kMustChange, -1},
    {"warn 0 never warns", kToday - 90, 90, 0, -1, -1, kGood, -1},
    {"warn 1 warns on the last day", kToday - 90, 90, 1, -1, -1, kGood, 0},
    {"empty warn never warns", kToday - 90, 90, -1, -1, -1, kGood, -1},
    {"warn longer than max warns at once", kToday, 90, 99999, -1, -1, kGood, 90},
    {"warning does not depend on inact", kToday - 90, 90, 7, 0, -1, kGood, 0},

    {"largest max", 1, kHighest, -1, -1, -1, kGood, -1},
    {"largest max and warn: days are bounded", 1, kHighest, kHighest, -1, -1, kGood,
     std::numeric_limits<std::int32_t>::max()},
    {"largest max and inact", 1, kHighest, 0, kHighest, -1, kGood, -1},
    {"max + inact beyond 64 bits is never over", 1, 90, 0, kHighest, -1, kMustChange, -1},
    {"lstchg at the low end", kLowest, 90, 7, 7, -1, kPasswordExpired, -1},
    {"max at the low end", kToday, kLowest, 7, -1, -1, kMustChange, -1},
    {"max and inact at the low end", kToday, kLowest, 7, kLowest, -1, kPasswordExpired, -1},
    {"warn at the low end never warns", kToday, 90, kLowest, -1, -1, kGood, -1},
    {"max at the low end, warn at the high end", kToday, kLowest, kHighest, -1, -1, kMustChange,
     -1},
    {"expire at the high end", -1, -1, -1, -1, kHighest, kGood, -1},
    {"expire at the low end", -1, -1, -1, -1, kLowest, kAccountExpired, -1},
};

TEST(AgeingTest, EveryCellOfTheTable) {
  for (const Case& c : kCases) {
    for (const std::int64_t min :
         {std::int64_t{-1}, std::int64_t{0}, std::int64_t{7}, kHighest, kLowest}) {
      ShadowRecord shadow;
      shadow.lstchg = c.lstchg;
      shadow.min = min;
      shadow.max = c.max;
      shadow.warn = c.warn;
      shadow.inact = c.inact;
      shadow.expire = c.expire;
      const Ageing ageing = AgeingOn(kToday, shadow);
      EXPECT_EQ(ageing.outcome, c.outcome) << c.what << ", min " << min;
      EXPECT_EQ(ageing.days_left, c.days_left) << c.what << ", min " << min;
    }
  }
}

__extension__ typedef __int128 Wide;

// The rules once more, as Linux-PAM 1.5 spells them in its check of shadow expiry, with sums that
// cannot overflow.
Ageing AsPamUnix(Wide today, const ShadowRecord& s) {
  if (today >= s.expire && s.expire != -1) return {kAccountExpired, -1};
  if (s.lstchg == 0) return {kMustChange, -1};
  if (today < s.lstchg) return {kGood, -1};
  const Wide age = today - s.lstchg;
  if (age > s.max && age > s.inact && age > Wide{s.max} + s.inact && s.max != -1 && s.inact != -1) {
    return {kPasswordExpired, -1};
  }
  if (age > s.max && s.max != -1) return {kMustChange, -1};
  if (age > Wide{s.max} - s.warn && s.max != -1 && s.warn != -1) {
    const Wide left = s.lstchg + Wide{s.max} - today;
    constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
    return {kGood, left > kMost ? kMost : static_cast<std::int32_t>(left)};
  }
  return {kGood, -1};
}

TEST(AgeingTest, TheAccountStageIsThatOfPamUnixWhereShadow5DoesNotSayOtherwise) {
  constexpr std::int64_t kDates[] = {0,     1,     19900, 19908, 19909, 19910,
                                     19993, 19999, 20000, 20001, 99999, kHighest};
  constexpr std::int64_t kSpans[] = {
      -1, 0, 1, 6, 7, 8, 89, 90, 91, 92, 99999, kHighest - 1, kHighest, -2, kLowest};
  constexpr std::int64_t kExpiries[] = {-1, 0, 1, 19999, 20000, 20001, kHighest, -2};
  std::size_t compared = 0;
  for (const std::int64_t today : {std::int64_t{0}, kToday}) {
    for (const std::int64_t lstchg : kDates) {
      for (const std::int64_t max : kSpans) {
        for (const std::int64_t warn : kSpans) {
          for (const std::int64_t inact : kSpans) {
            for (const std::int64_t expire : kExpiries) {
              ShadowRecord shadow;
              shadow.lstchg = lstchg;
              shadow.max = max;
              shadow.warn = warn;
              shadow.inact = inact;
              shadow.expire = expire;
              const Ageing expected = AsPamUnix(today, shadow);
              const Ageing ageing = AgeingOn(today, shadow);
              ++compared;
              ASSERT_EQ(ageing.outcome, expected.outcome)
                  << today << ": " << lstchg << " " << max << " " << warn << " " << inact << " "
                  << expire;
              ASSERT_EQ(ageing.days_left, expected.days_left)
                  << today << ": " << lstchg << " " << max << " " << warn << " " << inact << " "
                  << expire;
            }
          }
        }
      }
    }
  }
  EXPECT_EQ(compared, 2U * 12 * 15 * 15 * 15 * 8);
}

}  // namespace
}  // namespace sqlmap
