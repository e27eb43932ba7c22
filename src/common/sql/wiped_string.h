// A copy of a secret that is wiped when it goes.
#ifndef SQLMAP_COMMON_SQL_WIPED_STRING_H_
#define SQLMAP_COMMON_SQL_WIPED_STRING_H_

#include <string.h>

#include <memory>
#include <string_view>

namespace sqlmap {

// The bytes stay where they were allocated, so that moving one leaves no copy behind.
class WipedString {
 public:
  explicit WipedString(std::string_view text)
      : bytes_(std::make_unique<char[]>(text.size())), size_(text.size()) {
    text.copy(bytes_.get(), size_);
  }
  WipedString(WipedString&&) noexcept = default;
  WipedString& operator=(WipedString&&) = delete;
  ~WipedString() {
    if (bytes_ != nullptr) explicit_bzero(bytes_.get(), size_);
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t size_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_WIPED_STRING_H_
