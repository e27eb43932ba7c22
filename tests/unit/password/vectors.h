// tests/data/hash-vectors.tsv: hashes of known passwords, and the policy that each needs.
#ifndef SQLMAP_TESTS_UNIT_PASSWORD_VECTORS_H_
#define SQLMAP_TESTS_UNIT_PASSWORD_VECTORS_H_

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "common/password/verify.h"

namespace sqlmap {

struct HashVector {
  int line = 0;
  std::string label;  // the first column
  std::string password;
  std::string hash;
  PasswordScheme scheme = PasswordScheme::kCount;
  bool bare = false;   // shows no scheme: needs plain_hash_scheme or the scheme column
  bool never = false;  // marked EMPTY STRING: no login whatever the policy
};

std::ostream& operator<<(std::ostream& out, const HashVector& vector);

// Throws if the file cannot be read or has a row whose label is not known.
std::vector<HashVector> ReadHashVectors();

// The least policy under which the vector's password opens it.
PasswordPolicy PolicyFor(const HashVector& vector);

// All schemes and empty passwords too: whatever is refused under it is always refused.
PasswordPolicy Permissive();

PasswordOutcome OutcomeOf(std::string_view password, std::optional<std::string_view> stored,
                          const PasswordPolicy& policy, std::string_view scheme_column = {});

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_UNIT_PASSWORD_VECTORS_H_
