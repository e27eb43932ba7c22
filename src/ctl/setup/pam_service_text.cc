#include "ctl/setup/pam_service_text.h"

#include <algorithm>
#include <vector>

#include "ctl/pam_lines.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::string_view kOurs = "common-sqlmap";

bool IsOurLine(std::string_view line) {
  const std::vector<std::string_view> words = WordsOf(line);
  if (words.empty() || words.back() != kOurs) return false;
  return words.size() == 2 ? words[0] == "@include" : words.size() == 3 && words[1] == "include";
}

// A file of pam.d may be named by its path, too.
std::string_view FileIncludedBy(const PamEntry& entry) {
  const std::string_view file = entry.Included();
  return file.substr(file.rfind('/') + 1);
}

}  // namespace

std::expected<std::string, std::string> WithSqlmapInService(
    std::string_view text, const std::set<std::string, std::less<>>& types) {
  const std::vector<PamEntry> entries = PamEntriesOf(text);
  if (std::ranges::find(entries, kOurs, FileIncludedBy) != entries.end()) return std::string(text);
  const auto first = std::ranges::find_if(entries, [](const PamEntry& entry) {
    return entry.Type() == "@include" && FileIncludedBy(entry).starts_with("common-");
  });
  if (first == entries.end())
    return std::unexpected("there is no line \"@include common-...\" to stand in front of");
  const std::string_view place = WholeLines(text.substr(first->at)).front();
  const std::string end = std::string(kOurs) + (place.ends_with("\r\n") ? "\r\n" : "\n");
  std::string lines;
  if (types.contains("auth") && types.contains("account")) {
    lines = "@include " + end;
  } else {
    for (const std::string& type : types) lines += type + " include " + end;
  }
  return std::string(text).insert(first->at, lines);
}

std::string WithoutSqlmapInService(std::string_view text) {
  std::string edited;
  for (const std::string_view line : WholeLines(text)) {
    if (!IsOurLine(line)) edited += line;
  }
  return edited;
}

}  // namespace sqlmap
