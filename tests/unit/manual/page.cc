#include "page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace sqlmap {
namespace {

std::size_t LevelOf(std::string_view line) {
  return std::min(line.find_first_not_of('#'), line.size());
}

}  // namespace

std::string ManualSource(const std::string& name) {
  std::ifstream file(SQLMAP_TEST_MANUAL_DIR "/" + name + ".scd");
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string PartOf(const std::string& page, std::string_view heading) {
  std::istringstream lines(page);
  std::string part;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (inside && LevelOf(line) != 0 && LevelOf(line) <= LevelOf(heading)) break;
    if (inside) part += line + "\n";
    inside = inside || line == heading;
  }
  EXPECT_TRUE(inside) << heading;
  return part;
}

std::vector<Entry> EntriesOf(const std::string& part) {
  std::istringstream lines(part);
  std::vector<Entry> entries;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('*') || line.starts_with('@')) {
      std::erase_if(line, [](char c) { return c == '*' || c == '@'; });
      entries.push_back({line, {}});
    } else if (line.starts_with('\t') && !entries.empty()) {
      entries.back().text += line.substr(1) + "\n";
    }
  }
  return entries;
}

std::vector<std::string> MarkedIn(const std::string& text, char mark) {
  std::vector<std::string> words;
  std::size_t end = 0;
  for (std::size_t begin = text.find(mark); begin != std::string::npos;
       begin = text.find(mark, end + 1)) {
    end = text.find(mark, begin + 1);
    if (end == std::string::npos) break;
    words.push_back(text.substr(begin + 1, end - begin - 1));
  }
  return words;
}

}  // namespace sqlmap
