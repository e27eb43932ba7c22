// The text encodings of hashes. Strict: exactly one text stands for given bytes (hex digits of
// either case aside), and every other text is refused.
#ifndef SQLMAP_COMMON_PASSWORD_ENCODING_H_
#define SQLMAP_COMMON_PASSWORD_ENCODING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/password/secret.h"

namespace sqlmap {

// The value of a hexadecimal digit of either case, 64 if it is none.
std::uint32_t HexValue(char c);
bool IsHex(std::string_view text);
std::optional<SecretText> DecodeHex(std::string_view text);
SecretText EncodeHex(std::string_view bytes);  // lower case

enum class Base64 : std::uint8_t {
  kPadded,    // RFC 4648
  kUnpadded,  // the same without '=': argon2, ed25519
  kAdapted,   // passlib's "ab64": unpadded, '.' for '+'
};
// Refuses wrong padding, white space and bits that are set beyond the last byte.
std::optional<SecretText> DecodeBase64(std::string_view text, Base64 variant);
SecretText EncodeBase64(std::string_view bytes, Base64 variant = Base64::kPadded);

// The alphabet of crypt(3), "./0-9A-Za-z": the value of a character, 64 if it is none.
std::uint32_t Itoa64Value(char c);
bool IsItoa64(std::string_view text);
// Appends the lowest 6 * `count` bits of `value`, lowest first.
void AppendItoa64(SecretText& text, std::uint32_t value, std::size_t count);
// phpass: three bytes at a time, lowest first.
SecretText EncodeItoa64(std::string_view bytes);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_ENCODING_H_
