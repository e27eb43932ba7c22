#include "common/config/message_text.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace sqlmap {
namespace {

constexpr std::size_t kQuotedBytes = 60;
constexpr std::size_t kLongestGuess = 40;

// Insertions, deletions and changes of one letter that lead from one word to the other
// (Levenshtein).
std::size_t Distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < to.size(); ++j) {
      const std::size_t change = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string Quoted(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text.substr(0, kQuotedBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      quoted += c;
    } else {
      quoted += "\\x";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    }
  }
  quoted += text.size() > kQuotedBytes ? "...\"" : "\"";
  return quoted;
}

std::string Joined(std::span<const std::string_view> words) {
  std::string joined;
  for (const std::string_view word : words) {
    if (!joined.empty()) joined += ", ";
    joined += word;
  }
  return joined;
}

std::string_view Nearest(std::string_view text, std::span<const std::string_view> words) {
  if (text.size() > kLongestGuess) return {};
  std::string_view nearest;
  std::size_t least = 1 + std::max<std::size_t>(1, text.size() / 3);
  for (const std::string_view word : words) {
    const std::size_t distance = Distance(text, word);
    if (distance < least) {
      least = distance;
      nearest = word;
    }
  }
  return nearest;
}

std::string Suggestion(std::string_view text, std::span<const std::string_view> words) {
  const std::string_view nearest = Nearest(text, words);
  if (nearest.empty()) return "; allowed: " + Joined(words);
  return "; did you mean " + std::string(nearest) + "? Allowed: " + Joined(words);
}

}  // namespace sqlmap
