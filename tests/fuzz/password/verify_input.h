// How an input of verify_fuzz is read and written: a byte for the scheme, a byte of switches, the
// password, a NUL and the stored string.
#ifndef SQLMAP_TESTS_FUZZ_PASSWORD_VERIFY_INPUT_H_
#define SQLMAP_TESTS_FUZZ_PASSWORD_VERIFY_INPUT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "common/password/verify.h"

namespace sqlmap {

inline constexpr unsigned kAllowEmpty = 1;  // empty passwords are allowed
inline constexpr unsigned kNameColumn =
    2;  // the scheme is named by the row, else by the configuration
inline constexpr unsigned kNulInMiddle = 4;  // a NUL and more follow the password

struct VerifyInput {
  std::optional<PasswordScheme> scheme;
  unsigned switches = 0;
  std::string password;
  std::string stored;
};

inline std::optional<VerifyInput> ReadVerifyInput(std::string_view bytes) {
  const std::size_t nul = bytes.find('\0', 2);
  if (bytes.size() < 3 || nul == std::string_view::npos) return std::nullopt;
  constexpr unsigned kCount = static_cast<unsigned>(PasswordScheme::kCount);
  const unsigned scheme = static_cast<unsigned char>(bytes[0]) % (kCount + 1);
  VerifyInput input;
  if (scheme < kCount) input.scheme = static_cast<PasswordScheme>(scheme);
  input.switches = static_cast<unsigned char>(bytes[1]);
  input.password = bytes.substr(2, nul - 2);
  input.stored = bytes.substr(nul + 1);
  return input;
}

inline std::string WriteVerifyInput(const VerifyInput& input) {
  std::string bytes;
  bytes.push_back(static_cast<char>(input.scheme.value_or(PasswordScheme::kCount)));
  bytes.push_back(static_cast<char>(input.switches));
  return bytes + input.password + '\0' + input.stored;
}

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_FUZZ_PASSWORD_VERIFY_INPUT_H_
