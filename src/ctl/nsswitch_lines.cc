#include "ctl/nsswitch_lines.h"

#include <strings.h>

#include <algorithm>
#include <cctype>

#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

bool Same(std::string_view text, std::string_view word) {
  return text.size() == word.size() && strncasecmp(text.data(), word.data(), word.size()) == 0;
}

// One STATUS=ACTION, perhaps with a "!", which stands for all other statuses.
void Apply(std::string_view criterion, NssService& service) {
  const bool others = criterion.starts_with('!');
  if (others) criterion.remove_prefix(1);
  const std::size_t equals = criterion.find('=');
  if (equals == std::string_view::npos) return;
  const std::string_view status = criterion.substr(0, equals);
  const std::string_view action = criterion.substr(equals + 1);
  const bool returns = Same(action, "return");
  const auto set = [&](std::string_view word, bool& flag) {
    if (Same(status, word) != others) flag = returns;
  };
  if (Same(status, "SUCCESS") != others) {
    service.success = returns                 ? NssSuccess::kReturn
                      : Same(action, "merge") ? NssSuccess::kMerge
                                              : NssSuccess::kContinue;
  }
  set("NOTFOUND", service.returns_not_found);
  bool unavailable = false;
  bool try_again = false;
  set("UNAVAIL", unavailable);
  set("TRYAGAIN", try_again);
  service.returns_unavailable = service.returns_unavailable || unavailable || try_again;
}

// What stands in brackets; there may be spaces around each "=".
void ApplyAll(std::string_view criteria, NssService& service) {
  std::string compact;
  for (const char c : criteria) {
    while (c == '=' && !compact.empty() && IsSpace(compact.back())) compact.pop_back();
    if (!IsSpace(c) || !compact.ends_with('=')) compact += c;
  }
  for (const std::string_view criterion : WordsOf(compact)) Apply(criterion, service);
}

std::size_t EndOfWord(std::string_view line, std::size_t at) {
  if (line[at] == '[') return std::min(line.find(']', at), line.size() - 1) + 1;
  while (at < line.size() && !IsSpace(line[at]) && line[at] != '[') ++at;
  return at;
}

}  // namespace

bool LosesWhatItFinds(std::string_view database, const NssService& service, bool last) {
  if (database == "initgroups") return false;
  return service.success == NssSuccess::kContinue
             ? !last
             : service.success == NssSuccess::kMerge && database != "group";
}

std::optional<NssLine> ReadNssLine(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto names = WordsOf(line.substr(0, colon));
  if (names.size() != 1) return std::nullopt;
  NssLine read{names[0], {}};
  for (std::size_t at = colon + 1; at < line.size();) {
    if (IsSpace(line[at])) {
      ++at;
      continue;
    }
    const std::size_t end = EndOfWord(line, at);
    const std::string_view word = line.substr(at, end - at);
    if (word[0] != '[') {
      read.services.push_back({{.name = std::string(word)}, at, end});
    } else if (!read.services.empty()) {
      read.services.back().end = end;
      ApplyAll(word.substr(1, word.find(']') - 1), read.services.back().service);
    }
    at = end;
  }
  return read;
}

std::optional<std::vector<NssService>> NssServicesOf(std::string_view text,
                                                     std::string_view database) {
  std::optional<std::vector<NssService>> found;
  for (const std::string_view line : WholeLines(text)) {
    const auto read = ReadNssLine(line);
    if (!read || read->database != database) continue;
    found.emplace();
    for (const NssPlace& place : read->services) found->push_back(place.service);
  }
  return found;
}

}  // namespace sqlmap
