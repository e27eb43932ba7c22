#include "common/config/toml_prescan.h"

#include <algorithm>

namespace sqlmap {
namespace {

constexpr int kMaxDots = 15;

bool IsPlain(char c) { return c == '\t' || (c >= ' ' && c < 0x7f); }

// Follows the strings of TOML 1.0, so that a '#' or '.' in one is not mistaken. Behind the first
// syntax error it may lose its way: toml++ does not get there.
class Prescanner {
 public:
  explicit Prescanner(std::string_view text) : text_(text) { result_.text.reserve(text.size()); }

  PrescannedToml Run() && {
    int dots = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        PassComment();
        continue;
      }
      if (c == '"' || c == '\'') {
        PassString(c);
        continue;
      }
      if (c == '=' || c == ',' || c == '[' || c == '\n') dots = 0;
      if (c == '.' && ++dots > kMaxDots) {
        result_.deep_key_line =
            1 + static_cast<unsigned>(std::count(text_.begin(), text_.begin() + Offset(), '\n'));
        break;
      }
      Copy(1);
    }
    return std::move(result_);
  }

 private:
  std::string_view::difference_type Offset() const {
    return static_cast<std::string_view::difference_type>(at_);
  }
  void Copy(std::size_t bytes) {
    bytes = std::min(bytes, text_.size() - at_);
    result_.text += text_.substr(at_, bytes);
    at_ += bytes;
  }

  void PassComment() {
    std::size_t end = at_;
    bool plain = true;
    while (end < text_.size() && text_[end] != '\r' && text_[end] != '\n')
      plain = IsPlain(text_[end++]) && plain;
    if (!plain) result_.text += text_.substr(at_, end - at_);
    at_ = end;
  }

  void PassString(char quote) {
    const std::string fence(3, quote);
    const bool multi_line = text_.substr(at_).starts_with(fence);
    Copy(multi_line ? 3 : 1);
    while (at_ < text_.size()) {
      if (text_[at_] == '\\' && quote == '"') {
        Copy(2);
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

  std::string_view text_;
  std::size_t at_ = 0;
  PrescannedToml result_;
};

}  // namespace

PrescannedToml PrescanToml(std::string_view text) { return Prescanner(text).Run(); }

}  // namespace sqlmap
