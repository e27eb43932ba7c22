#include "common/password/digest.h"

#include <openssl/hmac.h>

#include <stdexcept>

namespace sqlmap {
namespace {

const EVP_MD* Md(HashFunction function) {
  switch (function) {
    case HashFunction::kMd5:
      return EVP_md5();
    case HashFunction::kSha1:
      return EVP_sha1();
    case HashFunction::kSha256:
      return EVP_sha256();
    case HashFunction::kSha384:
      return EVP_sha384();
    case HashFunction::kSha512:
      return EVP_sha512();
  }
  return nullptr;
}

void Require(bool done) {
  if (!done) throw std::runtime_error("OpenSSL could not compute a digest");
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

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

Digest Hash(HashFunction function, std::initializer_list<std::string_view> parts) {
  Hasher hasher(function);
  for (const std::string_view part : parts) hasher.Add(part);
  return hasher.Finish();
}

Digest Hmac(HashFunction function, std::string_view key, std::string_view message) {
  Digest digest(function);
  Require(HMAC(Md(function), key.data(), static_cast<int>(key.size()), Bytes(message),
               message.size(), digest.data(), nullptr) != nullptr);
  return digest;
}

Digest Pbkdf2(HashFunction function, std::string_view password, std::string_view salt,
              std::uint32_t iterations) {
  Digest digest(function);
  Require(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), Bytes(salt),
                            static_cast<int>(salt.size()), static_cast<int>(iterations),
                            Md(function), static_cast<int>(DigestSize(function)),
                            digest.data()) == 1);
  return digest;
}

}  // namespace sqlmap
