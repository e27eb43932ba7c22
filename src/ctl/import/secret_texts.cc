#include "ctl/import/secret_texts.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "ctl/import/old_values.h"

namespace sqlmap::importing {
namespace {

// In front of a bracket these are no functions.
constexpr std::string_view kNoFunctions[] = {
    "ALL",    "AND",  "ANY",   "AS",    "BY",     "CASE", "DISTINCT", "ELSE", "EXISTS", "FROM",
    "HAVING", "IN",   "JOIN",  "LIKE",  "ON",     "NOT",  "OR",       "OVER", "SELECT", "SET",
    "SOME",   "THEN", "UNION", "USING", "VALUES", "WHEN", "WHERE",    "WITH"};

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// What stands in quotes at the beginning, with them; a doubled quote, or one behind a backslash, is
// inside.
std::size_t QuotedSize(std::string_view text) {
  const char quote = text[0];
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && quote != '`') {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 == text.size() || text[i + 1] != quote) return i + 1;
      ++i;
    }
  }
  return text.size();
}

// The line of a file that not everybody may read which has the text; the first such file if it
// stands there in other words.
Place PlaceOfSecret(std::span<const OldFile> files, std::string_view text) {
  Place place;
  for (const OldFile& file : files) {
    if (file.world_readable) continue;
    if (place.file.empty()) place.file = file.name;
    Lines lines(file.text);
    for (std::string_view line; lines.Next(line);) {
      if (line.find(text) != std::string_view::npos) return {file.name, lines.number()};
    }
  }
  return place;
}

// A text with its quotes, or a number, of which a shorter one is no key.
struct Literal {
  std::string_view text;
  bool in_call;
};
constexpr std::size_t kShortestNumber = 4;

std::vector<Literal> LiteralsIn(std::string_view sql) {
  std::vector<Literal> literals;
  std::vector<bool> calls;  // of each open bracket
  const auto add = [&](std::string_view text) {
    literals.push_back({text, std::ranges::find(calls, true) != calls.end()});
  };
  std::string_view word;  // the last token, if it is a word
  while (!sql.empty()) {
    const char c = sql[0];
    std::size_t size = 1;
    if (c == '\'' || c == '"' || c == '`') {
      size = QuotedSize(sql);
      if (c != '`' && size > 2) add(sql.substr(0, size));
      word = c == '`' ? sql.substr(0, size) : std::string_view();
    } else if (IsWord(c)) {
      while (size < sql.size() && IsWord(sql[size])) ++size;
      word = sql.substr(0, size);
      if (std::isdigit(static_cast<unsigned char>(c)) != 0 && size >= kShortestNumber) add(word);
    } else if (c == '(') {
      calls.push_back(!word.empty() && std::ranges::none_of(kNoFunctions, [word](auto known) {
        return SameIgnoringCase(word, known);
      }));
      word = {};
    } else if (c == ')') {
      if (!calls.empty()) calls.pop_back();
      word = {};
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      word = {};
    }
    sql.remove_prefix(size);
  }
  return literals;
}

}  // namespace

std::vector<Secret> TextsInCalls(std::string_view sql) {
  std::vector<Secret> texts;
  for (const Literal& literal : LiteralsIn(sql)) {
    if (literal.in_call) texts.emplace_back(literal.text);
  }
  return texts;
}

void FindSecretTexts(std::span<const OldFile> files, OldConfiguration& configuration) {
  if (std::ranges::all_of(files, &OldFile::world_readable)) return;
  const auto is_public = [files](const Secret& text) {
    return std::ranges::any_of(files, [&text](const OldFile& file) {
      return file.world_readable && file.text.find(text) != std::string::npos;
    });
  };
  std::vector<Secret>& found = configuration.secret_texts;
  for (const QueryDescription& query : QueryDescriptions()) {
    if (!query.privileged) continue;
    for (Secret& text : TextsInCalls(configuration.query(query.id))) {
      if (is_public(text) || std::ranges::find(found, text) != found.end()) continue;
      Remark(
          configuration, ImportRemark::Kind::kChanged, PlaceOfSecret(files, text), query.key,
          "a text or number inside a function call, perhaps a key, that not everybody could read: "
          "sqlmapd.toml has mode 0600 for it, and *** is shown; leave it so, with [direct] "
          "enabled = false, or move the call into a view");
      found.push_back(std::move(text));
    }
  }
}

std::string Masked(std::string_view sql, std::span<const Secret> texts) {
  std::string masked;
  const char* from = sql.data();
  for (const Literal& literal : LiteralsIn(sql)) {
    if (std::ranges::find(texts, literal.text) == texts.end()) continue;
    masked.append(from, literal.text.data()).append("'***'");
    from = literal.text.data() + literal.text.size();
  }
  return masked.append(from, sql.data() + sql.size());
}

}  // namespace sqlmap::importing
