// The hash of a new password, in the scheme that [password] names: what the query password_update
// writes.
#ifndef SQLMAP_COMMON_PASSWORD_MAKE_H_
#define SQLMAP_COMMON_PASSWORD_MAKE_H_

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "common/account/line_writer.h"
#include "common/account/password_scheme.h"
#include "common/password/secret.h"

namespace sqlmap {

enum class MakeError : std::uint8_t {
  kNotMade,          // passwords are verified by this scheme, but not stored (NewHashes::made)
  kCostOutOfRange,   // see NewHashes
  kEmptyPassword,    // or what the scheme takes for one: WordPress trims
  kPasswordTooLong,  // for the scheme, or it would not read all of it
  kNulInPassword,
  kNoRandomness,
  kNotComputed,  // a library failed: no memory, or OpenSSL without that digest (FIPS)
  kNotVerified,  // what was made does not verify
};

// Fills `bytes` with random ones; false if it cannot.
using RandomBytes = bool (*)(std::span<char> bytes) noexcept;

// getrandom(2). Waits while the kernel has no randomness yet, which is early in its boot alone.
bool SystemRandomBytes(std::span<char> bytes) noexcept;

// The text to store for `password`, as the scheme's own application writes it: printable ASCII, no
// colon, at most 255 bytes. Two calls never give the same, but for the schemes without a salt
// (sha512, sha256, sha1, md5, mysql-native, ed25519). `cost` is in the measure of NewHashes; 0 is
// the usual one, and the only one of a scheme without cost.
//
// It takes the time of two hashes: the text is verified, as at the next login and within the work
// that a login may cost, before it is returned. That login has to recognise it too: ed25519 needs
// the `scheme` column, and bare hexadecimal digits that or auth.plain_hash_scheme.
//
// Pure but for `random`; thread safe. All that is secret lies in memory that is wiped.
std::expected<SecretText, MakeError> MakePasswordHash(
    std::string_view password, PasswordScheme scheme, std::uint32_t cost,
    RandomBytes random = SystemRandomBytes) noexcept;

// Why there is no hash of that scheme, and what to do about it: for the log, never a password.
void Explain(MakeError error, PasswordScheme scheme, LineWriter& line);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_MAKE_H_
