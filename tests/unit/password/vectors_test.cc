// Every row of hash-vectors.tsv: its password opens it, and nothing near it does.
#include "vectors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace sqlmap {
namespace {

using enum PasswordOutcome;

class EveryVector : public testing::TestWithParam<HashVector> {};

std::vector<HashVector> Vectors(bool never) {
  std::vector<HashVector> vectors = ReadHashVectors();
  std::erase_if(vectors, [never](const HashVector& vector) { return vector.never != never; });
  return vectors;
}

std::string TestName(const testing::TestParamInfo<HashVector>& info) {
  return "line_" + std::to_string(info.param.line);
}

// Where the digest begins, or for md5:salt the salt.
std::size_t DigestStart(const std::string& hash) {
  const std::size_t separator = hash.find_last_of("$}:,*");
  return separator == std::string::npos ? 0 : separator + 1;
}

bool IsHexFrom(const std::string& hash, std::size_t start) {
  return std::all_of(hash.begin() + static_cast<std::ptrdiff_t>(start), hash.end(),
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

char OtherCase(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return static_cast<char>(std::isupper(byte) != 0 ? std::tolower(byte) : std::toupper(byte));
}

// A hash near the right one, and what was done to it.
using Mutation = std::pair<std::string, std::string>;

std::vector<Mutation> MutationsOf(const std::string& hash) {
  const std::size_t start = DigestStart(hash);
  const bool hex = IsHexFrom(hash, start);
  std::vector<Mutation> mutations{
      {"truncated by one", hash.substr(0, hash.size() - 1)},
      {"truncated by half", hash.substr(0, hash.size() / 2)},
      {"truncated to the digest's beginning", hash.substr(0, start)},
      {"extended by one", hash + "0"},
      {"extended by padding", hash + "="},
      {"extended by a colon", hash + ":"},
      {"extended by a NUL", hash + std::string(1, '\0')},
      {"extended by a line end", hash + "\n"},
      {"doubled", hash + hash},
      {"* in front", "*" + hash},
      {"! in front", "!" + hash},
      {"a space in front", " " + hash},
      {"a space behind", hash + " "},
  };
  std::string first = hash;
  first[start] = hash[start] == '0' ? '1' : '0';
  mutations.emplace_back("first character of the digest changed", first);
  // Neighbours in the alphabet: in a last character with unused bits these stand for the same
  // bytes.
  const std::size_t last = hash.find_last_not_of('=');
  for (const int step : {-1, 1}) {
    std::string changed = hash;
    changed[last] = static_cast<char>(hash[last] + step);
    mutations.emplace_back("last character " + std::to_string(step), changed);
  }
  if (!hex) {
    std::string swapped = hash;
    std::transform(swapped.begin() + static_cast<std::ptrdiff_t>(start), swapped.end(),
                   swapped.begin() + static_cast<std::ptrdiff_t>(start), OtherCase);
    mutations.emplace_back("case of the digest swapped", swapped);
  }
  return mutations;
}

TEST_P(EveryVector, OpensWithItsPassword) {
  const HashVector& vector = GetParam();
  const PasswordCheck check = VerifyPassword(vector.password, vector.hash, PolicyFor(vector));
  EXPECT_EQ(check.outcome, kMatch);
  EXPECT_EQ(check.scheme, vector.scheme);
}

TEST_P(EveryVector, OpensWithTheSchemeNamedInItsRow) {
  const HashVector& vector = GetParam();
  PasswordPolicy policy = PolicyFor(vector);
  policy.plain_hash_scheme.reset();
  EXPECT_EQ(OutcomeOf(vector.password, vector.hash, policy, NameOf(vector.scheme)), kMatch);
}

TEST_P(EveryVector, StaysShutWithAnotherSchemeNamedInItsRow) {
  const HashVector& vector = GetParam();
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (row.scheme == vector.scheme) continue;
    EXPECT_NE(OutcomeOf(vector.password, vector.hash, Permissive(), row.name), kMatch) << row.name;
  }
}

TEST_P(EveryVector, StaysShutForEveryMutation) {
  const HashVector& vector = GetParam();
  PasswordPolicy policy = Permissive();
  policy.plain_hash_scheme = PolicyFor(vector).plain_hash_scheme;
  for (const auto& [what, hash] : MutationsOf(vector.hash)) {
    ASSERT_NE(hash, vector.hash) << what;
    EXPECT_NE(OutcomeOf(vector.password, hash, policy), kMatch) << what;
  }
  EXPECT_EQ(OutcomeOf(vector.password, std::nullopt, policy), kNoPassword);
  EXPECT_EQ(OutcomeOf(vector.password, "", policy), kNoPassword);
}

TEST_P(EveryVector, StaysShutForOtherPasswords) {
  const HashVector& vector = GetParam();
  PasswordPolicy policy = PolicyFor(vector);
  policy.allow_empty_password = true;
  const std::string& password = vector.password;
  // In front, because bcrypt and DES read no further than 72 and 8 characters.
  EXPECT_NE(OutcomeOf("x" + password, vector.hash, policy), kMatch);
  EXPECT_NE(OutcomeOf(vector.hash, vector.hash, policy), kMatch);
  EXPECT_EQ(OutcomeOf(password + std::string("\0x", 2), vector.hash, policy), kMismatch);
  if (password.empty()) return;
  EXPECT_NE(OutcomeOf(password.substr(1), vector.hash, policy), kMatch);
  EXPECT_EQ(OutcomeOf("", vector.hash, policy), kMismatch);
  policy.allow_empty_password = false;
  EXPECT_EQ(OutcomeOf("", vector.hash, policy), kEmptyNotAllowed);
}

TEST_P(EveryVector, HexadecimalDigitsHaveNoCase) {
  const HashVector& vector = GetParam();
  const std::size_t start = DigestStart(vector.hash);
  std::string swapped = vector.hash;
  std::transform(swapped.begin() + static_cast<std::ptrdiff_t>(start), swapped.end(),
                 swapped.begin() + static_cast<std::ptrdiff_t>(start), OtherCase);
  const bool same = IsHexFrom(vector.hash, start);
  EXPECT_EQ(OutcomeOf(vector.password, swapped, PolicyFor(vector)) == kMatch, same);
}

TEST_P(EveryVector, IsRefusedWhereItsSchemeIsNotAllowed) {
  const HashVector& vector = GetParam();
  PasswordPolicy policy = Permissive();
  policy.plain_hash_scheme = PolicyFor(vector).plain_hash_scheme;
  policy.schemes = {};
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (row.scheme != vector.scheme) policy.schemes.Add(row.scheme);
  }
  const PasswordCheck check = VerifyPassword(vector.password, vector.hash, policy);
  EXPECT_EQ(check.outcome, kSchemeNotAllowed);
  EXPECT_EQ(check.scheme, vector.scheme);
}

TEST_P(EveryVector, IsNotGuessedIfItDoesNotShowItsScheme) {
  const HashVector& vector = GetParam();
  const PasswordOutcome outcome = OutcomeOf(vector.password, vector.hash, Permissive());
  EXPECT_EQ(outcome, vector.bare ? kUnknownScheme : kMatch);
}

INSTANTIATE_TEST_SUITE_P(HashVectors, EveryVector, testing::ValuesIn(Vectors(false)), TestName);

class EveryAccountWithoutPassword : public testing::TestWithParam<HashVector> {};

TEST_P(EveryAccountWithoutPassword, StaysShut) {
  const HashVector& vector = GetParam();
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    for (const bool allow_empty : {false, true}) {
      PasswordPolicy policy = Permissive();
      policy.plain_hash_scheme = row.scheme;
      policy.allow_empty_password = allow_empty;
      EXPECT_EQ(OutcomeOf(vector.password, vector.hash, policy), kNoPassword);
      EXPECT_EQ(OutcomeOf(vector.password, vector.hash, policy, row.name), kNoPassword);
      EXPECT_EQ(OutcomeOf("password", vector.hash, policy, row.name), kNoPassword);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(HashVectors, EveryAccountWithoutPassword, testing::ValuesIn(Vectors(true)),
                         TestName);

TEST(HashVectors, CoverEveryScheme) {
  PasswordSchemeSet seen;
  for (const HashVector& vector : ReadHashVectors()) seen.Add(vector.scheme);
  EXPECT_EQ(seen, PasswordSchemeSet::All());
}

}  // namespace
}  // namespace sqlmap
