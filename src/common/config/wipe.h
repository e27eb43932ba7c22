// Takes a secret out of memory that is about to be freed.
#ifndef SQLMAP_COMMON_CONFIG_WIPE_H_
#define SQLMAP_COMMON_CONFIG_WIPE_H_

#include <string.h>

#include <string>

namespace sqlmap {

// The text, and what a short one that was moved away has left in the string itself.
inline void Wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // never allocates
  explicit_bzero(text.data(), text.size());
  text.clear();
}

// A string that is wiped when it goes, also after it was moved away: a short one leaves its bytes
// behind.
class Secret : public std::string {
 public:
  using std::string::string;
  using std::string::operator=;
  Secret() = default;
  Secret(const Secret&) = default;
  Secret(Secret&&) = default;
  Secret& operator=(const Secret&) = default;
  Secret& operator=(Secret&&) = default;
  ~Secret() { Wipe(*this); }
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_WIPE_H_
