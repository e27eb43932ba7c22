// Any stored string x any password: no crash, no read outside, no unbounded work, and never a match
// that the rules forbid.
#include <cstdlib>
#include <iostream>

#include "verify_input.h"

namespace sqlmap {
namespace {

void Require(bool holds, const char* rule) {
  if (holds) return;
  std::cerr << "broken rule: " << rule << '\n';
  std::abort();
}

void Check(const VerifyInput& input) {
  PasswordPolicy policy;
  policy.schemes = PasswordSchemeSet::All();
  policy.allow_empty_password = (input.switches & kAllowEmpty) != 0;
  std::string_view column;
  if ((input.switches & kNameColumn) == 0) {
    policy.plain_hash_scheme = input.scheme;
  } else if (input.scheme) {
    column = NameOf(*input.scheme);
  }
  std::string password = input.password;
  if ((input.switches & kNulInMiddle) != 0) password += std::string("\0more", 5);

  const auto opens = [&](std::optional<std::string_view> stored) {
    return VerifyPassword(password, stored, policy, column).outcome == PasswordOutcome::kMatch;
  };
  const PasswordCheck check = VerifyPassword(password, input.stored, policy, column);
  if (check.outcome != PasswordOutcome::kMatch) return;

  Require(check.scheme.has_value(), "a match has a scheme");
  Require(!input.stored.empty(), "an empty row has no password");
  Require(input.stored.front() != '!', "a locked row has no password");
  Require(!password.empty() || policy.allow_empty_password, "an empty password needs leave");
  Require(!password.contains('\0'), "a password with a NUL matches nothing");
  Require(column.empty() || check.scheme == input.scheme, "the row's scheme decides");
  Require(opens(input.stored), "the answer is the same each time");
  Require(!opens("!" + input.stored), "'!' in front locks");
  Require(!opens(input.stored + 'A'), "a longer hash is another one");
  Require(!opens(std::string_view(input.stored).substr(0, input.stored.size() - 1)),
          "a truncated hash opens nothing");
  const PasswordScheme scheme = check.scheme.value_or(PasswordScheme::kCount);
  policy.schemes = PasswordSchemeSet::Strong();
  Require(opens(input.stored) == policy.schemes.Contains(scheme), "weak is not strong");
}

}  // namespace
}  // namespace sqlmap

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (const auto input = sqlmap::ReadVerifyInput({reinterpret_cast<const char*>(data), size})) {
    sqlmap::Check(*input);
  }
  return 0;
}
