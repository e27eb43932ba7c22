// OpenSSL's digests, and HMAC and PBKDF2 made of them, as values. Results are wiped when they go.
// Throws std::runtime_error if OpenSSL has not got the function (MD5 in FIPS mode, for example) or
// no memory.
//
// Once a digest is fetched, none of its locks is taken any more: a child that the host forks
// meanwhile would find it locked for ever. That is why HMAC() and PKCS5_PBKDF2_HMAC(), which fetch
// at each call, are not used.
#ifndef SQLMAP_COMMON_PASSWORD_DIGEST_H_
#define SQLMAP_COMMON_PASSWORD_DIGEST_H_

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>

namespace sqlmap {

enum class HashFunction : std::uint8_t { kMd5, kSha1, kSha256, kSha384, kSha512 };

constexpr std::size_t DigestSize(HashFunction function) {
  constexpr std::array<std::size_t, 5> kSizes{16, 20, 32, 48, 64};
  return kSizes[static_cast<std::size_t>(function)];
}

class Digest {
 public:
  explicit Digest(HashFunction function) : size_(DigestSize(function)) {}
  Digest(const Digest&) = default;
  Digest& operator=(const Digest&) = default;
  ~Digest() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

  unsigned char* data() { return bytes_.data(); }
  std::uint32_t operator[](std::size_t at) const { return bytes_[at]; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }

 private:
  std::array<unsigned char, 64> bytes_{};
  std::size_t size_;
};

// Fetches what this OpenSSL has of the five, once a process; else each is fetched at its first use.
// Thread safe.
void FetchDigests() noexcept;

// One message after another with the same function.
class Hasher {
 public:
  explicit Hasher(HashFunction function);
  Hasher& Add(std::string_view bytes);
  Digest Finish();  // the next Add begins a new message
  // Goes on from where the message of `other`, of the same function, stands.
  void Resume(const Hasher& other);

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  HashFunction function_;
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// The digest of all parts, one after the other.
Digest Hash(HashFunction function, std::initializer_list<std::string_view> parts);
Digest Hmac(HashFunction function, std::string_view key, std::string_view message);
// As many bytes as the digest has. `iterations` is at least 1 and within kCostLimits.
Digest Pbkdf2(HashFunction function, std::string_view password, std::string_view salt,
              std::uint32_t iterations);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_DIGEST_H_
