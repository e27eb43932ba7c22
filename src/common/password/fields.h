// Reads the fields of a stored hash from left to right, strictly.
#ifndef SQLMAP_COMMON_PASSWORD_FIELDS_H_
#define SQLMAP_COMMON_PASSWORD_FIELDS_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace sqlmap {

// ASCII letters alone have two cases.
constexpr bool SameIgnoringCase(std::string_view a, std::string_view b) {
  constexpr auto kLower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::ranges::equal(a, b, {}, kLower, kLower);
}

class Fields {
 public:
  explicit constexpr Fields(std::string_view text) : rest_(text) {}

  constexpr std::string_view rest() const { return rest_; }

  // Whether `literal` came next; if so it is consumed.
  constexpr bool Skip(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }

  // The next `count` bytes.
  constexpr std::optional<std::string_view> Take(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  // What stands before the next `separator`, which is consumed too.
  constexpr std::optional<std::string_view> Until(char separator) {
    const std::size_t end = rest_.find(separator);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view taken = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return taken;
  }

  // A decimal number as the tools write it: no sign, no leading zero, 32 bits.
  constexpr std::optional<std::uint32_t> Number() {
    std::uint64_t value = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') {
      value = value * 10 + static_cast<std::uint64_t>(rest_[digits] - '0');
      if (value > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
      ++digits;
    }
    if (digits == 0 || (digits > 1 && rest_[0] == '0')) return std::nullopt;
    rest_.remove_prefix(digits);
    return static_cast<std::uint32_t>(value);
  }

 private:
  std::string_view rest_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_FIELDS_H_
