// Numbers and texts as protocol.h has them. Pure; no allocation.
#ifndef SQLMAP_COMMON_WIRE_CODEC_H_
#define SQLMAP_COMMON_WIRE_CODEC_H_

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "common/wire/protocol.h"

namespace sqlmap {

using WireBytes = std::span<const unsigned char>;

template <std::unsigned_integral Number>
void StoreNumber(Number number, unsigned char* at) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    at[i] = static_cast<unsigned char>(number >> (8 * i));
  }
}

template <std::unsigned_integral Number>
Number LoadNumber(const unsigned char* at) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    number = static_cast<Number>(number | (static_cast<Number>(at[i]) << (8 * i)));
  }
  return number;
}

// Takes fields off the front of a message. What is not there reads as 0 or "", and Done says so at
// the end: ask it before believing anything.
class FieldReader {
 public:
  explicit FieldReader(WireBytes bytes) : bytes_(bytes) {}

  template <std::unsigned_integral Number>
  Number Take() {
    const unsigned char* const at = Skip(sizeof(Number));
    return at == nullptr ? Number{0} : LoadNumber<Number>(at);
  }
  std::uint16_t U16() { return Take<std::uint16_t>(); }
  std::uint32_t U32() { return Take<std::uint32_t>(); }
  std::int32_t I32() { return static_cast<std::int32_t>(U32()); }
  std::uint64_t U64() { return Take<std::uint64_t>(); }
  std::int64_t I64() { return static_cast<std::int64_t>(U64()); }

  template <std::unsigned_integral Number>
  void Zero() {
    if (Take<Number>() != 0) failed_ = true;
  }
  // Any bytes.
  std::string_view Bytes(std::size_t length) {
    const unsigned char* const at = Skip(length);
    return at == nullptr ? std::string_view()
                         : std::string_view(reinterpret_cast<const char*>(at), length);
  }
  // Bytes without a NUL.
  std::string_view Text(std::size_t length) {
    const std::string_view text = Bytes(length);
    if (text.find('\0') != std::string_view::npos) failed_ = true;
    return text;
  }
  // A text, and the NUL behind it.
  std::string_view Terminated(std::size_t length) {
    const std::string_view text = Text(length);
    Zero<unsigned char>();
    return text;
  }

  // All fields were there, right, and the last ones.
  bool Done() const { return !failed_ && bytes_.empty(); }

 private:
  const unsigned char* Skip(std::size_t length) {
    if (length > bytes_.size()) failed_ = true;
    if (failed_) return nullptr;
    const unsigned char* const at = bytes_.data();
    bytes_ = WireBytes(at + length, bytes_.size() - length);
    return at;
  }

  WireBytes bytes_;
  bool failed_ = false;
};

// Whether a frame of kSshKeys may hold this.
inline bool IsSshKeyLines(std::string_view text) {
  const auto is_bad = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && c != '\n' && c != '\t') || byte == 0x7f;
  };
  return !text.empty() && text.size() <= kSshKeysMax && text.back() == '\n' &&
         std::none_of(text.begin(), text.end(), is_bad);
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_CODEC_H_
