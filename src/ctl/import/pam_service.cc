#include "ctl/import/pam_service.h"

#include <algorithm>
#include <utility>

namespace sqlmap::importing {
namespace {

// The next word of `line`, which loses it. One in brackets is without them, unless it is to be kept
// as it is written; false: the line is over.
bool NextWord(std::string_view& line, Secret& word, bool keep_brackets) {
  word.clear();
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return false;
  line.remove_prefix(begin);
  if (line.front() != '[' || keep_brackets) {
    const std::size_t end = line.front() == '[' ? line.find(']') : line.find_first_of(" \t");
    const std::size_t size = end == std::string_view::npos ? line.size()
                             : line.front() == '['         ? end + 1
                                                           : end;
    word.assign(line.substr(0, size));
    line.remove_prefix(size);
    return true;
  }
  std::size_t at = 1;
  for (; at < line.size() && line[at] != ']'; ++at) {
    if (line.substr(at).starts_with("\\]")) ++at;
    word += line[at];
  }
  line.remove_prefix(std::min(at + 1, line.size()));
  return true;
}

std::string_view WithoutComment(std::string_view line) {
  return Trimmed(line.substr(0, line.find('#')));
}

void ScanArguments(std::string_view rest, const Place& place, OldValues& arguments,
                   ImportRemarks& remarks) {
  Secret word;
  while (NextWord(rest, word, false)) {
    const std::string_view text = word;
    const std::size_t sign = text.find('=');
    const std::string_view value =
        sign == std::string_view::npos ? std::string_view() : text.substr(sign + 1);
    SetOldValue(OldDialect::kPamService, text.substr(0, sign), value, place, arguments, remarks);
  }
}

}  // namespace

std::vector<PamMysqlLine> ScanPamService(const OldFile& file, ImportRemarks& remarks) {
  std::vector<PamMysqlLine> found;
  Lines lines(file.text);
  std::string_view piece;
  while (lines.Next(piece)) {
    if (WithoutComment(piece).empty()) continue;
    PamMysqlLine line;
    line.line = lines.number();
    Secret whole;
    do {
      const std::string_view part = WithoutComment(piece);
      if (part.empty()) continue;  // also between the lines of one entry
      // One with a comment is over, whatever stands in front of that.
      const bool goes_on = part.ends_with('\\') && piece.find('#') == std::string_view::npos;
      whole.append(part.substr(0, part.size() - (goes_on ? 1 : 0)));
      if (!goes_on) break;
      whole += ' ';
    } while (lines.Next(piece));
    std::string_view rest = whole;
    Secret type;
    Secret control;
    Secret module;
    if (!NextWord(rest, type, true) || !NextWord(rest, control, true) ||
        !NextWord(rest, module, true) ||
        (module != "pam_mysql.so" && !module.ends_with("/pam_mysql.so"))) {
      continue;
    }
    line.type.assign(type);
    line.control.assign(control);
    ScanArguments(rest, {file.name, line.line}, line.arguments, remarks);
    found.push_back(std::move(line));
  }
  return found;
}

}  // namespace sqlmap::importing
