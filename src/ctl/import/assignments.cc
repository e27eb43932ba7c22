#include "ctl/import/assignments.h"

#include <string>

namespace sqlmap::importing {

void ScanAssignments(const OldFile& file, OldValues& values, ImportRemarks& remarks) {
  Lines lines(file.text);
  std::string_view line;
  while (lines.Next(line)) {
    const std::string_view begin = Trimmed(line);
    if (begin.empty() || begin.front() == '#') continue;
    const std::size_t sign = line.find('=');
    const std::string_view key = Trimmed(line.substr(0, sign));
    if (sign == std::string_view::npos || key.find_first_of(" \t;") != std::string_view::npos) {
      remarks.push_back({{file.name, lines.number()},
                         ImportRemark::Kind::kMistake,
                         "",
                         "not key = value: the old module reads no further than this"});
      return;
    }
    std::string_view value = line.substr(sign + 1);
    const std::size_t end = value.find(';');
    if (end != std::string_view::npos) {
      const std::string_view behind = Trimmed(value.substr(end + 1));
      if (!behind.empty() && !behind.starts_with('#')) {
        remarks.push_back({{file.name, lines.number()},
                           ImportRemark::Kind::kMistake,
                           "",
                           "text behind the ';': the old module reads no further than this"});
        return;
      }
      value = value.substr(0, end);
    }
    value = Trimmed(value);
    if (!value.empty() || FindOldOption(file.dialect, key) == nullptr)
      SetOldValue(file.dialect, key, value, {file.name, lines.number()}, values, remarks);
  }
}

}  // namespace sqlmap::importing
