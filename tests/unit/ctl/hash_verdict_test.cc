// What sqlmapctl verify says and how it ends.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "ctl/hash/verdict.h"

namespace sqlmap {
namespace {

constexpr std::string_view kBcrypt = "$2b$10$abcdefghijklmnopqrstuu23JPZtHcGhwXSF41f93o/7vBdDut3Xu";
constexpr std::string_view kMd5Crypt = "$1$saltstri$CVtlMpOHug1.jDUbVpFvB1";
constexpr std::string_view kMd5 = "5f4dcc3b5aa765d61d8327deb882cf99";  // "password"

TEST(HashVerdict, NoOutcomeIsTakenForAMatchThatIsNone) {
  using enum PasswordOutcome;
  struct Row {
    PasswordOutcome outcome;
    ExitStatus status;
    std::string_view code;
  };
  const Row rows[] = {
      {kMatch, ExitStatus::kDone, "match"},
      {kMismatch, ExitStatus::kNo, "mismatch"},
      {kNoPassword, ExitStatus::kNo, "no_password"},
      {kEmptyNotAllowed, ExitStatus::kNo, "empty_password"},
      {kPasswordTooLong, ExitStatus::kNo, "password_too_long"},
      {kSchemeNotAllowed, ExitStatus::kUsage, "scheme_not_allowed"},
      {kTooCostly, ExitStatus::kUsage, "too_costly"},
      {kUnknownScheme, ExitStatus::kUsage, "unknown_scheme"},
  };
  for (const Row& row : rows) {
    const HashVerdict verdict = VerdictOn({row.outcome, PasswordScheme::kBcrypt}, false);
    EXPECT_EQ(verdict.status, row.status) << row.code;
    EXPECT_EQ(verdict.code, row.code);
    EXPECT_FALSE(verdict.text.empty()) << row.code;
  }
}

TEST(HashVerdict, ItIsSaidThatThisHostWouldRefuseTheHash) {
  PasswordPolicy weak;
  weak.schemes.Add(PasswordScheme::kMd5Crypt);
  PasswordPolicy bare;
  bare.schemes.Add(PasswordScheme::kMd5);
  PasswordPolicy named = bare;
  named.plain_hash_scheme = PasswordScheme::kMd5;
  struct Row {
    PasswordPolicy policy;
    std::string_view stored;
    std::string_view column;
    bool allowed;
    std::string why_not;
  };
  const std::string unsaid =
      "[auth] plain_hash_scheme, or the column `scheme` of the row, has to say what it is";
  const Row rows[] = {
      {{}, kBcrypt, "", true, ""},
      {{}, kMd5Crypt, "", false, "[auth] schemes leaves out md5crypt"},
      {weak, kMd5Crypt, "", true, ""},
      {bare, kMd5, "", false, unsaid},
      {bare, kMd5, "md5", true, ""},
      {named, kMd5, "", true, ""},
      {{}, kMd5, "md5", false, "[auth] schemes leaves out md5"},
  };
  for (const Row& row : rows) {
    std::string why_not;
    EXPECT_EQ(AllowedBy(row.policy, row.stored, row.column, why_not), row.allowed)
        << row.stored << row.column;
    EXPECT_EQ(why_not, row.why_not);
  }
}

}  // namespace
}  // namespace sqlmap
