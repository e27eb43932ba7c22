#include "ctl/status/report.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

bool IsWord(const StatusKey& key) {
  return key.type == StatusType::kText || key.type == StatusType::kState;
}

template <typename Integer>
std::optional<Integer> NumberOf(std::string_view digits) {
  Integer number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole && digits[0] != '-' ? std::optional(number) : std::nullopt;
}

// "1.500000", as StatusWriter writes them.
bool IsSeconds(std::string_view text) {
  constexpr std::size_t kFraction = 6;
  const std::size_t dot = text.find('.');
  return dot != std::string_view::npos && text.size() == dot + 1 + kFraction &&
         NumberOf<std::uint64_t>(text.substr(0, dot)) &&
         NumberOf<std::uint64_t>(text.substr(dot + 1));
}

bool Fits(const StatusKey& key, std::string_view value) {
  if (IsWord(key)) return true;
  switch (key.type) {
    case StatusType::kTime:
      return NumberOf<std::int64_t>(value).has_value();
    case StatusType::kSummary:
      if (key.part == "_count") break;
      [[fallthrough]];
    case StatusType::kSeconds:
      return IsSeconds(value);
    default:
      break;
  }
  return NumberOf<std::uint64_t>(value).has_value();
}

// The first star is a word, which is a name in JSON. The second one counts from 0, and is a place
// in an array, which is to have an end.
bool IsName(std::string_view star) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return std::ranges::all_of(star, good) && star.find_first_not_of("0123456789") != star.npos;
}

bool IsPlace(std::string_view star) {
  constexpr std::uint32_t kMost = 999;
  const auto number = NumberOf<std::uint32_t>(star);
  return number && *number <= kMost && std::to_string(*number) == star;
}

bool AreStars(const StatusKey& key, const std::array<std::string_view, 2>& stars) {
  const auto count = std::ranges::count(key.key, '*');
  return (count < 1 || IsName(stars[0])) && (count < 2 || IsPlace(stars[1]));
}

nlohmann::ordered_json ValueOf(const StatusLine& line) {
  if (IsWord(*line.key)) return line.value;
  if (IsSeconds(line.value)) return std::stod(line.value);
  return *NumberOf<std::uint64_t>(line.value);
}

}  // namespace

StatusReport ParseStatus(std::string_view text) {
  StatusReport report;
  for (const std::string_view line : LinesOf(text)) {
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || space + 1 == line.size()) continue;
    const std::string_view value = line.substr(space + 1);
    for (const StatusKey& key : kStatusKeys) {
      std::array<std::string_view, 2> stars;
      if (!MatchesStatusKey(key.key, line.substr(0, space), stars)) continue;
      if (AreStars(key, stars) && Fits(key, value)) {
        report.push_back(
            {&key, {std::string(stars[0]), std::string(stars[1])}, std::string(value)});
      }
      break;
    }
  }
  std::ranges::stable_sort(report, {}, &StatusLine::key);
  return report;
}

nlohmann::ordered_json StatusJson(const StatusReport& report) {
  nlohmann::ordered_json all = nlohmann::ordered_json::object();
  for (const StatusLine& line : report) {
    nlohmann::ordered_json::json_pointer at;
    auto star = line.stars.begin();
    for (std::string_view rest = line.key->key; !rest.empty();) {
      const std::string_view part = rest.substr(0, rest.find('.'));
      at /= part == "*" ? *star++ : std::string(part);
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    }
    all[at] = ValueOf(line);
  }
  return all;
}

}  // namespace sqlmap
