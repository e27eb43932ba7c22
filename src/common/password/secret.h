// Memory for passwords, hashes and what is computed between them: wiped when it is freed.
#ifndef SQLMAP_COMMON_PASSWORD_SECRET_H_
#define SQLMAP_COMMON_PASSWORD_SECRET_H_

#include <openssl/crypto.h>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace sqlmap {

template <class T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() = default;
  template <class U>
  WipingAllocator(const WipingAllocator<U>&) {
  }  // NOLINT(google-explicit-constructor): as allocators are

  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) {
    OPENSSL_cleanse(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) { return true; }
};

// Any bytes. A vector and not a string, because a short string lives outside its allocator.
using SecretText = std::vector<char, WipingAllocator<char>>;

inline std::string_view View(const SecretText& text) { return {text.data(), text.size()}; }

inline void Append(SecretText& text, std::string_view more) {
  text.insert(text.end(), more.begin(), more.end());
}

// Compares all of both; takes the same time wherever they differ. Lengths are not a secret.
inline bool SameBytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_SECRET_H_
