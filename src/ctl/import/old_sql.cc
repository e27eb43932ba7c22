#include "ctl/import/old_sql.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

namespace sqlmap::importing {
namespace {

using Fault = std::unexpected<std::string>;

struct Token {
  enum class Kind : std::uint8_t { kWord, kQuoted, kSymbol, kValue };
  Kind kind;
  std::string text;  // as it is written; kValue: the parameter, ":name"
  bool space_before = false;
};

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool IsWord(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) != 0 || c == '_' || c == '$' || byte >= 0x80;
}

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    return static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  });
  return upper;
}

// A mark at the beginning of a text: its length, and whether it stands for a number.
struct Mark {
  std::size_t size = 0;
  bool number = false;
  char letter = 0;  // kBackslash
};

std::optional<Mark> MarkIn(std::string_view text, Substitution style) {
  switch (style) {
    case Substitution::kPrintf:
      for (const std::string_view mark : {"%1$s", "%s", "%1$u", "%u", "%1$d", "%d"}) {
        if (text.starts_with(mark)) return Mark{mark.size(), mark.back() != 's'};
      }
      break;
    case Substitution::kQuestionMark:
      if (text.starts_with('?')) return Mark{1};
      break;
    case Substitution::kBackslash:
      if (text.size() > 1 && text[0] == '\\' && std::string_view("LIPRD").contains(text[1]))
        return Mark{2, text[1] == 'P' || text[1] == 'D', text[1]};
      break;
  }
  return std::nullopt;
}

// The parameter that a query has for what it is asked by; "": it lists all.
std::string_view KeyOf(QueryId id) {
  for (const QueryParameter parameter :
       {QueryParameter::kName, QueryParameter::kUid, QueryParameter::kGid}) {
    if (QueryDescriptions()[static_cast<std::size_t>(id)].required.Contains(parameter))
      return NameOf(parameter);
  }
  return {};
}

std::expected<std::string, std::string> ParameterFor(const Mark& mark, Substitution style,
                                                     QueryId id, bool quoted) {
  if (mark.letter == 'R' && id == QueryId::kAuth && quoted) return ":rhost";
  if (mark.letter != 0 && mark.letter != 'L') {
    return Fault(std::string("it asks for \\") + mark.letter +
                 ", which sqlmap does not know there; :host, :service and :rhost are what it has");
  }
  const std::string_view key = KeyOf(id);
  if (key.empty()) return Fault("it has a value, but lists all");
  const bool text = key == "name";
  if (style == Substitution::kPrintf && text == mark.number)
    return Fault("its value is a number where the module gave a name, or the other way round");
  if (text && !quoted)
    return Fault("the name stands in it without quotes: it can never have worked");
  return ":" + std::string(key);
}

// Splits SQL; the values are found in it if there is a style.
class Lexer {
 public:
  Lexer(std::string_view sql, std::optional<Substitution> style, QueryId id)
      : sql_(sql), style_(style), id_(id) {}

  std::expected<std::vector<Token>, std::string> Split() {
    std::vector<Token> tokens;
    bool space = false;
    while (at_ < sql_.size()) {
      if (IsSpace(sql_[at_])) {
        ++at_;
        space = true;
        continue;
      }
      auto token = Next();
      if (!token) return Fault(token.error());
      token->space_before = space;
      space = false;
      tokens.push_back(*std::move(token));
    }
    return tokens;
  }

 private:
  std::string_view rest() const { return sql_.substr(at_); }

  std::expected<Token, std::string> Next() {
    const char c = sql_[at_];
    if (c == '\0') return Fault("it holds a NUL byte");
    if (c == '\'' || c == '"' || c == '`') return Quoted(c);
    if (c == '#' || rest().starts_with("--") || rest().starts_with("/*"))
      return Fault("it holds a comment");
    if (style_) {
      if (const auto mark = MarkIn(rest(), *style_)) {
        at_ += mark->size;
        return Value(*mark, false);
      }
    }
    if (style_ == Substitution::kPrintf && c == '%') return Percent();
    if (c == '?' || (c == ':' && at_ + 1 < sql_.size() && IsWord(sql_[at_ + 1])))
      return Fault("it holds what would be a parameter ('?' or ':word')");
    if (!IsWord(c)) {
      ++at_;
      return Token{Token::Kind::kSymbol, std::string(1, c)};
    }
    const std::size_t begin = at_;
    while (at_ < sql_.size() && IsWord(sql_[at_])) ++at_;
    return Token{Token::Kind::kWord, std::string(sql_.substr(begin, at_ - begin))};
  }

  std::expected<Token, std::string> Percent() {
    if (!rest().starts_with("%%"))
      return Fault(
          "it holds a '%' that the old module took for a format: it can never have worked");
    at_ += 2;
    return Token{Token::Kind::kSymbol, "%"};
  }

  std::expected<Token, std::string> Value(const Mark& mark, bool quoted) {
    auto parameter = ParameterFor(mark, *style_, id_, quoted);
    if (!parameter) return Fault(parameter.error());
    return Token{Token::Kind::kValue, *std::move(parameter)};
  }

  std::expected<Token, std::string> Quoted(char quote) {
    const std::size_t begin = at_++;
    std::string text(1, quote);
    std::optional<Mark> only;  // the whole text is this mark
    while (at_ < sql_.size()) {
      const char c = sql_[at_];
      if (c == '\0') return Fault("it holds a NUL byte");
      if (c == quote && rest().substr(1).starts_with(quote)) {
        text.append(2, quote);
        at_ += 2;
        continue;
      }
      if (c == quote) {
        ++at_;
        if (only) return Value(*only, true);
        return Token{Token::Kind::kQuoted, text + quote};
      }
      if (style_) {
        if (const auto mark = MarkIn(rest(), *style_)) {
          if (at_ != begin + 1 || quote == '`' || !rest().substr(mark->size).starts_with(quote))
            return Fault("a value is only a part of a text in it");
          only = mark;
          at_ += mark->size;
          continue;
        }
        if (style_ == Substitution::kPrintf && c == '%') {
          auto percent = Percent();
          if (!percent) return Fault(percent.error());
          text += '%';
          continue;
        }
      }
      const std::size_t size = c == '\\' && quote != '`' && at_ + 1 < sql_.size() ? 2 : 1;
      text += sql_.substr(at_, size);
      at_ += size;
    }
    return Fault("a quote in it is not closed");
  }

  const std::string_view sql_;
  const std::optional<Substitution> style_;
  const QueryId id_;
  std::size_t at_ = 0;
};

bool IsOneOf(const Token* token, std::initializer_list<std::string_view> words) {
  return token != nullptr && token->kind != Token::Kind::kQuoted &&
         std::ranges::find(words, Upper(token->text)) != words.end();
}

// A value is safe to bind where the text was compared as a whole: `column = '...'`, and nothing
// done to it.
bool IsComparedAsAWhole(const std::vector<Token>& tokens, std::size_t at) {
  const auto token = [&](std::size_t i) { return i < tokens.size() ? &tokens[i] : nullptr; };
  const Token* before = token(at - 1);
  if (IsOneOf(before, {"BINARY"})) before = token(at - 2);
  const Token* const after = token(at + 1);
  if (!IsOneOf(before, {"="})) return false;
  // Not of <=, >=, != and :=, which the lexer gives as two symbols.
  const std::size_t sign = static_cast<std::size_t>(before - tokens.data());
  if (IsOneOf(token(sign - 1), {"<", ">", "!", ":"})) return false;
  return after == nullptr || IsOneOf(after, {")", "AND", "OR", "LIMIT", "ORDER", "GROUP", "HAVING",
                                             "UNION", "COLLATE"});
}

std::string BracketFault(const std::vector<Token>& tokens) {
  int depth = 0;
  for (const Token& token : tokens) {
    if (token.kind != Token::Kind::kSymbol) continue;
    depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
    if (depth < 0) break;
  }
  return depth == 0 ? "" : "its brackets do not match";
}

bool HasSeveralStatements(const std::vector<Token>& tokens) {
  return std::ranges::any_of(tokens, [](const Token& token) {
    return token.kind == Token::Kind::kSymbol && token.text == ";";
  });
}

// Of the query itself, not of one inside it. `sql` is what ConvertQuery gave.
bool HasLimit(std::string sql) {
  std::ranges::replace(sql, ':', ' ');  // our parameters, which the lexer would refuse
  const auto tokens = Lexer(sql, std::nullopt, QueryId::kCount).Split();
  int depth = 0;
  for (const Token& token : tokens.value_or(std::vector<Token>())) {
    if (token.kind == Token::Kind::kSymbol)
      depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
    if (depth == 0 && IsOneOf(&token, {"LIMIT"})) return true;
  }
  return false;
}

std::string Joined(const std::vector<Token>& tokens) {
  std::string sql;
  for (const Token& token : tokens) {
    if (token.space_before && !sql.empty()) sql += ' ';
    sql += token.text;
  }
  return sql;
}

}  // namespace

std::expected<std::string, std::string> ConvertQuery(std::string_view old, Substitution style,
                                                     QueryId id) {
  auto tokens = Lexer(old, style, id).Split();
  if (!tokens) return Fault(tokens.error());
  while (!tokens->empty() && tokens->back().text == ";") tokens->pop_back();
  if (tokens->empty()) return Fault("it is empty");
  if (!IsOneOf(tokens->data(), {"SELECT"})) return Fault("it is not a SELECT");
  if (std::string fault = BracketFault(*tokens); !fault.empty()) return Fault(fault);
  if (HasSeveralStatements(*tokens)) return Fault("it is several statements");
  bool asked = false;
  for (std::size_t i = 0; i < tokens->size(); ++i) {
    const Token& token = (*tokens)[i];
    if (IsOneOf(&token, {"INTO"})) return Fault("it writes");
    if (token.kind != Token::Kind::kValue) continue;
    if (!IsComparedAsAWhole(*tokens, i))
      return Fault("its value is not compared as a whole (column = value)");
    asked = asked || token.text == ":" + std::string(KeyOf(id));
  }
  if (!asked && !KeyOf(id).empty())
    return Fault("it asks for no " + std::string(KeyOf(id)) + ": it gives the same to everybody");
  return Joined(*tokens);
}

std::string WithNames(QueryId id, std::string_view sql, std::string_view wanted) {
  const auto columns = [id]() -> std::string_view {
    switch (id) {
      case QueryId::kGetpwnam:
      case QueryId::kGetpwuid:
      case QueryId::kGetpwent:
        return "username, password, uid, gid, gecos, homedir, shell";
      case QueryId::kGetspnam:
      case QueryId::kGetspent:
        return "username, password, lstchg, `min`, `max`, warn, inact, expire, flag";
      case QueryId::kGetgrnam:
      case QueryId::kGetgrgid:
      case QueryId::kGetgrent:
        return "groupname, password, gid";
      case QueryId::kGidsbymem:
        return "gid";
      default:
        return "username";
    }
  }();
  return "WITH old (" + std::string(columns) + ") AS (" + std::string(sql) + ") SELECT " +
         std::string(wanted) + " FROM old";
}

std::string FirstWithNames(QueryId id, std::string_view sql, std::string_view wanted) {
  constexpr char kFirst[] = " LIMIT 1";
  // Inside, or the server may forget an ORDER BY; not a second one there.
  if (HasLimit(std::string(sql))) return WithNames(id, sql, wanted) + kFirst;
  return WithNames(id, std::string(sql) + kFirst, wanted);
}

std::string FragmentFault(std::string_view sql) {
  const auto tokens = Lexer(sql, std::nullopt, QueryId::kCount).Split();
  if (!tokens) return tokens.error();
  if (tokens->empty()) return "it is empty";
  if (HasSeveralStatements(*tokens)) return "it is several statements";
  return BracketFault(*tokens);
}

}  // namespace sqlmap::importing
