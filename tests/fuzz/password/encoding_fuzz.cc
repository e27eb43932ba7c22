// Whatever a decoder accepts, the encoder writes back byte for byte: no two texts stand for the
// same bytes.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/password/encoding.h"
#include "common/password/fields.h"

namespace {

using sqlmap::Base64;

void Require(bool holds) {
  if (!holds) std::abort();
}

// The one text of these bytes in this variant.
std::string Write(std::string_view bytes, Base64 variant) {
  std::string text(sqlmap::View(sqlmap::EncodeBase64(bytes)));
  if (variant == Base64::kPadded) return text;
  std::erase(text, '=');
  if (variant == Base64::kAdapted) std::ranges::replace(text, '+', '.');
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Base64 variant : {Base64::kPadded, Base64::kUnpadded, Base64::kAdapted}) {
    if (const auto bytes = sqlmap::DecodeBase64(text, variant)) {
      Require(Write(sqlmap::View(*bytes), variant) == text);
    }
    const auto back = sqlmap::DecodeBase64(Write(text, variant), variant);
    Require(back && sqlmap::View(*back) == text);
  }
  if (const auto bytes = sqlmap::DecodeHex(text)) {
    Require(sqlmap::SameIgnoringCase(sqlmap::View(sqlmap::EncodeHex(sqlmap::View(*bytes))), text));
  }
  const auto hex = sqlmap::DecodeHex(sqlmap::View(sqlmap::EncodeHex(text)));
  Require(hex && sqlmap::View(*hex) == text);
  Require(sqlmap::IsItoa64(sqlmap::View(sqlmap::EncodeItoa64(text))));

  sqlmap::Fields fields(text);
  if (const auto number = fields.Number()) {
    Require(std::to_string(*number) + std::string(fields.rest()) == text);
  }
  return 0;
}
