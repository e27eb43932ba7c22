// What a database may hold instead of a good hash, each against several typed passwords: nobody
// gets in. CVE-2026-124749 (pam_mysql: NULL and PAM_DISALLOW_NULL_AUTHTOK), CVE-2013-0191
// (pam-pgsql: NULL) and their kin.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/login/decide.h"

namespace sqlmap {
namespace {

using Stored = std::optional<std::string_view>;

constexpr std::string_view kSha512Crypt =
    "$6$saltsaltsaltsalt$bcXJ8qxwY5sQ4v8MTl.0B1jeZ0z0JlA9jjmbUoCJZ.1wYXiLTU."
    "q2ILyrDJLm890lyfuF7sWAeli0yjOyFPkf0";
constexpr std::string_view kDrupal7 = "$S$5abcdefgh9BVqjd.q8P5FZY61aSABBdG8/tOTeB6MafvvPQviL2m";
constexpr std::string_view kOfEmptyPassword =
    "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy";

PasswordPolicy Strong() { return {}; }

// The most generous policy that a configuration can ask for.
PasswordPolicy All() {
  PasswordPolicy policy;
  policy.schemes = PasswordSchemeSet::All();
  policy.allow_empty_password = true;
  return policy;
}

LoginAnswer Decide(const std::vector<AuthRow>& rows, std::string_view typed, bool allow_empty,
                   const PasswordPolicy& policy) {
  LoginRequest request;
  request.name = "shop";
  request.password = typed;
  request.service = "sshd";
  request.allow_empty_password = allow_empty;
  return DecideAuthentication(request, {.rows = rows, .shadow = std::nullopt, .known = true},
                              policy, 16);
}

LoginVerdict VerdictOf(Stored stored, std::string_view typed, bool allow_empty,
                       const PasswordPolicy& policy) {
  AuthRow row;
  row.name = "shop";
  row.hash = stored;
  return Decide({row}, typed, allow_empty, policy).verdict;
}

TEST(StoredPasswordsTest, AGoodHashOpensTheAccountForItsPasswordOnly) {
  for (const std::string_view good : {kSha512Crypt, kDrupal7}) {
    EXPECT_EQ(VerdictOf(good, "password", false, Strong()), LoginVerdict::kAccepted) << good;
    EXPECT_EQ(VerdictOf(good, "passwore", false, Strong()), LoginVerdict::kWrongPassword) << good;
    EXPECT_EQ(VerdictOf(good, "passwor", false, Strong()), LoginVerdict::kWrongPassword) << good;
    EXPECT_EQ(VerdictOf(good, "", true, Strong()), LoginVerdict::kWrongPassword) << good;
    EXPECT_EQ(VerdictOf(good, good, true, All()), LoginVerdict::kWrongPassword) << good;
  }
}

// Aegir's client with many users: Drupal 7 and 8 write 2^15 and 2^16 rounds.
TEST(StoredPasswordsTest, TheLastOfSixteenDrupalHashesStillOpensTheAccount) {
  const std::string other = "$S$Eabcdefgh" + std::string(43, '.');
  AuthRow row;
  row.hash = other;
  std::vector<AuthRow> rows(16, row);
  rows.back().hash = kDrupal7;
  EXPECT_EQ(Decide(rows, "password", false, Strong()).verdict, LoginVerdict::kAccepted);
}

TEST(StoredPasswordsTest, ARowWithTheMostCostlyHashThatMayBeStandsInNobodysWay) {
  AuthRow row;
  row.hash = "$2b$15$abcdefghijklmnopqrstuu...............................";
  std::vector<AuthRow> rows(16, row);
  rows.back().hash = kDrupal7;
  EXPECT_EQ(Decide(rows, "password", false, Strong()).verdict, LoginVerdict::kAccepted);
}

TEST(StoredPasswordsTest, WithoutAPasswordInTheRowNobodyGetsInWhateverIsTypedOrAllowed) {
  for (const Stored stored : {Stored(), Stored("")}) {
    for (const bool allow_empty : {false, true}) {
      for (const std::string_view typed : {"", "x", "password", "NULL", " "}) {
        for (const PasswordPolicy& policy : {Strong(), All()}) {
          EXPECT_EQ(VerdictOf(stored, typed, allow_empty, policy), LoginVerdict::kWrongPassword)
              << (stored.has_value() ? "''" : "NULL") << " opened by \"" << typed
              << "\", allow_empty " << allow_empty;
        }
      }
    }
  }
}

TEST(StoredPasswordsTest, AHashOfTheEmptyPasswordOpensOnlyWhereEmptyPasswordsAreAllowed) {
  for (const PasswordPolicy& policy : {Strong(), All()}) {
    EXPECT_EQ(VerdictOf(kOfEmptyPassword, "", false, policy), LoginVerdict::kWrongPassword);
    EXPECT_EQ(VerdictOf(kOfEmptyPassword, "", true, policy), LoginVerdict::kAccepted);
    EXPECT_EQ(VerdictOf(kOfEmptyPassword, "x", true, policy), LoginVerdict::kWrongPassword);
  }
}

TEST(StoredPasswordsTest, AMalformedHashOpensNothing) {
  const std::vector<std::string> stored = {
      "*", "!", "!!", "*LK*", "*NP*", "x", "X", "invalid", "NULL", "null", "0", " ", "\t", "ab",
      "a", "abcdefghijklm", "$", "$$", "$$$", "$1$", "$1$salt", "$1$salt$", "$5$", "$6$", "$6$salt",
      "$6$salt$", "$6$salt$short", "$6$rounds=", "$6$rounds=1$salt$", "$2a$", "$2y$05$", "$2y$99$",
      "$2y$05$abcdefghijklmnopqrstuu", "$y$", "$y$j9T$", "$7$", "$S$", "$S$D", "$S$5abcdefgh",
      "$P$", "$P$B", "$H$", "$H$9aaaaaSXB", "U", "U$", "U$S$", "U$P$", "U$2y$", "$wp$", "$wp$2y$",
      "$argon2id$", "$argon2id$v=19$m=65536,t=2,p=1$", "$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$",
      "$apr1$", "$apr1$salt$", "{", "{}", "{SSHA}", "{SSHA}AAAA", "{SHA}", "{SHA}====", "{MD5}",
      "{CRYPT}", "{CRYPT}*", "{CRYPT}ab", "{CRYPT}$6$", "{PLAIN}", "{CLEARTEXT}", "{PLAIN",
      "{UNKNOWN}password", "{PBKDF2}", "pbkdf2_sha256$", "pbkdf2_sha256$1$salt$", "$PBKDF2$",
      "$pbkdf2-sha512$", ":", "md5:", ":salt", "*0000000000000000000000000000000000000000",
      "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E1", "$A$005$", "SCRAM-SHA-256$", "$3$", "$3$$", "_",
      "_J9..",
      // Right, and then not quite.
      std::string(kSha512Crypt.substr(0, kSha512Crypt.size() - 1)), std::string(kSha512Crypt) + ".",
      "!" + std::string(kSha512Crypt), "*" + std::string(kSha512Crypt),
      " " + std::string(kSha512Crypt), std::string(kSha512Crypt) + " ",
      std::string(kSha512Crypt) + std::string(1, '\0'),
      std::string(kDrupal7.substr(0, kDrupal7.size() - 1)), std::string(kDrupal7) + "m",
      "!" + std::string(kDrupal7), "U" + std::string(kDrupal7),
      // Bare digests and plain text, which the configuration did not declare.
      "5f4dcc3b5aa765d61d8327deb882cf99", "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "password"};
  for (const std::string& text : stored) {
    for (const std::string_view typed :
         {std::string_view(), std::string_view("password"), std::string_view("x"),
          std::string_view("*"), std::string_view(text)}) {
      for (const bool allow_empty : {false, true}) {
        for (const PasswordPolicy& policy : {Strong(), All()}) {
          EXPECT_EQ(VerdictOf(text, typed, allow_empty, policy), LoginVerdict::kWrongPassword)
              << '"' << text << "\" opened by \"" << typed << '"';
        }
      }
    }
  }
}

TEST(StoredPasswordsTest, AMalformedRowDoesNotSpoilTheOthers) {
  const AuthRow null;
  AuthRow locked;
  locked.hash = "*";
  AuthRow good;
  good.hash = kDrupal7;
  good.owner = "alice";
  const LoginAnswer answer = Decide({null, locked, good}, "password", false, Strong());
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  EXPECT_STREQ(answer.reason, "3 rows: alice match (drupal7)");
  EXPECT_EQ(Decide({null, locked, good}, "", false, Strong()).verdict,
            LoginVerdict::kWrongPassword);
}

}  // namespace
}  // namespace sqlmap
