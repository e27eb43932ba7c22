// Composes one line for the log in a buffer of fixed size: bounded, printable, no allocation, no
// exceptions.
//
// Text that somebody else chose (a row's owner, a user name, a host name) goes through Foreign, so
// that nobody can forge a line, hide one behind terminal escapes, or push the words that matter out
// of the buffer.
#ifndef SQLMAP_COMMON_ACCOUNT_LINE_WRITER_H_
#define SQLMAP_COMMON_ACCOUNT_LINE_WRITER_H_

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sqlmap {

class LineWriter {
 public:
  static constexpr std::size_t kMaxForeign = 64;

  // Writes over `buffer`, at least 8 bytes, which then always holds a NUL-terminated text. What
  // does not fit is cut off, and the text ends with "...".
  explicit LineWriter(std::span<char> buffer) : buffer_(buffer) { buffer_[0] = '\0'; }
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // Our own words.
  LineWriter& Text(std::string_view text) {
    for (const char c : text) Put(c);
    return *this;
  }

  LineWriter& Number(std::int64_t number) {
    char digits[24];
    const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);
    return Text({digits, static_cast<std::size_t>(end.ptr - digits)});
  }

  // At most kMaxForeign bytes of somebody else's words; whatever is not printable ASCII becomes
  // '?'. Quoted if there is more in it than a name, a number or an address has, so that it cannot
  // be taken for ours.
  LineWriter& Foreign(std::string_view text) {
    const bool cut = text.size() > kMaxForeign;
    const std::string_view kept(text.data(), cut ? kMaxForeign : text.size());
    bool plain = !kept.empty();
    for (const char c : kept) plain = plain && IsPlain(c);
    if (!plain) Put('"');
    for (const char c : kept) Put(IsPlain(c) || IsHarmless(c) ? c : '?');
    if (!plain) Put('"');
    return cut ? Text("...") : *this;
  }

  bool empty() const { return length_ == 0; }
  std::string_view text() const { return {buffer_.data(), length_}; }

 private:
  static constexpr bool IsPlain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '@' || c == '+' || c == '-' || c == ':' || c == '/' || c == '%';
  }
  static constexpr bool IsHarmless(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

  void Put(char c) {
    if (length_ + 1 < buffer_.size()) {
      buffer_[length_++] = c;
      buffer_[length_] = '\0';
    } else {
      for (std::size_t i = length_ - 3; i < length_; ++i) buffer_[i] = '.';
    }
  }

  std::span<char> buffer_;
  std::size_t length_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_LINE_WRITER_H_
