#include "ctl/status/report.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <nlohmann/json.hpp>

namespace sqlmap {
namespace {

// A number among the parts of a key counts servers.
constexpr std::size_t kLongestNumber = 3;

bool IsWord(const StatusKey& key) {
  return key.type == StatusType::kText || key.type == StatusType::kState;
}

bool IsNumber(std::string_view text) {
  const bool plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || c == '.';
  });
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return plain && error == std::errc() && end == text.data() + text.size();
}

bool IsStar(std::string_view star) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !star.empty() && std::ranges::all_of(star, good) &&
         (star.size() <= kLongestNumber || !IsNumber(star));
}

nlohmann::ordered_json ValueOf(const StatusLine& line) {
  if (IsWord(*line.key)) return line.value;
  if (line.value.find('.') != std::string::npos) return std::stod(line.value);
  std::uint64_t number = 0;
  std::from_chars(line.value.data(), line.value.data() + line.value.size(), number);
  return number;
}

}  // namespace

StatusReport ParseStatus(std::string_view text) {
  StatusReport report;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || space + 1 == line.size()) continue;
    const std::string_view value = line.substr(space + 1);
    for (const StatusKey& key : kStatusKeys) {
      std::array<std::string_view, 2> stars;
      if (!MatchesStatusKey(key.key, line.substr(0, space), stars)) continue;
      const auto count = static_cast<std::size_t>(std::ranges::count(key.key, '*'));
      if (std::all_of(stars.begin(), stars.begin() + static_cast<std::ptrdiff_t>(count), IsStar) &&
          (IsWord(key) || IsNumber(value))) {
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
