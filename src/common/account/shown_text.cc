#include "common/account/shown_text.h"

#include <algorithm>
#include <cstdint>

namespace sqlmap {
namespace {

// How many bytes the UTF-8 character at the front has, 0 if there is none (RFC 3629).
std::size_t CharacterAtFront(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  std::size_t size = 0;
  std::uint32_t least = 0;
  if ((lead & 0xe0) == 0xc0) size = 2, least = 0x80;
  if ((lead & 0xf0) == 0xe0) size = 3, least = 0x800;
  if ((lead & 0xf8) == 0xf0) size = 4, least = 0x10000;
  if (size == 0 || text.size() < size) return 0;
  std::uint32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return 0;
    code = code << 6 | (next & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least || code > 0x10ffff || surrogate ? 0 : size;
}

bool IsControl(std::string_view character) {
  const auto byte = static_cast<unsigned char>(character[0]);
  // The second kind of control characters begins with 0xc2 in UTF-8.
  return byte < 0x20 || byte == 0x7f ||
         (byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0);
}

}  // namespace

std::string ShownText(std::string_view text, std::size_t most_bytes) {
  std::string result;
  while (!text.empty()) {
    const std::size_t size = CharacterAtFront(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(size, 1));
    const bool shown = size != 0 && !IsControl(character);
    if (result.size() + (shown ? size : 1) > most_bytes) break;
    result += shown ? character : "?";
    text.remove_prefix(character.size());
  }
  return result;
}

}  // namespace sqlmap
