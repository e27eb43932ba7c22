#include "ctl/text_lines.h"

#include <algorithm>

namespace sqlmap {

std::vector<std::string_view> WholeLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines = WholeLines(text);
  for (std::string_view& line : lines) line = line.substr(0, line.find('\n'));
  return lines;
}

std::vector<std::string_view> WordsOf(std::string_view line) {
  constexpr std::string_view kWhite = " \t\r\n\v\f";
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = line.find_first_not_of(kWhite);
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    words.push_back(line.substr(0, line.find_first_of(kWhite)));
    line.remove_prefix(words.back().size());
  }
}

}  // namespace sqlmap
