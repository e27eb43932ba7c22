// A new password is stored so that it opens the account, and nothing else does; or it is refused.
#include "common/password/make.h"

#include <crypt.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "common/password/encoding.h"
#include "vectors.h"

namespace sqlmap {
namespace {

using enum PasswordOutcome;
using enum PasswordScheme;

constexpr const char* kUtf8 = "p\xc3\xa4ssw\xc3\xb6rd\xe2\x82\xac\xf0\x9d\x84\x9e";

std::vector<PasswordScheme> MadeSchemes() {
  std::vector<PasswordScheme> made;
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (row.new_hashes.made) made.push_back(row.scheme);
  }
  return made;
}

std::string TestName(const testing::TestParamInfo<PasswordScheme>& info) {
  std::string name(NameOf(info.param));
  std::ranges::replace(name, '-', '_');
  return name;
}

// The hash, which has to be there.
std::string Made(std::string_view password, PasswordScheme scheme, std::uint32_t cost) {
  const auto hash = MakePasswordHash(password, scheme, cost);
  EXPECT_TRUE(hash) << NameOf(scheme);
  return hash ? std::string(View(*hash)) : std::string();
}

// The error, of which there has to be one.
MakeError Refused(std::string_view password, PasswordScheme scheme, std::uint32_t cost = 0,
                  RandomBytes random = SystemRandomBytes) {
  const auto hash = MakePasswordHash(password, scheme, cost, random);
  EXPECT_FALSE(hash) << NameOf(scheme);
  return hash ? MakeError::kNotVerified : hash.error();
}

// In forms that do not show their scheme.
bool IsBare(PasswordScheme scheme) {
  return scheme == kSha512 || scheme == kSha256 || scheme == kSha1 || scheme == kMd5 ||
         scheme == kEd25519;
}

bool IsSalted(PasswordScheme scheme) { return !IsBare(scheme) && scheme != kMysqlNative; }

PasswordPolicy PolicyOf(PasswordScheme scheme) {
  PasswordPolicy policy;
  policy.schemes = {};
  policy.schemes.Add(scheme);
  if (IsBare(scheme)) policy.plain_hash_scheme = scheme;
  return policy;
}

std::string CryptSetting(const char* prefix, std::uint32_t cost) {
  const std::array<char, 16> salt{};
  char setting[CRYPT_GENSALT_OUTPUT_SIZE];
  EXPECT_NE(crypt_gensalt_rn(prefix, cost, salt.data(), salt.size(), setting, sizeof setting),
            nullptr);
  return setting;
}

// All of the hash that stands before the salt.
std::string Start(PasswordScheme scheme, std::uint32_t cost) {
  const std::string number = std::to_string(cost);
  const char log2 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[cost & 63];
  const std::string setting = scheme == kYescrypt       ? CryptSetting("$y$", cost)
                              : scheme == kGostYescrypt ? CryptSetting("$gy$", cost)
                              : scheme == kScrypt       ? CryptSetting("$7$", cost)
                                                        : std::string();
  switch (scheme) {
    case kYescrypt:
    case kGostYescrypt:
      return setting.substr(0, setting.rfind('$') + 1);
    case kScrypt:
      return setting.substr(0, 14);
    case kBcrypt:
      return "$2y$" + number + "$";
    case kWordPress:
      return "$wp$2y$" + number + "$";
    case kSha512Crypt:
      return cost == 5000 ? "$6$" : "$6$rounds=" + number + "$";
    case kSha256Crypt:
      return cost == 5000 ? "$5$" : "$5$rounds=" + number + "$";
    case kArgon2id:
      return "$argon2id$v=19$m=65536,t=" + number + ",p=1$";
    case kDrupal7:
      return std::string("$S$") + log2;
    case kPhpass:
      return std::string("$P$") + log2;
    case kPbkdf2Sha512:
      return "{PBKDF2-SHA512}" + number + "$";
    case kPbkdf2Sha256:
      return "{PBKDF2-SHA256}" + number + "$";
    case kDjangoPbkdf2Sha256:
      return "pbkdf2_sha256$" + number + "$";
    default:
      ADD_FAILURE() << "what of " << NameOf(scheme) << " shows its cost?";
      return {};
  }
}

std::size_t LongestPassword(PasswordScheme scheme) {
  switch (scheme) {
    case kBcrypt:
      return 72;
    case kYescrypt:
    case kGostYescrypt:
    case kScrypt:
    case kSha512Crypt:
    case kSha256Crypt:
      return 511;
    case kDrupal7:
    case kPhpass:
      return 512;
    case kCachingSha2:
      return 256;
    default:
      return 1024;
  }
}

class EveryNewHash : public testing::TestWithParam<PasswordScheme> {
 protected:
  const PasswordScheme scheme_ = GetParam();
  const NewHashes& costs_ = NewHashesOf(GetParam());
};

TEST_P(EveryNewHash, OpensWithItsPasswordAndWithNoOther) {
  for (const std::string password : {kUtf8, "x", "\xff\x80\x01 :\n\x7f"}) {
    const std::string hash = Made(password, scheme_, costs_.least);
    const PasswordCheck check = VerifyPassword(password, hash, PolicyOf(scheme_));
    EXPECT_EQ(check.outcome, kMatch) << password;
    EXPECT_EQ(check.scheme, scheme_);
    EXPECT_EQ(OutcomeOf("x" + password, hash, PolicyOf(scheme_)), kMismatch);
    EXPECT_EQ(OutcomeOf(password + "x", hash, PolicyOf(scheme_)), kMismatch);
    EXPECT_EQ(OutcomeOf("", hash, PolicyOf(scheme_)), kEmptyNotAllowed);
  }
}

TEST_P(EveryNewHash, IsAnotherOneForTheSamePassword) {
  const std::string first = Made("password", scheme_, costs_.least);
  const std::string second = Made("password", scheme_, costs_.least);
  EXPECT_EQ(first != second, IsSalted(scheme_)) << first << " " << second;
  EXPECT_EQ(first.size(), second.size());
}

TEST_P(EveryNewHash, FitsIntoTheUsualColumnAsPrintableText) {
  const std::string hash = Made(kUtf8, scheme_, costs_.least);
  EXPECT_LE(hash.size(), 255U);
  EXPECT_TRUE(std::ranges::all_of(hash, [](char c) { return c > ' ' && c <= '~' && c != ':'; }))
      << hash;
}

TEST_P(EveryNewHash, ShowsItsSchemeUnlessItsFormHasNoPlaceForThat) {
  const std::string hash = Made("password", scheme_, costs_.least);
  const PasswordCheck check = VerifyPassword("password", hash, Permissive());
  EXPECT_EQ(check.outcome, IsBare(scheme_) ? kUnknownScheme : kMatch);
  EXPECT_EQ(check.scheme, IsBare(scheme_) ? std::nullopt : std::optional(scheme_));
  EXPECT_EQ(OutcomeOf("password", hash, Permissive(), NameOf(scheme_)), kMatch);
}

TEST_P(EveryNewHash, CostsWhatIsConfiguredOrTheUsual) {
  if (costs_.most == 0) {
    EXPECT_EQ(Made("password", scheme_, 0).size(), Made("another", scheme_, 0).size());
    EXPECT_EQ(Refused("password", scheme_, 1), MakeError::kCostOutOfRange);
    return;
  }
  EXPECT_TRUE(Made("password", scheme_, 0).starts_with(Start(scheme_, costs_.usual)));
  EXPECT_TRUE(Made("password", scheme_, costs_.least).starts_with(Start(scheme_, costs_.least)));
  EXPECT_EQ(Refused("password", scheme_, costs_.most + 1), MakeError::kCostOutOfRange);
  if (costs_.least > 1) {
    EXPECT_EQ(Refused("password", scheme_, costs_.least - 1), MakeError::kCostOutOfRange);
  }
}

// Nothing is computed, but the verifier has read the whole hash when it says what it would cost.
TEST_P(EveryNewHash, OfTheMostCostAndTheLongestPasswordMayStillBeVerified) {
  if (costs_.most == 0) return;
  std::string hash = Made("password", scheme_, costs_.least);
  hash.replace(0, Start(scheme_, costs_.least).size(), Start(scheme_, costs_.most));
  Work one = Work::None();
  ASSERT_FALSE(one.Take(1, 1));
  Work none = Work::None();
  const std::string longest(LongestPassword(scheme_), 'a');
  EXPECT_EQ(VerifyPassword(longest, hash, PolicyOf(scheme_), "", none).outcome, kTooCostly);
  EXPECT_LE(none.refused(), 2 * one.refused()) << "more than one login may cost";
}

TEST_P(EveryNewHash, IsOfAllBytesOfThePasswordOrThereIsNone) {
  std::string longest(LongestPassword(scheme_), 'a');
  EXPECT_EQ(Refused(longest + "a", scheme_, costs_.least), MakeError::kPasswordTooLong);
  EXPECT_EQ(Refused(std::string(100'000, 'a'), scheme_), MakeError::kPasswordTooLong);
  const std::string hash = Made(longest, scheme_, costs_.least);
  EXPECT_EQ(OutcomeOf(longest, hash, PolicyOf(scheme_)), kMatch);
  longest.back() = 'b';
  EXPECT_EQ(OutcomeOf(longest, hash, PolicyOf(scheme_)), kMismatch);
}

TEST_P(EveryNewHash, IsRefusedForNoPasswordAndForOneWithNul) {
  EXPECT_EQ(Refused("", scheme_), MakeError::kEmptyPassword);
  for (const std::string_view password :
       {std::string_view("\0", 1), std::string_view("\0a", 2), std::string_view("a\0", 2),
        std::string_view("pass\0word", 9)}) {
    EXPECT_EQ(Refused(password, scheme_), MakeError::kNulInPassword);
  }
}

// A salt that nobody drew would be the same for all.
TEST_P(EveryNewHash, NeedsRandomnessForItsSalt) {
  constexpr RandomBytes kBroken = [](std::span<char>) noexcept { return false; };
  if (IsSalted(scheme_)) {
    EXPECT_EQ(Refused("password", scheme_, 0, kBroken), MakeError::kNoRandomness);
  } else {
    EXPECT_TRUE(MakePasswordHash("password", scheme_, 0, kBroken));
  }
}

TEST_P(EveryNewHash, TakesItsSaltFromTheSourceThatItIsGiven) {
  constexpr RandomBytes kZeros = [](std::span<char> bytes) noexcept {
    std::ranges::fill(bytes, '\0');
    return true;
  };
  constexpr RandomBytes kOnes = [](std::span<char> bytes) noexcept {
    std::ranges::fill(bytes, '\xff');
    return true;
  };
  const auto zeros = MakePasswordHash("password", scheme_, costs_.least, kZeros);
  const auto ones = MakePasswordHash("password", scheme_, costs_.least, kOnes);
  ASSERT_TRUE(zeros && ones);
  EXPECT_EQ(View(*zeros),
            View(MakePasswordHash("password", scheme_, costs_.least, kZeros).value()));
  EXPECT_EQ(View(*zeros) != View(*ones), IsSalted(scheme_));
}

INSTANTIATE_TEST_SUITE_P(Schemes, EveryNewHash, testing::ValuesIn(MadeSchemes()), TestName);

TEST(NewHash, OfASchemeThatIsOnlyVerifiedIsRefused) {
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (row.new_hashes.made) continue;
    EXPECT_EQ(Refused("password", row.scheme), MakeError::kNotMade) << row.name;
  }
}

// WordPress trims what is typed: a space would open the account of an empty password.
TEST(NewWordPressHash, OfWhiteSpaceIsRefusedAsEmpty) {
  EXPECT_EQ(Refused(" \t\n", kWordPress, 10), MakeError::kEmptyPassword);
  const std::string hash = Made(" pass word ", kWordPress, 10);
  EXPECT_EQ(OutcomeOf("pass word", hash, PolicyOf(kWordPress)), kMatch);
}

TEST(NewSha512CryptHash, HasASaltOfSixteenCharacters) {
  const std::string hash = Made("password", kSha512Crypt, 5000);
  EXPECT_EQ(hash.find('$', 3), 3U + 16U) << hash;
}

TEST(SystemRandomBytes, FillsAllOfItsBytesAnewEachTime) {
  std::string seen_nonzero(1000, '\0');
  std::string last(1000, '\0');
  for (int i = 0; i < 10; ++i) {
    std::string bytes(1000, '\0');
    ASSERT_TRUE(SystemRandomBytes(bytes));
    EXPECT_NE(bytes, last);
    last = bytes;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      if (bytes[at] != '\0') seen_nonzero[at] = 'x';
    }
  }
  EXPECT_EQ(seen_nonzero, std::string(1000, 'x'));
  EXPECT_TRUE(SystemRandomBytes({}));
}

std::string Explained(MakeError error, PasswordScheme scheme) {
  char buffer[128];  // half of what a LoginAnswer has
  LineWriter line(buffer);
  Explain(error, scheme, line);
  return std::string(line.text());
}

TEST(Explanation, SaysWhatTheAdministratorCanDo) {
  EXPECT_EQ(Explained(MakeError::kPasswordTooLong, kBcrypt),
            "the new password is too long: bcrypt takes 72 bytes at most");
  EXPECT_EQ(Explained(MakeError::kCostOutOfRange, kBcrypt),
            "password.cost is out of range; allowed for bcrypt: 0, or 10 to 15 (log2 of rounds)");
  EXPECT_EQ(Explained(MakeError::kCostOutOfRange, kMd5),
            "password.cost is out of range; allowed for md5: 0");
  EXPECT_EQ(Explained(MakeError::kNotMade, kDes),
            "passwords are not stored in des: choose another password.scheme");
}

TEST(Explanation, IsWholeForEveryErrorAndScheme) {
  for (const MakeError error :
       {MakeError::kNotMade, MakeError::kCostOutOfRange, MakeError::kEmptyPassword,
        MakeError::kPasswordTooLong, MakeError::kNulInPassword, MakeError::kNoRandomness,
        MakeError::kNotComputed, MakeError::kNotVerified}) {
    for (const PasswordSchemeName& row : kPasswordSchemes) {
      const std::string text = Explained(error, row.scheme);
      EXPECT_FALSE(text.empty() || text.ends_with("...")) << text;
    }
  }
}

}  // namespace
}  // namespace sqlmap
