#include "common/password/encoding.h"

#include <algorithm>

namespace sqlmap {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kItoa64 =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::uint32_t kNone = 64;

constexpr std::uint32_t IndexIn(std::string_view alphabet, char c) {
  const std::size_t at = alphabet.find(c);
  return at == std::string_view::npos ? kNone : static_cast<std::uint32_t>(at);
}

constexpr std::uint32_t Byte(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

std::uint32_t Base64Value(char c, Base64 variant) {
  if (variant == Base64::kAdapted) {
    if (c == '+') return kNone;
    if (c == '.') c = '+';
  }
  return IndexIn(kBase64, c);
}

}  // namespace

std::uint32_t HexValue(char c) {
  return IndexIn(kHexDigits, c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
}

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return HexValue(c) != kNone; });
}

std::optional<SecretText> DecodeHex(std::string_view text) {
  if (text.size() % 2 != 0 || !IsHex(text)) return std::nullopt;
  SecretText bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    bytes.push_back(static_cast<char>(HexValue(text[i]) << 4 | HexValue(text[i + 1])));
  }
  return bytes;
}

SecretText EncodeHex(std::string_view bytes) {
  SecretText text;
  text.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    text.push_back(kHexDigits[Byte(bytes, i) >> 4]);
    text.push_back(kHexDigits[Byte(bytes, i) & 15]);
  }
  return text;
}

std::optional<SecretText> DecodeBase64(std::string_view text, Base64 variant) {
  if (variant == Base64::kPadded) {
    if (text.size() % 4 != 0) return std::nullopt;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  SecretText bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::uint32_t value = Base64Value(c, variant);
    if (value == kNone) return std::nullopt;
    pending = pending << 6 | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes.push_back(static_cast<char>(pending >> bits & 0xff));
      pending &= (1U << bits) - 1;
    }
  }
  if (pending != 0) return std::nullopt;
  return bytes;
}

SecretText EncodeBase64(std::string_view bytes, Base64 variant) {
  SecretText text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (k < count ? Byte(bytes, i + k) : 0);
    for (std::size_t k = 0; k < 4; ++k) {
      text.push_back(k <= count ? kBase64[group >> (18 - 6 * k) & 63] : '=');
    }
  }
  if (variant != Base64::kPadded) std::erase(text, '=');
  if (variant == Base64::kAdapted) std::ranges::replace(text, '+', '.');
  return text;
}

std::uint32_t Itoa64Value(char c) { return IndexIn(kItoa64, c); }

bool IsItoa64(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return Itoa64Value(c) != kNone; });
}

void AppendItoa64(SecretText& text, std::uint32_t value, std::size_t count) {
  for (; count > 0; --count, value >>= 6) text.push_back(kItoa64[value & 63]);
}

SecretText EncodeItoa64(std::string_view bytes) {
  SecretText text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < count; ++k) group |= Byte(bytes, i + k) << (8 * k);
    AppendItoa64(text, group, count + 1);
  }
  return text;
}

}  // namespace sqlmap
