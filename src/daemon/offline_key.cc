#include "daemon/offline_key.h"

#include <argon2.h>
#include <sodium.h>
#include <string.h>

#include <algorithm>
#include <new>

#include "common/password/secret.h"

namespace sqlmap {

OfflineKey::OfflineKey(std::string_view bytes) {
  std::copy_n(bytes.begin(), std::min(bytes.size(), kBytes), bytes_.begin());
}

OfflineKey::~OfflineKey() { explicit_bzero(bytes_.data(), bytes_.size()); }

OfflineId OfflineKey::Id(std::initializer_list<std::string_view> texts) const {
  crypto_generichash_state state;
  OfflineId id{};
  crypto_generichash_init(&state, bytes_.data(), bytes_.size(), id.size());
  for (const std::string_view text : texts) {
    const std::uint64_t size = text.size();
    crypto_generichash_update(&state, reinterpret_cast<const std::uint8_t*>(&size), sizeof size);
    crypto_generichash_update(&state, reinterpret_cast<const std::uint8_t*>(text.data()), size);
  }
  crypto_generichash_final(&state, id.data(), id.size());
  return id;
}

OfflineId OfflineKey::Check(std::string_view bytes) const { return Id({"check", bytes}); }

OfflineHash OfflineKey::Hash(std::string_view password, const OfflineSalt& salt) const {
  SecretText phrase(password.begin(), password.end());
  OfflineSalt seasoning = salt;
  OfflineKey key = *this;
  OfflineHash hash{};
  argon2_context context{};
  context.out = hash.data();
  context.outlen = hash.size();
  context.pwd = reinterpret_cast<std::uint8_t*>(phrase.data());
  context.pwdlen = static_cast<std::uint32_t>(phrase.size());
  context.salt = seasoning.data();
  context.saltlen = seasoning.size();
  context.secret = key.bytes_.data();
  context.secretlen = kBytes;
  context.t_cost = kHashPasses;
  context.m_cost = kHashKib;
  context.lanes = context.threads = 1;
  context.version = ARGON2_VERSION_13;
  context.flags = ARGON2_DEFAULT_FLAGS;
  // The lengths and costs are right: what is left is memory.
  if (argon2_ctx(&context, Argon2_id) != ARGON2_OK) throw std::bad_alloc();
  return hash;
}

bool SameHash(const OfflineHash& a, const OfflineHash& b) {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

OfflineSalt RandomSalt() {
  OfflineSalt salt;
  randombytes_buf(salt.data(), salt.size());
  return salt;
}

}  // namespace sqlmap
