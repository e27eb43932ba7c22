#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "common/login/decide.h"
#include "fake_verify.h"

namespace sqlmap {
namespace {

constexpr std::string_view kName = "shop.acme.example";

AuthRow Row(std::string_view owner, std::optional<std::string_view> hash, bool enabled = true,
            std::string_view services = "") {
  return {.name = kName,
          .hash = hash,
          .scheme = "",
          .owner = owner,
          .enabled = enabled,
          .services = services};
}

class DecideAuthenticationTest : public testing::Test {
 protected:
  DecideAuthenticationTest() { g_verify_log = {}; }

  LoginAnswer Decide(const std::vector<AuthRow>& rows, std::string_view password,
                     bool known = true) {
    LoginRequest request;
    request.name = kName;
    request.password = password;
    request.service = "proftpd";
    request.allow_empty_password = allow_empty_;
    return DecideAuthentication(request, {.rows = rows, .shadow = std::nullopt, .known = known},
                                policy_, max_rows_);
  }

  int Verifications() const { return g_verify_log.hashed + g_verify_log.spent; }

  PasswordPolicy policy_;
  bool allow_empty_ = false;
  std::size_t max_rows_ = 16;
};

TEST_F(DecideAuthenticationTest, AnAnswerNobodyFilledInOpensNothing) {
  EXPECT_EQ(LoginAnswer().verdict, LoginVerdict::kUnavailable);
}

TEST_F(DecideAuthenticationTest, EachOfThreeOwnersGetsInWithTheirOwnPassword) {
  const std::vector<AuthRow> rows = {Row("alice", "is:a"), Row("bob", "is:b"),
                                     Row("carol", "is:c")};
  LoginAnswer answer = Decide(rows, "a");
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_STREQ(answer.reason, "3 rows: alice match (drupal7)");
  answer = Decide(rows, "b");
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_STREQ(answer.reason, "3 rows: bob match (drupal7)");
  answer = Decide(rows, "c");
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_STREQ(answer.reason, "3 rows: carol match (drupal7)");
}

TEST_F(DecideAuthenticationTest, AWrongPasswordNamesWhoWasTriedAndWhyItFailed) {
  const LoginAnswer answer = Decide({Row("alice", "is:a"), Row("", std::nullopt),
                                     Row("carol", "weak"), Row("dave", "costly"), Row("eve", "?")},
                                    "x");
  EXPECT_EQ(answer.verdict, LoginVerdict::kWrongPassword);
  EXPECT_STREQ(
      answer.reason,
      "5 rows, 1 too costly: alice mismatch (drupal7), row 2 has no password, carol scheme not in "
      "auth.schemes (md5), dave too costly (bcrypt), eve hash not recognised");
}

TEST_F(DecideAuthenticationTest, ASingleRowNeedsNoCount) {
  EXPECT_STREQ(Decide({Row("alice", "is:a")}, "a").reason, "alice match (drupal7)");
  EXPECT_STREQ(Decide({Row("", "is:a")}, "b").reason, "row 1 mismatch (drupal7)");
}

TEST_F(DecideAuthenticationTest, AnUnknownUserCostsAVerification) {
  const LoginAnswer answer = Decide({}, "x", /*known=*/false);
  EXPECT_EQ(answer.verdict, LoginVerdict::kUnknownUser);
  EXPECT_EQ(g_verify_log.spent, 1);
}

TEST_F(DecideAuthenticationTest, AKnownAccountWithoutRowsIsBlockedAndCostsAVerification) {
  const LoginAnswer answer = Decide({}, "x");
  EXPECT_EQ(answer.verdict, LoginVerdict::kBlocked);
  EXPECT_EQ(g_verify_log.spent, 1);
  EXPECT_STREQ(answer.reason, "the account has no row in the auth query");
}

TEST_F(DecideAuthenticationTest, AShadowLineMakesAnAccountKnown) {
  const LoginFacts facts = {
      .rows = std::span<const AuthRow>(), .shadow = ShadowRecord{}, .known = false};
  EXPECT_EQ(DecideAuthentication({}, facts, policy_, 16).verdict, LoginVerdict::kBlocked);
}

TEST_F(DecideAuthenticationTest, WithoutAnAuthQueryNobodyIsRefusedOrLetIn) {
  LoginFacts facts;
  facts.known = true;
  EXPECT_EQ(DecideAuthentication({}, facts, policy_, 16).verdict, LoginVerdict::kUnavailable);
  EXPECT_EQ(g_verify_log.spent, 1);
}

TEST_F(DecideAuthenticationTest, RowsThatAreRefusedUnhashedCostAVerification) {
  for (const std::optional<std::string_view> stored :
       {std::optional<std::string_view>(), {"unknown"}, {"weak"}, {"costly"}}) {
    g_verify_log = {};
    EXPECT_EQ(Decide({Row("a", stored), Row("b", stored)}, "x").verdict,
              LoginVerdict::kWrongPassword);
    EXPECT_EQ(Verifications(), 1) << stored.value_or("NULL");
  }
}

TEST_F(DecideAuthenticationTest, NoMoreIsSpentThanTheHashesThemselves) {
  Decide({Row("a", "is:a"), Row("b", "weak")}, "x");
  EXPECT_EQ(g_verify_log.spent, 0);
}

TEST_F(DecideAuthenticationTest, TheRightPasswordOfABlockedOwnerIsBlocked) {
  const LoginAnswer answer = Decide({Row("alice", "is:a", false)}, "a");
  EXPECT_EQ(answer.verdict, LoginVerdict::kBlocked);
  EXPECT_STREQ(answer.reason, "alice match (drupal7), but that row is switched off");
}

TEST_F(DecideAuthenticationTest, AWrongPasswordDoesNotTellThatTheOwnerIsBlocked) {
  EXPECT_EQ(Decide({Row("alice", "is:a", false)}, "x").verdict, LoginVerdict::kWrongPassword);
  EXPECT_EQ(g_verify_log.verified, std::vector<std::string>{"is:a"})
      << "a blocked row must cost its time";
}

TEST_F(DecideAuthenticationTest, AnotherOwnerWithTheSamePasswordStillGetsIn) {
  const LoginAnswer answer = Decide(
      {Row("alice", "is:a", false), Row("bob", "is:a", true, "sshd"), Row("carol", "is:a")}, "a");
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_STREQ(answer.reason, "3 rows: carol match (drupal7)");
}

TEST_F(DecideAuthenticationTest, ARowOpensOnlyTheServicesThatItNames) {
  struct {
    std::string_view services;
    LoginVerdict verdict;
  } const cases[] = {
      {"", LoginVerdict::kAccepted},
      {"proftpd", LoginVerdict::kAccepted},
      {"sshd,proftpd", LoginVerdict::kAccepted},
      {"sshd proftpd", LoginVerdict::kAccepted},
      {" sshd , proftpd ", LoginVerdict::kAccepted},
      {"\tproftpd", LoginVerdict::kAccepted},
      {"sshd", LoginVerdict::kServiceNotAllowed},
      {"proftp", LoginVerdict::kServiceNotAllowed},
      {"proftpd2", LoginVerdict::kServiceNotAllowed},
      {"xproftpd", LoginVerdict::kServiceNotAllowed},
      {"PROFTPD", LoginVerdict::kServiceNotAllowed},
      {"proftpd;sshd", LoginVerdict::kServiceNotAllowed},
      {" ", LoginVerdict::kServiceNotAllowed},
      {",,", LoginVerdict::kServiceNotAllowed},
      {"*", LoginVerdict::kServiceNotAllowed},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(Decide({Row("alice", "is:a", true, c.services)}, "a").verdict, c.verdict)
        << '"' << c.services << '"';
    EXPECT_EQ(Decide({Row("alice", "is:a", true, c.services)}, "x").verdict,
              LoginVerdict::kWrongPassword);
  }
}

TEST_F(DecideAuthenticationTest, TheReasonPrefersTheRowThatIsEasiestToMend) {
  const AuthRow off = Row("off", "is:a", false);
  const AuthRow off_and_elsewhere = Row("off2", "is:a", false, "sshd");
  const AuthRow elsewhere = Row("elsewhere", "is:a", true, "sshd");
  EXPECT_EQ(Decide({off, elsewhere}, "a").verdict, LoginVerdict::kServiceNotAllowed);
  EXPECT_EQ(Decide({elsewhere, off}, "a").verdict, LoginVerdict::kServiceNotAllowed);
  EXPECT_STREQ(Decide({elsewhere, off}, "a").reason,
               "2 rows: elsewhere match (drupal7), but that row is for other services");
  EXPECT_EQ(Decide({off_and_elsewhere}, "a").verdict, LoginVerdict::kBlocked);
}

TEST_F(DecideAuthenticationTest, RowsBeyondTheLimitOpenNothingAndTheLogSaysSo) {
  std::vector<AuthRow> rows(20, Row("x", "is:nothing"));
  rows[16] = Row("alice", "is:a");
  LoginAnswer answer = Decide(rows, "a");
  EXPECT_EQ(answer.verdict, LoginVerdict::kWrongPassword);
  EXPECT_EQ(g_verify_log.verified.size(), 16U);
  EXPECT_TRUE(
      std::string_view(answer.reason)
          .starts_with("more than 16 rows: the rest was not tried (auth.max_rows): x mismatch"))
      << answer.reason;
  rows[15] = Row("alice", "is:a");
  answer = Decide(rows, "a");
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_STREQ(answer.reason,
               "more than 16 rows: the rest was not tried (auth.max_rows): alice match (drupal7)");
}

TEST_F(DecideAuthenticationTest, ALimitOfNoneOpensNothingAndStillCostsAVerification) {
  max_rows_ = 0;
  EXPECT_EQ(Decide({Row("alice", "is:a")}, "a").verdict, LoginVerdict::kWrongPassword);
  EXPECT_EQ(Verifications(), 1);
}

TEST_F(DecideAuthenticationTest, TenThousandRowsCostNoMoreThanTheLimit) {
  const std::vector<AuthRow> rows(10000, Row("x", "is:a"));
  EXPECT_EQ(Decide(rows, "b").verdict, LoginVerdict::kWrongPassword);
  EXPECT_EQ(g_verify_log.verified.size(), 16U);
}

TEST_F(DecideAuthenticationTest, CostlyRowsShareTheWorkOfOneLogin) {
  const LoginAnswer answer =
      Decide({Row("alice", "9/is:a"), Row("bob", "9/is:b"), Row("carol", "9/is:c")}, "c");
  EXPECT_EQ(answer.verdict, LoginVerdict::kWrongPassword);
  EXPECT_STREQ(answer.reason,
               "3 rows, 1 too costly: alice mismatch (drupal7), bob mismatch (drupal7), "
               "carol too costly (bcrypt)");
}

TEST_F(DecideAuthenticationTest, ARowAtItsLimitRefusesNobodyButItsOwner) {
  std::vector<AuthRow> rows(16, Row("x", "1/is:nothing"));
  rows.front() = Row("mallory", "9/is:m");
  rows.back() = Row("alice", "1/is:a");
  EXPECT_EQ(Decide(rows, "a").verdict, LoginVerdict::kAccepted);
  LoginAnswer answer = Decide(rows, "m");
  EXPECT_EQ(answer.verdict, LoginVerdict::kWrongPassword);
  EXPECT_TRUE(std::string_view(answer.reason)
                  .starts_with("16 rows, 1 too costly: mallory too costly (bcrypt), x mismatch"))
      << answer.reason;
}

TEST_F(DecideAuthenticationTest, CheapRowsGoFirstAndEqualOnesInTheirOrder) {
  Decide({Row("a", "5/is:1"), Row("b", "2/is:2"), Row("c", "is:3"), Row("d", "2/is:4"),
          Row("e", "is:5")},
         "x");
  EXPECT_EQ(g_verify_log.computed,
            (std::vector<std::string>{"is:3", "is:5", "2/is:2", "2/is:4", "5/is:1"}));
}

TEST_F(DecideAuthenticationTest, TheOrderOfTheRowsTellsWhoseItWasWhateverTheyCost) {
  EXPECT_STREQ(Decide({Row("dear", "5/is:a", false), Row("cheap", "is:a", false)}, "a").reason,
               "2 rows: dear match (drupal7), but that row is switched off");
  EXPECT_STREQ(
      Decide({Row("dear", "5/is:a", true, "sshd"), Row("cheap", "is:a", false)}, "a").reason,
      "2 rows: dear match (drupal7), but that row is for other services");
  EXPECT_STREQ(Decide({Row("dear", "5/is:a"), Row("cheap", "is:a", false)}, "a").reason,
               "2 rows: dear match (drupal7)");
  EXPECT_STREQ(Decide({Row("dear", "5/is:b"), Row("cheap", "is:a")}, "x").reason,
               "2 rows: dear mismatch (drupal7), cheap mismatch (drupal7)");
}

TEST_F(DecideAuthenticationTest, ARowThatWasNotNeededIsNotCalledTooCostly) {
  EXPECT_STREQ(Decide({Row("dear", "5/is:b"), Row("cheap", "is:a")}, "a").reason,
               "2 rows: cheap match (drupal7)");
}

// sqlmapctl auth shows them.
TEST_F(DecideAuthenticationTest, WhatEachRowCameToIsToldAndWhatWasNotTriedIsNot) {
  const auto checks_of = [&](const std::vector<AuthRow>& rows) {
    RowChecks checks;
    checks.fill(PasswordCheck{PasswordOutcome::kMatch, std::nullopt});  // of an earlier decision
    (void)DecideAuthentication({.name = kName, .password = "right", .service = "proftpd"},
                               {.rows = rows}, policy_, max_rows_, nullptr, &checks);
    std::string words;
    for (std::size_t i = 0; i < rows.size() + 1; ++i) {
      constexpr std::string_view kLetters = "=!-?xc";
      words += checks[i] ? kLetters[static_cast<std::size_t>(checks[i]->outcome)] : '.';
    }
    return words;
  };
  EXPECT_EQ(checks_of({Row("a", "is:b"), Row("b", std::nullopt), Row("c", "unknown"),
                       Row("d", "weak"), Row("e", "costly")}),
            "!-?xc.");
  EXPECT_EQ(checks_of({Row("a", "is:b"), Row("b", "is:right"), Row("c", "is:right")}), "!=..");
  EXPECT_EQ(checks_of({Row("a", "5/is:right"), Row("b", "1/is:right"), Row("c", "unknown")}),
            ".=?.")
      << "the cheapest row that opens the account is the only one that was computed";
  EXPECT_EQ(checks_of({Row("a", "is:right", false), Row("b", "is:right", true, "sshd")}), "==.");
  EXPECT_EQ(checks_of({}), ".");
  max_rows_ = 1;
  EXPECT_EQ(checks_of({Row("a", "is:b"), Row("b", "is:right")}), "!..");
}

TEST_F(DecideAuthenticationTest, ThatRowsWereTooCostlyIsNotCutOff) {
  const std::vector<AuthRow> rows(256, Row("an-owner-with-a-rather-long-name", "9/is:nothing"));
  max_rows_ = 1000;
  const std::string reason = Decide(rows, "x").reason;
  EXPECT_TRUE(reason.starts_with("256 rows, 254 too costly: an-owner")) << reason;
}

TEST_F(DecideAuthenticationTest, NoMoreRowsAreTriedThanAConfigurationMayAskFor) {
  max_rows_ = 100'000;
  EXPECT_EQ(Decide(std::vector<AuthRow>(1000, Row("x", "is:a")), "b").verdict,
            LoginVerdict::kWrongPassword);
  EXPECT_EQ(g_verify_log.verified.size(), kMostRowsTried);
}

TEST_F(DecideAuthenticationTest, OnlyTheRequestAllowsAnEmptyPassword) {
  for (const bool policy_allows : {false, true}) {
    for (const bool request_allows : {false, true}) {
      g_verify_log = {};
      policy_.allow_empty_password = policy_allows;
      allow_empty_ = request_allows;
      EXPECT_EQ(Decide({Row("a", "is:")}, "").verdict,
                request_allows ? LoginVerdict::kAccepted : LoginVerdict::kWrongPassword);
      EXPECT_EQ(g_verify_log.empty_allowed, std::vector<bool>{request_allows});
      EXPECT_EQ(Verifications(), 1);
    }
  }
}

TEST_F(DecideAuthenticationTest, ANullPasswordOpensNothingWhateverIsTyped) {
  for (const bool allow_empty : {false, true}) {
    allow_empty_ = allow_empty;
    for (const std::string_view typed : {"", "x", "NULL", "*"}) {
      EXPECT_EQ(Decide({Row("a", std::nullopt)}, typed).verdict, LoginVerdict::kWrongPassword)
          << typed;
    }
  }
}

TEST_F(DecideAuthenticationTest, NeitherPasswordNorHashNorTypedTextReachesTheReason) {
  LoginRequest request;
  request.name = "typed-name";
  request.password = "typed-secret";
  request.service = "typed-service";
  request.rhost = "typed-host";
  request.tty = "typed-tty";
  const std::vector<AuthRow> rows = {Row("a", "is:typed-secret", false), Row("b", "stored-secret"),
                                     Row("c", "is:typed-secret", true, "listed-service")};
  for (std::size_t count = 0; count <= rows.size(); ++count) {
    for (const bool known : {false, true}) {
      LoginFacts facts;
      facts.rows = std::span(rows).first(count);
      facts.known = known;
      const std::string reason = DecideAuthentication(request, facts, policy_, 16).reason;
      EXPECT_EQ(reason.find("secret"), std::string::npos) << reason;
      EXPECT_EQ(reason.find("typed"), std::string::npos) << reason;
    }
  }
}

TEST_F(DecideAuthenticationTest, AHostileOwnerNeitherForgesNorOverrunsTheReason) {
  const std::string long_owner(5000, '\n');
  const LoginAnswer answer =
      Decide({Row(long_owner, "is:a"), Row("x: match\x1b[2K", "is:b"), Row(long_owner, "?"),
              Row(long_owner, "?"), Row(long_owner, "?"), Row("a b", "?")},
             "x");
  EXPECT_EQ(answer.verdict, LoginVerdict::kWrongPassword);
  const std::size_t length = strnlen(answer.reason, sizeof answer.reason);
  ASSERT_LT(length, sizeof answer.reason);
  for (std::size_t i = 0; i < length; ++i) {
    ASSERT_GE(answer.reason[i], ' ');
    ASSERT_LE(answer.reason[i], '~');
  }
  EXPECT_EQ(std::string_view(answer.reason).substr(length - 3), "...");
  EXPECT_NE(std::string_view(answer.reason).find("\"x: match?[2K\" mismatch (drupal7)"),
            std::string_view::npos);
}

TEST_F(DecideAuthenticationTest, WhoGotInIsLoggedHoweverManyFailedBefore) {
  std::vector<AuthRow> rows(16, Row("an-owner-with-a-rather-long-name-indeed", "is:nothing"));
  rows.back() = Row("alice", "is:a");
  EXPECT_STREQ(Decide(rows, "a").reason, "16 rows: alice match (drupal7)");
}

}  // namespace
}  // namespace sqlmap
