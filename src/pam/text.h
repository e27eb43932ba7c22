// Parts of a text. string_view's own substr and copy can throw, and would bring an exception
// allocator with a constructor into the module.
#ifndef SQLMAP_PAM_TEXT_H_
#define SQLMAP_PAM_TEXT_H_

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace sqlmap {

// At most `length` bytes; what lies behind the end is "".
constexpr std::string_view First(std::string_view text, std::size_t length) {
  return {text.data(), std::min(length, text.size())};
}

// All but the first `length` bytes, in the same way.
constexpr std::string_view After(std::string_view text, std::size_t length) {
  const std::size_t skipped = std::min(length, text.size());
  return {text.data() + skipped, text.size() - skipped};
}

}  // namespace sqlmap

#endif  // SQLMAP_PAM_TEXT_H_
