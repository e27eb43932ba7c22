#include "ctl/setup/pam_service_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "ctl/setup/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::string_view kOurs = "common-sqlmap";
constexpr std::string_view kSpace = " \t\r\n\f\v";

// Of a line without its comment: libpam ends a line at the first '#'.
std::vector<std::string_view> WordsOf(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(kSpace);
    if (begin == std::string_view::npos) return words;
    const std::size_t end = std::min(line.find_first_of(kSpace, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
}

// "" for a line that includes nothing. A control in brackets, which may have spaces, includes
// nothing.
std::string_view Included(std::string_view line) {
  const std::vector<std::string_view> words = WordsOf(line);
  if (words.size() >= 2 && words[0] == "@include") return words[1];
  if (words.size() >= 3 && (words[1] == "include" || words[1] == "substack")) return words[2];
  return {};
}

bool IsOurLine(std::string_view line) {
  const std::vector<std::string_view> words = WordsOf(line);
  return words.size() == 2 && words[0] == "@include" && words[1] == kOurs;
}

// What a [control] of numbers skips at most; 0 without one.
int LongestJump(std::string_view control) {
  int longest = 0;
  for (std::size_t equals = control.find('='); equals != std::string_view::npos;
       equals = control.find('=', equals + 1)) {
    int jump = 0;
    const std::size_t digits =
        std::min(control.find_first_not_of(kSpace, equals + 1), control.size());
    (void)std::from_chars(control.data() + digits, control.data() + control.size(), jump);
    longest = std::max(longest, jump);
  }
  return longest;
}

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

// The next line goes on with this one.
bool GoesOn(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return line.ends_with('\\');
}

}  // namespace

std::vector<std::string> IncludedBy(std::string_view text) {
  std::vector<std::string> names;
  bool continued = false;
  for (const std::string_view line : WholeLines(text)) {
    const std::string_view name = continued ? std::string_view() : Included(line);
    continued = GoesOn(line);
    if (!name.empty()) names.emplace_back(name);
  }
  return names;
}

std::string JumpPast(std::string_view text, std::size_t place) {
  struct Jump {
    std::string type;
    int left;  // modules of its type that it skips behind those that were read
    std::string words;
  };
  std::vector<Jump> jumps;
  std::string logical;
  int number = 0;
  int first = 0;
  for (const std::string_view line : WholeLines(text.substr(0, place))) {
    ++number;
    if (logical.empty()) first = number;
    std::string_view part = line.substr(0, line.find_first_of("#\r\n"));
    const bool goes_on = part.ends_with('\\');
    if (goes_on) part.remove_suffix(1);
    logical += std::string(part) + (goes_on ? " " : "");
    if (goes_on) continue;
    const std::vector<std::string_view> words = WordsOf(logical);
    // How many modules an included file has is not counted: none, to be on the safe side.
    if (words.size() >= 3 && words[1] != "include") {
      std::string type = LowerCase(words[0]);
      if (type.starts_with('-')) type.erase(0, 1);
      for (Jump& jump : jumps) {
        if (jump.type == type) --jump.left;
      }
      if (words[1].starts_with('[')) {
        const std::size_t open = logical.find('[');
        const int skips =
            LongestJump(std::string_view(logical).substr(open, logical.find(']') - open));
        std::string shown = "line " + std::to_string(first) + ", \"";
        for (const std::string_view word : words)
          shown.append(word == words.front() ? "" : " ").append(word);
        if (skips > 0) jumps.push_back({std::move(type), skips, shown + "\""});
      }
    }
    logical.clear();
  }
  const auto past = std::ranges::find_if(jumps, [](const Jump& jump) { return jump.left > 0; });
  return past == jumps.end() ? std::string() : past->words;
}

std::string JumpPastInclude(std::string_view text, const std::vector<std::string>& names) {
  bool continued = false;
  for (const std::string_view line : WholeLines(text)) {
    const std::vector<std::string_view> words =
        continued ? std::vector<std::string_view>() : WordsOf(line);
    continued = GoesOn(line);
    // A substack counts as one module, however long it is.
    if (words.size() >= 2 && words[1] == "substack") continue;
    if (words.empty() || std::ranges::find(names, Included(line)) == names.end()) continue;
    std::string jump = JumpPast(text, static_cast<std::size_t>(line.data() - text.data()));
    if (!jump.empty()) return jump;
  }
  return {};
}

std::expected<std::string, std::string> WithSqlmapInService(std::string_view text) {
  const std::vector<std::string> included = IncludedBy(text);
  if (std::ranges::find(included, kOurs) != included.end()) return std::string(text);
  bool continued = false;
  for (const std::string_view line : WholeLines(text)) {
    const std::vector<std::string_view> words = WordsOf(line);
    if (!continued && words.size() >= 2 && words[0] == "@include" &&
        words[1].starts_with("common-")) {
      const auto at = static_cast<std::size_t>(line.data() - text.data());
      if (const std::string jump = JumpPast(text, at); !jump.empty()) {
        return std::unexpected(
            jump +
            ", skips modules behind the place of sqlmap's, and would land "
            "elsewhere; put the line \"@include " +
            std::string(kOurs) +
            "\" in by hand, and add the number of its modules of that type to the "
            "jump");
      }
      const std::string_view line_end = line.ends_with("\r\n") ? "\r\n" : "\n";
      std::string edited(text);
      return edited.insert(at, "@include " + std::string(kOurs) + std::string(line_end));
    }
    continued = GoesOn(line);
  }
  return std::unexpected("there is no line \"@include common-...\" to stand in front of");
}

std::string WithoutSqlmapInService(std::string_view text) {
  std::string edited;
  for (const std::string_view line : WholeLines(text)) {
    if (!IsOurLine(line)) edited += line;
  }
  return edited;
}

}  // namespace sqlmap
