#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "common/login/ageing.h"
#include "ctl/auth/ageing_words.h"
#include "ctl/auth/explanation.h"

namespace sqlmap::auth {
namespace {

constexpr std::int64_t kToday = 20'000;  // 2024-10-04
constexpr std::int64_t kHuge = 9'000'000'000'000'000'000;

std::string MeaningOf(const ShadowRecord& shadow, std::string_view field) {
  for (const AgeingWords& words : DescribeAgeing(shadow, kToday)) {
    if (words.field == field) return words.meaning;
  }
  return "no such field";
}

ShadowRecord Shadow(std::int64_t lstchg, std::int64_t min, std::int64_t max, std::int64_t warn,
                    std::int64_t inact, std::int64_t expire) {
  ShadowRecord shadow;
  shadow.lstchg = lstchg;
  shadow.min = min;
  shadow.max = max;
  shadow.warn = warn;
  shadow.inact = inact;
  shadow.expire = expire;
  return shadow;
}

TEST(AgeingWords, DatesAreThoseOfTheCalendar) {
  EXPECT_EQ(DateOf(0), "1970-01-01");
  EXPECT_EQ(DateOf(59), "1970-03-01");
  EXPECT_EQ(DateOf(11'016), "2000-02-29");
  EXPECT_EQ(DateOf(kToday), "2024-10-04");
  EXPECT_EQ(DateOf(2'932'896), "9999-12-31");
  EXPECT_EQ(DateOf(2'932'897), "day 2932897");
  EXPECT_EQ(DateOf(-1), "day -1");
}

TEST(AgeingWords, EachNumberSaysWhatItMeansToday) {
  const struct {
    ShadowRecord shadow;
    std::vector<std::string> meanings;
  } rows[] = {
      {Shadow(-1, -1, -1, -1, -1, -1),
       {"empty: the password does not age", "it may be changed at any time",
        "empty: the password does not age", "nobody is warned of that",
        "empty: a change is offered for ever", "empty: the account does not close"}},
      {Shadow(0, 5, 90, 7, 3, 0),
       {"the password must be changed now", "it may be changed at any time",
        "plays no part, because of lstchg", "plays no part: the password does not age",
        "plays no part: the password does not age",
        "the account is closed since 1970-01-01, 20000 days ago"}},
      {Shadow(19'990, 10, 90, 7, 0, 20'001),
       {"last changed on 2024-09-24, 10 days ago", "it may be changed again from 2024-10-04, today",
        "the last day without a change is 2024-12-23, in 80 days",
        "it is warned of from 2024-12-17, in 74 days",
        "the last day on which a change is offered is 2024-12-23, in 80 days",
        "the account closes on 2024-10-05, in 1 day"}},
      {Shadow(20'010, 0, 1, 1, 1, 20'000),
       {"last changed on 2024-10-14, in 10 days: a clock is wrong; taken for good",
        "it may be changed at any time", "the last day without a change is 2024-10-15, in 11 days",
        "it is warned of from 2024-10-15, in 11 days",
        "the last day on which a change is offered is 2024-10-16, in 12 days",
        "the account is closed since 2024-10-04, today"}},
  };
  for (const auto& row : rows) {
    const auto words = DescribeAgeing(row.shadow, kToday);
    ASSERT_EQ(words.size(), row.meanings.size());
    for (std::size_t i = 0; i < words.size(); ++i)
      EXPECT_EQ(words[i].meaning, row.meanings[i]) << words[i].field;
  }
}

TEST(AgeingWords, AbsurdNumbersAreNamedAndDoNotOverflow) {
  const ShadowRecord shadow = Shadow(kHuge, kHuge, kHuge, kHuge, kHuge, kHuge);
  EXPECT_EQ(
      MeaningOf(shadow, "max"),
      "the last day without a change is day 9223372036854775807, in 9223372036854755807 days");
  EXPECT_EQ(MeaningOf(shadow, "expire"),
            "the account closes on day 9000000000000000000, in 8999999999999980000 days");
}

// Two files say what the numbers mean: this one in words, common/login/ageing.cc by what it does.
TEST(AgeingWords, TheWordsChangeOnTheDayOnWhichTheDecisionDoes) {
  const ShadowRecord shadow = Shadow(19'000, -1, 90, 7, 5, 19'200);
  const auto when = [&](std::string_view field, std::string_view words, std::int64_t day) {
    for (const AgeingWords& each : DescribeAgeing(shadow, day)) {
      if (each.field == field)
        return each.meaning.starts_with(words) && each.meaning.ends_with(", today");
    }
    return false;
  };
  EXPECT_TRUE(when("warn", "it is warned of from", 19'084));
  EXPECT_EQ(AgeingOn(19'083, shadow).days_left, -1);
  EXPECT_EQ(AgeingOn(19'084, shadow).days_left, 6);
  EXPECT_TRUE(when("max", "the last day without a change", 19'090));
  EXPECT_EQ(AgeingOn(19'090, shadow).outcome, AgeingOutcome::kGood);
  EXPECT_EQ(AgeingOn(19'091, shadow).outcome, AgeingOutcome::kPasswordMustChange);
  EXPECT_TRUE(when("inact", "the last day on which a change is offered", 19'095));
  EXPECT_EQ(AgeingOn(19'095, shadow).outcome, AgeingOutcome::kPasswordMustChange);
  EXPECT_EQ(AgeingOn(19'096, shadow).outcome, AgeingOutcome::kPasswordExpired);
  EXPECT_TRUE(when("expire", "the account is closed since", 19'200));
  EXPECT_EQ(AgeingOn(19'199, shadow).outcome, AgeingOutcome::kPasswordExpired);
  EXPECT_EQ(AgeingOn(19'200, shadow).outcome, AgeingOutcome::kAccountExpired);
}

TEST(AuthStatus, ARefusalIsKnownEvenIfTheOtherStageIsNot) {
  using enum LoginVerdict;
  const auto status = [](LoginVerdict authentication, LoginVerdict account) {
    Stages stages;
    stages.authentication.verdict = authentication;
    stages.account.verdict = account;
    return StatusOf(stages);
  };
  EXPECT_EQ(status(kAccepted, kAccepted), ExitStatus::kDone);
  for (const LoginVerdict refusal :
       {kUnknownUser, kWrongPassword, kBlocked, kAccountExpired, kPasswordExpired,
        kPasswordMustChange, kServiceNotAllowed, kAccessDenied, kThrottled}) {
    for (const LoginVerdict other : {kAccepted, kUnavailable, kUndecided, kBlocked}) {
      EXPECT_EQ(status(refusal, other), ExitStatus::kNo);
      EXPECT_EQ(status(other, refusal), ExitStatus::kNo);
    }
  }
  for (const LoginVerdict silence : {kUnavailable, kUndecided}) {
    for (const LoginVerdict other : {kAccepted, kUnavailable, kUndecided}) {
      EXPECT_EQ(status(silence, other), ExitStatus::kUnknown);
      EXPECT_EQ(status(other, silence), ExitStatus::kUnknown);
    }
  }
}

}  // namespace
}  // namespace sqlmap::auth
