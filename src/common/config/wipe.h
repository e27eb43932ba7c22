// Takes a secret out of memory that is about to be freed.
#ifndef SQLMAP_COMMON_CONFIG_WIPE_H_
#define SQLMAP_COMMON_CONFIG_WIPE_H_

#include <string.h>

#include <string>

namespace sqlmap {

// The text, and what a short one leaves in the string itself when it is moved away.
inline void Wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // never allocates
  explicit_bzero(text.data(), text.size());
  text.clear();
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_WIPE_H_
