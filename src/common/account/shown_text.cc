#include "common/account/shown_text.h"

#include <algorithm>

namespace sqlmap {

std::size_t ShownCharacter(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return 0;
  unsigned point = first & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = (point << 6) | (byte(i) & 0x3fU);
  }
  // After the control characters that begin with 0xc2.
  constexpr unsigned kLeast[] = {0, 0, 0xa0, 0x800, 0x10000};
  const bool surrogate = point >= 0xd800 && point <= 0xdfff;
  const bool turns = (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
                     (point >= 0x2060 && point <= 0x206f) || point == 0xfeff || point == 0x61c;
  return point < kLeast[size] || point > 0x10ffff || surrogate || turns ? 0 : size;
}

std::string ShownText(std::string_view text, std::size_t most_bytes) {
  std::string result;
  while (!text.empty()) {
    const std::size_t size = ShownCharacter(text);
    const std::size_t step = std::max<std::size_t>(size, 1);
    if (result.size() + step > most_bytes) break;
    result += size != 0 ? text.substr(0, size) : "?";
    text.remove_prefix(step);
  }
  return result;
}

}  // namespace sqlmap
