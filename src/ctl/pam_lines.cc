#include "ctl/pam_lines.h"

#include <utility>

#include "common/account/rules.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

std::string Lower(std::string text) {
  LowerCase(text, text.data());
  return text;
}

std::vector<std::string> FieldsOf(std::string_view line) {
  std::vector<std::string> fields;
  bool in_brackets = false;
  for (const std::string_view word : WordsOf(line)) {
    if (in_brackets) {
      fields.back().append(" ").append(word);
    } else {
      fields.emplace_back(word);
    }
    in_brackets = (in_brackets || word.starts_with('[')) && !word.ends_with(']');
  }
  return fields;
}

std::string_view WithoutBrackets(std::string_view word) {
  if (!word.starts_with('[')) return word;
  return word.substr(1, word.size() - (word.ends_with(']') ? 2 : 1));
}

}  // namespace

std::string PamEntry::Type() const {
  const std::string_view type = WithoutBrackets(words[0]);
  return Lower(std::string(type.substr(type.starts_with('-') ? 1 : 0)));
}

std::string PamEntry::Control() const {
  if (words.size() < 2) return {};
  std::string control(WithoutBrackets(words[1]));
  // Of statuses and actions libpam knows small letters alone.
  return control.find('=') == std::string::npos ? Lower(std::move(control)) : control;
}

std::string_view PamEntry::Module() const {
  return words.size() < 3 ? std::string_view() : WithoutBrackets(words[2]);
}

std::string_view PamEntry::Included() const {
  if (words.size() >= 2 && Type() == "@include") return WithoutBrackets(words[1]);
  const std::string control = Control();
  return control == "include" || control == "substack" ? Module() : std::string_view();
}

std::string PamEntry::Text() const {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : " ").append(word);
  return text;
}

std::vector<PamEntry> PamEntriesOf(std::string_view text) {
  std::vector<PamEntry> entries;
  PamEntry entry;
  std::string whole;
  unsigned number = 0;
  for (const std::string_view line : WholeLines(text)) {
    ++number;
    const auto words = WordsOf(line);
    if (words.empty()) continue;  // also between the lines of one entry
    if (whole.empty()) {
      entry.at = static_cast<std::size_t>(line.data() - text.data());
      entry.number = number;
    }
    const std::string_view part = line.substr(0, line.find('#'));
    for (const char c : part) whole.append(1, c).append(c == ']' ? " " : "");
    // One with a comment is over, whatever stands in front of that.
    if (words.back().ends_with('\\') && part.size() == line.size()) {
      whole[whole.rfind('\\')] = ' ';
      continue;
    }
    entry.words = FieldsOf(whole);
    entries.push_back(entry);
    whole.clear();
  }
  return entries;
}

}  // namespace sqlmap
