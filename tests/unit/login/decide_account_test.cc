#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/login/decide.h"
#include "fake_verify.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kToday = 20000;

AuthRow Row(bool enabled, std::string_view services = "") {
  return {.name = "shop",
          .hash = "is:a",
          .scheme = "",
          .owner = "alice",
          .enabled = enabled,
          .services = services};
}

ShadowRecord Shadow(std::int64_t lstchg, std::int64_t max, std::int64_t warn, std::int64_t inact,
                    std::int64_t expire) {
  ShadowRecord shadow;
  shadow.name = "shop";
  shadow.lstchg = lstchg;
  shadow.max = max;
  shadow.warn = warn;
  shadow.inact = inact;
  shadow.expire = expire;
  return shadow;
}

LoginAnswer Decide(const LoginFacts& facts) {
  LoginRequest request;
  request.name = "shop";
  request.service = "sshd";
  g_verify_log = {};
  const LoginAnswer answer = DecideAccount(request, facts, kToday);
  EXPECT_TRUE(g_verify_log.verified.empty() && g_verify_log.spent == 0)
      << "the account stage has no password to verify";
  return answer;
}

TEST(DecideAccountTest, ANameThatNothingKnowsIsUnknown) {
  EXPECT_EQ(Decide({}).verdict, LoginVerdict::kUnknownUser);
  const std::vector<AuthRow> none;
  EXPECT_EQ(Decide({.rows = none, .shadow = std::nullopt, .known = false}).verdict,
            LoginVerdict::kUnknownUser);
}

TEST(DecideAccountTest, AHostThatAsksOnlyNssQueriesLetsKnownAccountsBeUsed) {
  const LoginAnswer answer = Decide({.rows = std::nullopt, .shadow = std::nullopt, .known = true});
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_EQ(answer.days_left, -1);
}

TEST(DecideAccountTest, APublicKeyDoesNotOpenADisabledSite) {
  const std::vector<AuthRow> none;
  EXPECT_EQ(Decide({.rows = none, .shadow = std::nullopt, .known = true}).verdict,
            LoginVerdict::kBlocked);
  EXPECT_EQ(Decide({.rows = none, .shadow = Shadow(-1, -1, -1, -1, -1), .known = true}).verdict,
            LoginVerdict::kBlocked);
}

TEST(DecideAccountTest, APublicKeyDoesNotOpenAnAccountWhoseOwnersAreAllBlocked) {
  const std::vector<AuthRow> rows = {Row(false), Row(false)};
  EXPECT_EQ(Decide({.rows = rows, .shadow = std::nullopt, .known = true}).verdict,
            LoginVerdict::kBlocked);
}

TEST(DecideAccountTest, OneOwnerWhoIsNotBlockedKeepsTheAccountOpen) {
  const std::vector<AuthRow> rows = {Row(false), Row(true)};
  EXPECT_EQ(Decide({.rows = rows, .shadow = std::nullopt, .known = false}).verdict,
            LoginVerdict::kAccepted);
}

TEST(DecideAccountTest, APublicKeyOpensOnlyServicesThatARowNames) {
  const std::vector<AuthRow> elsewhere = {Row(true, "proftpd"), Row(false, "sshd")};
  EXPECT_EQ(Decide({.rows = elsewhere, .shadow = std::nullopt, .known = true}).verdict,
            LoginVerdict::kServiceNotAllowed);
  const std::vector<AuthRow> here = {Row(true, "proftpd"), Row(true, "proftpd, sshd")};
  EXPECT_EQ(Decide({.rows = here, .shadow = std::nullopt, .known = true}).verdict,
            LoginVerdict::kAccepted);
}

TEST(DecideAccountTest, AgeingBecomesTheVerdictThatAnAdministratorWouldMend) {
  struct {
    ShadowRecord shadow;
    LoginVerdict verdict;
    std::int32_t days_left;
    const char* reason;
  } const cases[] = {
      {Shadow(-1, -1, -1, -1, -1), LoginVerdict::kAccepted, -1, "today is day 20000"},
      {Shadow(19915, 90, 7, -1, -1), LoginVerdict::kAccepted, 5,
       "today is day 20000, days left: 5"},
      {Shadow(19999, 90, 7, 7, 19000), LoginVerdict::kAccountExpired, -1,
       "today is day 20000, expire is 19000"},
      {Shadow(0, 90, 7, 7, -1), LoginVerdict::kPasswordMustChange, -1,
       "today is day 20000, lstchg is 0, max is 90, inact is 7"},
      {Shadow(19905, 90, 7, 7, -1), LoginVerdict::kPasswordMustChange, -1,
       "today is day 20000, lstchg is 19905, max is 90, inact is 7"},
      {Shadow(19000, 90, 7, 7, -1), LoginVerdict::kPasswordExpired, -1,
       "today is day 20000, lstchg is 19000, max is 90, inact is 7"},
  };
  const std::vector<AuthRow> rows = {Row(true)};
  for (const auto& c : cases) {
    for (const bool with_rows : {false, true}) {
      LoginFacts facts;
      if (with_rows) facts.rows = rows;
      facts.shadow = c.shadow;
      const LoginAnswer answer = Decide(facts);
      EXPECT_EQ(answer.verdict, c.verdict) << c.reason;
      EXPECT_EQ(answer.days_left, c.days_left) << c.reason;
      EXPECT_STREQ(answer.reason, c.reason);
    }
  }
}

TEST(DecideAccountTest, ABlockedAccountIsBlockedWhateverItsAge) {
  const std::vector<AuthRow> rows = {Row(false)};
  EXPECT_EQ(Decide({.rows = rows, .shadow = Shadow(0, 90, 7, 7, 1), .known = true}).verdict,
            LoginVerdict::kBlocked);
}

TEST(DecideAccountTest, AccessIsAskedAfterTheRowsAndBeforeAgeing) {
  const std::vector<AuthRow> good = {Row(true)};
  const std::vector<AuthRow> off = {Row(false)};
  const std::vector<AuthRow> elsewhere = {Row(true, "proftpd")};
  const ShadowRecord expired = Shadow(0, 90, 7, 7, 1);
  for (const LoginVerdict verdict : {LoginVerdict::kAccessDenied, LoginVerdict::kUndecided}) {
    LoginAnswer no;
    no.verdict = verdict;
    std::string("access.deny_users names it").copy(no.reason, sizeof no.reason - 1);
    EXPECT_EQ(Decide({.access = no}).verdict, LoginVerdict::kUnknownUser)
        << "whoever is not ours is not ours to refuse";
    EXPECT_EQ(Decide({.rows = off, .access = no}).verdict, LoginVerdict::kBlocked);
    EXPECT_EQ(Decide({.rows = elsewhere, .access = no}).verdict, LoginVerdict::kServiceNotAllowed);
    for (const auto& shadow : {std::optional<ShadowRecord>(), std::optional(expired)}) {
      const LoginAnswer answer = Decide({.rows = good, .shadow = shadow, .access = no});
      EXPECT_EQ(answer.verdict, verdict);
      EXPECT_EQ(answer.days_left, -1);
      EXPECT_STREQ(answer.reason, no.reason) << "it tells nothing of the account's age";
    }
  }
}

TEST(DecideAccountTest, WhoeverMayComeInStillAges) {
  const std::vector<AuthRow> rows = {Row(true)};
  LoginAnswer yes;
  yes.verdict = LoginVerdict::kAccepted;
  EXPECT_EQ(Decide({.rows = rows, .shadow = Shadow(0, 90, 7, 7, 1), .access = yes}).verdict,
            LoginVerdict::kAccountExpired);
  EXPECT_EQ(Decide({.rows = rows, .access = yes}).verdict, LoginVerdict::kAccepted);
}

}  // namespace
}  // namespace sqlmap
