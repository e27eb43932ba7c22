#include "common/password/digest.h"

#include <atomic>
#include <stdexcept>

#include "common/password/secret.h"

namespace sqlmap {
namespace {

constexpr std::array<const char*, 5> kNames{"MD5", "SHA1", "SHA2-256", "SHA2-384", "SHA2-512"};

// Never freed: other threads may compute until the process ends.
constinit std::array<std::atomic<EVP_MD*>, kNames.size()> g_fetched{};

const EVP_MD* Md(HashFunction function) {
  const auto at = static_cast<std::size_t>(function);
  EVP_MD* md = g_fetched[at].load(std::memory_order_acquire);
  if (md != nullptr) return md;
  EVP_MD* const fresh = EVP_MD_fetch(nullptr, kNames[at], nullptr);
  if (fresh == nullptr || g_fetched[at].compare_exchange_strong(md, fresh)) return fresh;
  EVP_MD_free(fresh);  // another thread was as quick
  return md;
}

void Require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL could not compute a digest");
}

// RFC 2104.
class HmacKey {
 public:
  HmacKey(HashFunction function, std::string_view key)
      : inner_(function), outer_(function), hasher_(function) {
    const std::size_t block = DigestSize(function) > 32 ? 128 : 64;
    const Digest short_key = key.size() > block ? Hash(function, {key}) : Digest(function);
    if (key.size() > block) key = short_key.view();
    SecretText pad(block);
    for (std::size_t i = 0; i < block; ++i)
      pad[i] = static_cast<char>((i < key.size() ? key[i] : 0) ^ 0x36);
    inner_.Add(View(pad));
    for (char& c : pad) c = static_cast<char>(c ^ 0x36 ^ 0x5c);
    outer_.Add(View(pad));
  }

  Digest Of(std::initializer_list<std::string_view> parts) {
    hasher_.Resume(inner_);
    for (const std::string_view part : parts) hasher_.Add(part);
    const Digest inner = hasher_.Finish();
    hasher_.Resume(outer_);
    return hasher_.Add(inner.view()).Finish();
  }

 private:
  Hasher inner_;
  Hasher outer_;
  Hasher hasher_;
};

}  // namespace

Hasher::Hasher(HashFunction function) : function_(function), context_(EVP_MD_CTX_new()) {
  Require(context_ && EVP_DigestInit_ex(context_.get(), Md(function_), nullptr) == 1);
}

Hasher& Hasher::Add(std::string_view bytes) {
  Require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  return *this;
}

Digest Hasher::Finish() {
  Digest digest(function_);
  Require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1 &&
          EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1);
  return digest;
}

void Hasher::Resume(const Hasher& other) {
  Require(EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1);
}

void FetchDigests() noexcept {
  for (std::size_t i = 0; i < kNames.size(); ++i) (void)Md(static_cast<HashFunction>(i));
}

Digest Hash(HashFunction function, std::initializer_list<std::string_view> parts) {
  Hasher hasher(function);
  for (const std::string_view part : parts) hasher.Add(part);
  return hasher.Finish();
}

Digest Hmac(HashFunction function, std::string_view key, std::string_view message) {
  return HmacKey(function, key).Of({message});
}

// RFC 8018 section 5.2, with one block.
Digest Pbkdf2(HashFunction function, std::string_view password, std::string_view salt,
              std::uint32_t iterations) {
  HmacKey key(function, password);
  Digest last = key.Of({salt, std::string_view("\0\0\0\1", 4)});
  Digest sum = last;
  for (std::uint32_t i = 1; i < iterations; ++i) {
    last = key.Of({last.view()});
    for (std::size_t at = 0; at < DigestSize(function); ++at) sum.data()[at] ^= last.data()[at];
  }
  return sum;
}

}  // namespace sqlmap
