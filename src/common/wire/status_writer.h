// The daemon's end of status_keys.h.
#ifndef SQLMAP_COMMON_WIRE_STATUS_WRITER_H_
#define SQLMAP_COMMON_WIRE_STATUS_WRITER_H_

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <initializer_list>
#include <string>
#include <string_view>

#include "common/wire/status_keys.h"

namespace sqlmap {

class StatusWriter {
 public:
  // A key of the table; any other does not compile.
  class Key {
   public:
    consteval Key(const char* pattern)
        : key_(std::ranges::find(kStatusKeys, std::string_view(pattern), &StatusKey::key)) {
      if (key_ == std::end(kStatusKeys)) throw "no such key";
    }
    const StatusKey& operator*() const { return *key_; }

   private:
    const StatusKey* key_;
  };
  using Stars = std::initializer_list<std::string_view>;

  explicit StatusWriter(bool for_root) : for_root_(for_root) {}

  void Add(Key key, std::string_view value, Stars stars = {}) {
    if (((*key).root_only && !for_root_) || value.empty()) return;
    const auto* star = stars.begin();
    for (const char c : (*key).key) c == '*' ? text_ += * star++ : text_ += c;
    text_ += ' ';
    // A line is a line.
    for (const char c : value) text_ += c == '\n' || c == '\0' ? ' ' : c;
    text_ += '\n';
  }
  void Add(Key key, std::integral auto value, Stars stars = {}) {
    Add(key, std::string_view(std::to_string(value)), stars);
  }
  void AddMicroseconds(Key key, std::uint64_t us, Stars stars = {}) {
    char text[40];
    std::snprintf(text, sizeof text, "%llu.%06llu", static_cast<unsigned long long>(us / 1'000'000),
                  static_cast<unsigned long long>(us % 1'000'000));
    Add(key, std::string_view(text), stars);
  }

  const std::string& text() const { return text_; }

 private:
  const bool for_root_;
  std::string text_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_STATUS_WRITER_H_
