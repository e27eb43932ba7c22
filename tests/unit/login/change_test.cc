#include "common/login/change.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "fake_verify.h"

namespace sqlmap {
namespace {

constexpr std::string_view kName = "shop.acme.example";
constexpr std::int64_t kToday = 20'000;

AuthRow Row(std::string_view owner, std::optional<std::string_view> hash, bool enabled = true,
            std::string_view services = "") {
  return {.name = kName,
          .hash = hash,
          .scheme = "",
          .owner = owner,
          .enabled = enabled,
          .services = services};
}

ShadowRecord Ageing(std::int64_t lstchg, std::int64_t min, std::int64_t max = -1,
                    std::int64_t inact = -1, std::int64_t expire = -1) {
  ShadowRecord shadow;
  shadow.lstchg = lstchg;
  shadow.min = min;
  shadow.max = max;
  shadow.inact = inact;
  shadow.expire = expire;
  return shadow;
}

class ChangeTest : public testing::Test {
 protected:
  ChangeTest() { g_verify_log = {}; }

  ChangeDecision Decide(const std::vector<AuthRow>& rows, std::string_view old_password) {
    LoginRequest request;
    request.name = kName;
    request.password = old_password;
    request.service = "passwd";
    request.by_root = by_root_;
    return DecideChange(request, {.rows = rows, .shadow = shadow_, .known = known_},
                        PasswordPolicy(), 16, kToday);
  }

  std::optional<ShadowRecord> shadow_;
  bool known_ = true;
  bool by_root_ = false;
};

TEST_F(ChangeTest, EachOfThreeOwnersChangesHisOwnPassword) {
  const std::vector<AuthRow> rows = {Row("alice", "is:a"), Row("bob", "is:b"),
                                     Row("carol", "is:c")};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ChangeDecision decision = Decide(rows, rows[i].hash->substr(3));
    EXPECT_EQ(decision.answer.verdict, LoginVerdict::kAccepted);
    EXPECT_EQ(decision.row, &rows[i]);
  }
  const ChangeDecision wrong = Decide(rows, "d");
  EXPECT_EQ(wrong.answer.verdict, LoginVerdict::kWrongPassword);
  EXPECT_EQ(wrong.row, nullptr);
}

TEST_F(ChangeTest, WithoutTheOldPasswordNothingIsChanged) {
  EXPECT_EQ(Decide({Row("alice", "is:a")}, "").answer.verdict, LoginVerdict::kWrongPassword);
  EXPECT_EQ(Decide({Row("alice", "is:")}, "").answer.verdict, LoginVerdict::kWrongPassword)
      << "an empty one, even if that is what is stored";
  EXPECT_EQ(Decide({Row("alice", std::nullopt)}, "a").answer.verdict, LoginVerdict::kWrongPassword);
  EXPECT_EQ(Decide({}, "a").answer.verdict, LoginVerdict::kBlocked);
  known_ = false;
  EXPECT_EQ(Decide({}, "a").answer.verdict, LoginVerdict::kUnknownUser);
}

TEST_F(ChangeTest, PasswordThatIsForOtherServicesCanBeChangedAndASwitchedOffOneCannot) {
  const std::vector<AuthRow> ftp = {Row("alice", "is:a", true, "proftpd vsftpd")};
  const ChangeDecision decision = Decide(ftp, "a");
  EXPECT_EQ(decision.answer.verdict, LoginVerdict::kAccepted);
  EXPECT_EQ(decision.row, ftp.data());
  EXPECT_EQ(Decide({Row("alice", "is:a", false)}, "a").answer.verdict, LoginVerdict::kBlocked);
}

TEST_F(ChangeTest, AgeDecidesWhetherItMayBeChangedNow) {
  struct {
    ShadowRecord shadow;
    LoginVerdict verdict;
    std::int32_t days_left;
  } const cases[] = {
      {Ageing(kToday, 0), LoginVerdict::kAccepted, -1},
      {Ageing(kToday, 1), LoginVerdict::kTooSoon, 1},
      {Ageing(kToday - 1, 1), LoginVerdict::kAccepted, -1},
      {Ageing(kToday - 3, 10), LoginVerdict::kTooSoon, 7},
      {Ageing(kToday, 1'000'000'000'000), LoginVerdict::kTooSoon, 2'147'483'647},
      {Ageing(0, 10), LoginVerdict::kAccepted, -1},                  // must be changed
      {Ageing(-1, 10), LoginVerdict::kAccepted, -1},                 // nobody knows when it was
      {Ageing(kToday + 5, 10), LoginVerdict::kAccepted, -1},         // the clock is wrong
      {Ageing(kToday - 91, 1000, 90), LoginVerdict::kAccepted, -1},  // expired: it must
      {Ageing(kToday - 100, 0, 90, 5), LoginVerdict::kPasswordExpired, -1},
      {Ageing(kToday, 0, -1, -1, kToday), LoginVerdict::kAccountExpired, -1},
  };
  int number = 0;
  for (const auto& c : cases) {
    shadow_ = c.shadow;
    const ChangeDecision decision = Decide({Row("alice", "is:a")}, "a");
    EXPECT_EQ(decision.answer.verdict, c.verdict) << number;
    EXPECT_EQ(decision.answer.days_left, c.days_left) << number;
    EXPECT_EQ(decision.row != nullptr, c.verdict == LoginVerdict::kAccepted) << number;
    EXPECT_EQ(Decide({Row("alice", "is:a")}, "b").answer.verdict, LoginVerdict::kWrongPassword)
        << number << ": the age of a password is for its owner alone";
    ++number;
  }
}

TEST_F(ChangeTest, RootNeedsNoOldPasswordAndNoPatience) {
  by_root_ = true;
  shadow_ = Ageing(kToday, 100, 90, 5, kToday - 1);
  const std::vector<AuthRow> one = {Row("alice", "is:a", false)};
  EXPECT_EQ(Decide(one, "").answer.verdict, LoginVerdict::kAccepted);
  EXPECT_EQ(Decide(one, "").row, one.data());
  EXPECT_EQ(g_verify_log.hashed, 0);
  EXPECT_EQ(Decide({}, "").answer.verdict, LoginVerdict::kAccepted);
  EXPECT_EQ(Decide({}, "").row, nullptr);
  shadow_.reset();
  known_ = false;
  EXPECT_EQ(Decide({}, "").answer.verdict, LoginVerdict::kUnknownUser);
}

TEST_F(ChangeTest, RootDoesNotGuessWhosePasswordItIs) {
  by_root_ = true;
  const ChangeDecision decision = Decide({Row("alice", "is:a"), Row("bob", "is:b")}, "");
  EXPECT_EQ(decision.answer.verdict, LoginVerdict::kAccepted);
  EXPECT_EQ(decision.row, nullptr);
}

}  // namespace
}  // namespace sqlmap
