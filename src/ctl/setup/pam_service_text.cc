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
  return words.size() == 2 && words[0] == "@include" && words[1] == kOurs;
}

// A file of pam.d may be named by its path, too.
std::string_view FileIncludedBy(const PamEntry& entry) {
  const std::string_view file = entry.Included();
  return file.substr(file.rfind('/') + 1);
}

}  // namespace

std::expected<std::string, std::string> WithSqlmapInService(std::string_view text) {
  const std::vector<PamEntry> entries = PamEntriesOf(text);
  if (std::ranges::find(entries, kOurs, FileIncludedBy) != entries.end()) return std::string(text);
  const auto first = std::ranges::find_if(entries, [](const PamEntry& entry) {
    return entry.Type() == "@include" && FileIncludedBy(entry).starts_with("common-");
  });
  if (first == entries.end())
    return std::unexpected("there is no line \"@include common-...\" to stand in front of");
  const bool carriage_returns = WholeLines(text.substr(first->at)).front().ends_with("\r\n");
  std::string edited(text);
  return edited.insert(first->at,
                       "@include " + std::string(kOurs) + (carriage_returns ? "\r\n" : "\n"));
}

std::string WithoutSqlmapInService(std::string_view text) {
  std::string edited;
  for (const std::string_view line : WholeLines(text)) {
    if (!IsOurLine(line)) edited += line;
  }
  return edited;
}

}  // namespace sqlmap
