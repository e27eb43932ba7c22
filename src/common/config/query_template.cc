#include "common/config/query_template.h"

#include <array>
#include <utility>

#include "common/config/message_text.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMaxBytes = 16384;
constexpr auto kParameters = static_cast<std::size_t>(QueryParameter::kCount);
constexpr std::array<std::string_view, kParameters> kNames{"name",  "uid", "gid",     "service",
                                                           "rhost", "tty", "host",    "hash",
                                                           "days",  "pid", "message", "owner"};

constexpr bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Letters, digits, '_', '$' and whatever is not ASCII: what MariaDB takes for one word.
constexpr bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

QueryParameter ParameterByName(std::string_view name) {
  std::size_t i = 0;
  while (i < kNames.size() && kNames[i] != name) ++i;
  return static_cast<QueryParameter>(i);
}

std::string_view WordAt(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && IsWord(text[end])) ++end;
  return text.substr(at, end - at);
}

// Walks over the text as MariaDB's lexer does in its default sql_mode, and copies what it passes.
// Each step returns what is wrong, "" if nothing.
class TemplateLexer {
 public:
  TemplateLexer(std::string_view text, QueryParameterSet allowed)
      : text_(text), allowed_(allowed) {}

  std::string Run() {
    while (at_ < text_.size()) {
      if (std::string wrong = Step(); !wrong.empty()) return wrong;
    }
    return has_statement_ ? std::string() : "holds no statement";
  }

  QueryTemplate Take() && { return std::move(parsed_); }

 private:
  char Peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void Copy(std::size_t bytes) {
    parsed_.sql += text_.substr(at_, bytes);
    at_ += bytes;
  }

  std::string Step() {
    const char c = text_[at_];
    if (c == '#') return LineComment();
    if (c == '-' && Peek(1) == '-' && EndsDashes(Peek(2))) return LineComment();
    if (c == '/' && Peek(1) == '*') return BlockComment();
    if (c == ';') return EndOfStatement();
    if (!IsSpace(c)) has_statement_ = true;
    if (c == '\'' || c == '"' || c == '`') return QuotedText(c);
    if (c == ':') return Parameter();
    if (c == '?') return "has a bare '?'; write a named parameter" + Allowed();
    Copy(1);
    return {};
  }

  // "--" opens a comment only before white space, a control character or the end.
  static bool EndsDashes(char c) { return IsSpace(c) || (c >= '\0' && c < ' ') || c == 0x7f; }

  std::string LineComment() {
    const std::size_t end = text_.find('\n', at_);
    Copy(end == std::string_view::npos ? text_.size() - at_ : end - at_);
    return {};
  }

  std::string BlockComment() {
    if (Peek(2) == '!' || (Peek(2) == 'M' && Peek(3) == '!')) {
      return "has an executable comment /*! */, which some servers run and others skip; write "
             "plain SQL";
    }
    const std::size_t end = text_.find("*/", at_ + 2);
    if (end == std::string_view::npos) return "has a comment /* that is never closed";
    Copy(end + 2 - at_);
    return {};
  }

  std::string EndOfStatement() {
    if (text_.find_first_not_of(" \t\n\v\f\r", at_ + 1) != std::string_view::npos) {
      return "has something behind the ';'; one statement is allowed";
    }
    at_ = text_.size();
    return {};
  }

  std::string QuotedText(char quote) {
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\' && quote != '`') {
        ++i;
      } else if (text_[i] == ':' && !IsWord(text_[i - 1])) {
        const std::string_view word = WordAt(text_, i + 1);
        if (ParameterByName(word) != QueryParameter::kCount) {
          return "has the parameter :" + std::string(word) +
                 " inside quotes; parameters are bound and need no quotes";
        }
      } else if (text_[i] == quote) {
        if (i + 1 < text_.size() && text_[i + 1] == quote) {
          ++i;  // a doubled quote stands for itself
        } else {
          Copy(i + 1 - at_);
          return {};
        }
      }
    }
    return std::string("has a quote ") + quote + " that is never closed";
  }

  std::string Parameter() {
    if (Peek(1) == ':' || Peek(1) == '=') {
      Copy(2);
      return {};
    }
    const std::string_view word = WordAt(text_, at_ + 1);
    if (word.empty()) return "has a ':' that begins no parameter" + Allowed();
    const QueryParameter parameter = ParameterByName(word);
    if (parameter == QueryParameter::kCount)
      return "has the unknown parameter " + Quoted(":" + std::string(word)) + Allowed();
    if (!allowed_.Contains(parameter)) {
      return "has the parameter :" + std::string(word) + ", which this query cannot have" +
             Allowed();
    }
    at_ += 1 + word.size();
    parsed_.sql += '?';
    parsed_.parameters.push_back(parameter);
    return {};
  }

  std::string Allowed() const {
    std::string allowed;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (allowed_.Contains(static_cast<QueryParameter>(i)))
        allowed += " :" + std::string(kNames[i]);
    }
    return "; allowed:" + (allowed.empty() ? " none" : allowed);
  }

  std::string_view text_;
  QueryParameterSet allowed_;
  std::size_t at_ = 0;
  bool has_statement_ = false;
  QueryTemplate parsed_;
};

}  // namespace

std::string_view NameOf(QueryParameter parameter) {
  return kNames[static_cast<std::size_t>(parameter)];
}

std::expected<QueryTemplate, std::string> ParseQueryTemplate(std::string_view text,
                                                             QueryParameterSet allowed) {
  if (text.empty()) return QueryTemplate{};
  if (text.size() > kMaxBytes) return std::unexpected("has more than 16384 bytes");
  if (text.find('\0') != std::string_view::npos) return std::unexpected("holds a NUL byte");
  TemplateLexer lexer(text, allowed);
  if (std::string wrong = lexer.Run(); !wrong.empty()) return std::unexpected(std::move(wrong));
  return std::move(lexer).Take();
}

}  // namespace sqlmap
