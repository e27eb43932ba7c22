#include "ctl/check/pam_control.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <system_error>
#include <utility>

#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::pair<std::string_view, PamAction> kActions[] = {
    {"ignore", kIgnore}, {"ok", kOk},   {"done", kDone},
    {"bad", kBad},       {"die", kDie}, {"reset", kReset}};

std::optional<int> ActionIn(std::string_view text) {
  for (const auto& [word, action] : kActions) {
    if (text == word) return action;
  }
  int jump = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), jump);
  if (error != std::errc() || end != text.data() + text.size() || jump <= 0) return std::nullopt;
  return jump;
}

}  // namespace

std::optional<PamControl> ReadPamControl(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"},
      {"requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"},
      {"sufficient", "success=done new_authtok_reqd=done default=ignore"},
      {"optional", "success=ok new_authtok_reqd=ok default=ignore"}};
  for (const auto& [word, meaning] : kWords) {
    if (text == word) text = meaning;
  }
  std::string spaced;
  for (const char c : text) spaced += c == '=' ? " = " : std::string(1, c);
  const auto words = WordsOf(spaced);
  if (words.size() % 3 != 0) return std::nullopt;
  std::array<std::optional<int>, std::size(kPamStatuses)> named;
  std::optional<int> others;
  for (std::size_t i = 0; i < words.size(); i += 3) {
    const auto action = ActionIn(words[i + 2]);
    if (words[i + 1] != "=" || !action) return std::nullopt;
    const auto* const status = std::ranges::find(kPamStatuses, words[i]);
    if (status != std::end(kPamStatuses)) {
      named[static_cast<std::size_t>(status - kPamStatuses)] = action;
    } else if (words[i] == "default") {
      others = others.value_or(*action);
    } else {
      return std::nullopt;
    }
  }
  PamControl control;
  std::ranges::transform(named, control.begin(), [others](const std::optional<int>& action) {
    return action.value_or(others.value_or(kBad));
  });
  return control;
}

}  // namespace sqlmap
