#include "common/config/toml_prescan.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sqlmap {
namespace {

constexpr int kMaxDots = 15;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool IsPlain(char c) { return c == '\t' || (c >= ' ' && c < 0x7f); }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Follows the strings of TOML 1.0, so that a '#' or '.' in one is not mistaken. Behind the first
// syntax error it may lose its way: toml++ does not get there.
class Prescanner {
 public:
  explicit Prescanner(std::string_view text) : text_(text) { result_.text.reserve(text.size()); }

  PrescannedToml Run() && {
    if (text_.starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
    while (at_ < text_.size() && result_.mistake.empty()) Step();
    return std::move(result_);
  }

 private:
  void Step() {
    const char c = text_[at_];
    if (c == '#') return PassComment();
    if (c == '"' || c == '\'') return PassString(c);
    if (!IsAscii(c)) return Refuse("a character that is not ASCII stands outside of quotes");
    if (c == '=' || c == ',' || c == '[' || c == '\n') dots_ = 0;
    if (c == '.' && ++dots_ > kMaxDots) return Refuse("a key has more than 16 parts");
    Copy(1);
  }

  void Refuse(std::string_view mistake) {
    result_.mistake = mistake;
    const std::string_view before = text_.substr(0, at_);
    result_.line = 1 + static_cast<unsigned>(std::count(before.begin(), before.end(), '\n'));
  }

  void Copy(std::size_t bytes) {
    const std::string_view copied = text_.substr(at_, bytes);
    result_.text += copied;
    at_ += copied.size();
  }

  void PassComment() {
    std::size_t end = at_;
    bool plain = true;
    while (end < text_.size() && text_[end] != '\r' && text_[end] != '\n') {
      plain = IsPlain(text_[end++]) && plain;
    }
    if (!plain) result_.text += text_.substr(at_, end - at_);
    at_ = end;
  }

  void PassString(char quote) {
    const std::string fence(3, quote);
    const bool multi_line = text_.substr(at_).starts_with(fence);
    Copy(multi_line ? 3 : 1);
    while (at_ < text_.size() && result_.mistake.empty()) {
      if (text_[at_] == '\\' && quote == '"') {
        PassEscape(multi_line);
      } else if (multi_line && text_.substr(at_).starts_with(fence)) {
        Copy(3);
        // Up to two more quotes belong to the text: """say "yes""""
        for (int i = 0; i < 2 && at_ < text_.size() && text_[at_] == quote; ++i) Copy(1);
        return;
      } else if (!multi_line && (text_[at_] == quote || text_[at_] == '\n')) {
        if (text_[at_] == quote) Copy(1);
        return;
      } else {
        Copy(1);
      }
    }
  }

  void PassEscape(bool multi_line) {
    Copy(1);
    const std::size_t begin = at_;
    while (multi_line && at_ < text_.size() && IsSpace(text_[at_])) Copy(1);
    if (at_ < text_.size() && !IsAscii(text_[at_])) {
      return Refuse("a character that is not ASCII stands behind a backslash");
    }
    if (at_ == begin) Copy(1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int dots_ = 0;
  PrescannedToml result_;
};

}  // namespace

PrescannedToml PrescanToml(std::string_view text) {
  const std::size_t nul = text.find('\0');
  if (nul == std::string_view::npos) return Prescanner(text).Run();
  const std::string_view before = text.substr(0, nul);
  const auto line = 1 + static_cast<unsigned>(std::count(before.begin(), before.end(), '\n'));
  return {.text = {}, .mistake = "holds a NUL byte; the file must be text (UTF-8)", .line = line};
}

}  // namespace sqlmap
