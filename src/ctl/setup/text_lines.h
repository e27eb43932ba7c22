// The lines of a text.
#ifndef SQLMAP_CTL_SETUP_TEXT_LINES_H_
#define SQLMAP_CTL_SETUP_TEXT_LINES_H_

#include <algorithm>
#include <string_view>
#include <vector>

namespace sqlmap {

// Each with its line feed; the last one may have none. Together they are the text.
inline std::vector<std::string_view> WholeLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_TEXT_LINES_H_
