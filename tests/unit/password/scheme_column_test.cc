// The row's `scheme` column and the policy: who may say what a stored string is.
#include <gtest/gtest.h>

#include <string>

#include "vectors.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;

constexpr const char* kMd5Hex = "5f4dcc3b5aa765d61d8327deb882cf99";
constexpr const char* kSha512Crypt =
    "$6$saltsaltsaltsalt$bcXJ8qxwY5sQ4v8MTl.0B1jeZ0z0JlA9jjmbUoCJZ.1wYXiLTU."
    "q2ILyrDJLm890lyfuF7sWAeli0yjOyFPkf0";

TEST(SchemeColumn, IsReadInAnyCase) {
  EXPECT_EQ(OutcomeOf("password", kMd5Hex, Permissive(), "MD5"), kMatch);
  EXPECT_EQ(OutcomeOf("password", kSha512Crypt, Permissive(), "Sha512Crypt"), kMatch);
}

TEST(SchemeColumn, TakesTheServersPluginNames) {
  EXPECT_EQ(OutcomeOf("password", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", Permissive(),
                      "mysql_native_password"),
            kMatch);
  EXPECT_EQ(OutcomeOf("password", "5d2e19393cc5ef67", Permissive(), "mysql_old_password"), kMatch);
  EXPECT_EQ(
      OutcomeOf("password", "RBIiSdwSgBldhFZLFzRCTTc1Q0pRJ3pFZudlQ78k40o", Permissive(), "ed25519"),
      kMatch);
  EXPECT_EQ(OutcomeOf("password",
                      "$A$005$abcdefghijklmnopqrst5h1v5FsOOkZe9oB5eilHTkorw62QcaKthhxPA7B5ukD",
                      Permissive(), "caching_sha2_password"),
            kMatch);
}

TEST(SchemeColumn, WithAnUnknownNameShutsTheRow) {
  for (const char* name :
       {"unix_socket", "auth_socket", "sha256_password", "md5 ", " md5", "crypt", "0"}) {
    EXPECT_EQ(OutcomeOf("password", kMd5Hex, Permissive(), name), kUnknownScheme) << name;
    EXPECT_EQ(OutcomeOf("password", kSha512Crypt, Permissive(), name), kUnknownScheme) << name;
  }
}

TEST(SchemeColumn, StandsAboveTheConfiguredMeaningOfBareHex) {
  PasswordPolicy policy = Permissive();
  policy.plain_hash_scheme = PasswordScheme::kMd5;
  EXPECT_EQ(OutcomeOf("password", kMd5Hex, policy, "nt"), kMismatch);
  EXPECT_EQ(OutcomeOf("password", "8846f7eaee8fb117ad06bdd830b7586c", policy, "nt"), kMatch);
}

TEST(SchemeColumn, OfPlainDoesNotTurnAHashIntoAPassword) {
  EXPECT_EQ(OutcomeOf("password", "password", Permissive(), "plain"), kMatch);
  EXPECT_EQ(OutcomeOf("password", "{CLEARTEXT}password", Permissive(), "plain"), kMatch);
  EXPECT_EQ(OutcomeOf(kSha512Crypt, kSha512Crypt, Permissive(), "plain"), kUnknownScheme);
}

TEST(SchemeColumn, TakesPamMysqlsSaltedDigestsWithoutPrefix) {
  EXPECT_EQ(OutcomeOf("password", "+K5lLwpQB6ozMq8s7b5fB10wTnZzYWx0U0FMVA==", Permissive(), "ssha"),
            kMatch);
}

TEST(PlainHashScheme, LeavesMarkedHashesAlone) {
  PasswordPolicy policy = Permissive();
  policy.plain_hash_scheme = PasswordScheme::kMd5;
  EXPECT_EQ(OutcomeOf("password", kMd5Hex, policy), kMatch);
  EXPECT_EQ(OutcomeOf("password", kSha512Crypt, policy), kMatch);
  EXPECT_EQ(OutcomeOf("password", "{MD5}X03MO1qnZdYdgyfeuILPmQ==", policy), kMatch);
}

TEST(PlainHashScheme, DoesNotAllowAWeakScheme) {
  PasswordPolicy policy;
  policy.plain_hash_scheme = PasswordScheme::kMd5;
  const PasswordCheck check = VerifyPassword("password", kMd5Hex, policy);
  EXPECT_EQ(check.outcome, kSchemeNotAllowed);
  EXPECT_EQ(check.scheme, PasswordScheme::kMd5);
}

TEST(PrefixAroundAnotherScheme, IsJudgedByTheSchemeInside) {
  PasswordPolicy strong;
  EXPECT_EQ(OutcomeOf("password", std::string("{CRYPT}") + kSha512Crypt, strong), kMatch);
  EXPECT_EQ(OutcomeOf("password", "{CRYPT}abJnggxhB/yWI", strong), kSchemeNotAllowed);
  EXPECT_EQ(OutcomeOf("password", "{CRYPT}$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", strong),
            kSchemeNotAllowed);
}

TEST(PrefixAroundAnotherScheme, MustNameIt) {
  const std::string hash = kSha512Crypt;
  EXPECT_EQ(OutcomeOf("password", "{SHA512-CRYPT}" + hash, Permissive()), kMatch);
  EXPECT_EQ(OutcomeOf("password", "{sha512-crypt}" + hash, Permissive()), kMatch);
  for (const char* prefix :
       {"{SHA256-CRYPT}", "{BLF-CRYPT}", "{MD5-CRYPT}", "{MD5}", "{ARGON2}", "{SHA512}"}) {
    EXPECT_EQ(OutcomeOf("password", prefix + hash, Permissive()), kUnknownScheme) << prefix;
  }
}

}  // namespace
}  // namespace sqlmap
