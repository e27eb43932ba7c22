#include "ctl/views/sql_text.h"

#include <algorithm>

namespace sqlmap {
namespace {

using Kind = SqlToken::Kind;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || c == '@' || static_cast<unsigned char>(c) >= 0x80;
}

std::size_t EndOf(std::string_view text, std::string_view mark, std::size_t from) {
  const std::size_t at = text.find(mark, from);
  return at == std::string_view::npos ? text.size() : at + mark.size();
}

// A doubled quote is two strings side by side, which is as good here.
std::size_t QuotedSize(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '\\' && text[0] != '`') {
      ++i;
    } else if (text[i] == text[0]) {
      return i + 1;
    }
  }
  return text.size();
}

std::size_t CommentSize(std::string_view text) {
  const bool line = text[0] == '#' || text.starts_with("-- ") || text.starts_with("--\n");
  if (line) return EndOf(text, "\n", 0);
  return text.starts_with("/*") ? EndOf(text, "*/", 2) : 0;
}

std::size_t SizeWhile(std::string_view text, bool (*holds)(char)) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, holds) - text.begin());
}

SqlToken FirstToken(std::string_view text) {
  const auto token = [&](Kind kind, std::size_t size) {
    return SqlToken{kind, text.substr(0, size)};
  };
  if (IsSpace(text[0])) return token(Kind::kSpace, SizeWhile(text, IsSpace));
  if (const std::size_t size = CommentSize(text); size != 0) return token(Kind::kSpace, size);
  if (text[0] == '\'' || text[0] == '"') return token(Kind::kString, QuotedSize(text));
  if (text[0] == '`') return token(Kind::kQuoted, QuotedSize(text));
  if (IsWordCharacter(text[0])) return token(Kind::kWord, SizeWhile(text, IsWordCharacter));
  return token(Kind::kSymbol, 1);
}

}  // namespace

std::vector<SqlToken> ReadSql(std::string_view sql) {
  std::vector<SqlToken> tokens;
  while (!sql.empty()) {
    tokens.push_back(FirstToken(sql));
    sql.remove_prefix(tokens.back().text.size());
  }
  return tokens;
}

std::vector<std::string> SplitSql(std::string_view sql) {
  std::vector<std::string> statements;
  std::string statement;
  const auto finish = [&] {
    while (!statement.empty() && IsSpace(statement.back())) statement.pop_back();
    if (!statement.empty()) statements.push_back(std::move(statement));
    statement.clear();
  };
  for (const SqlToken& token : ReadSql(sql)) {
    if (token.kind == Kind::kSymbol && token.text == ";") {
      finish();
    } else if (!statement.empty() || token.kind != Kind::kSpace) {
      statement += token.text;
    }
  }
  finish();
  return statements;
}

std::string PrefixNames(std::string_view sql, const std::set<std::string>& names,
                        std::string_view prefix) {
  std::string text;
  for (const SqlToken& token : ReadSql(sql)) {
    if (token.kind == Kind::kWord && names.contains(std::string(token.text))) text += prefix;
    text += token.text;
  }
  return text;
}

std::string SqlLiteral(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) literal.append(c == '\'' ? 2 : 1, c);
  return literal + "'";
}

}  // namespace sqlmap
