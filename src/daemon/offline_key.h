// What binds the remembered logins to this host: a key of 32 random bytes, which never leaves it.
// Without the key, what is stored says neither whose logins they were nor what the passwords are.
#ifndef SQLMAP_DAEMON_OFFLINE_KEY_H_
#define SQLMAP_DAEMON_OFFLINE_KEY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>

namespace sqlmap {

// Stands for some text, on this host alone.
using OfflineId = std::array<std::uint8_t, 16>;
// They are random already.
struct OfflineIdHash {
  std::size_t operator()(const OfflineId& id) const {
    std::size_t hash = 0;
    std::memcpy(&hash, id.data(), sizeof hash);
    return hash;
  }
};
using OfflineSalt = std::array<std::uint8_t, 16>;
using OfflineHash = std::array<std::uint8_t, 32>;

class OfflineKey {
 public:
  static constexpr std::size_t kBytes = 32;
  // argon2id over a password: what OWASP names as the least, 20 ms of one processor.
  static constexpr std::uint32_t kHashKib = 19 * 1024;
  static constexpr std::uint32_t kHashPasses = 2;

  // `bytes` are kBytes.
  explicit OfflineKey(std::string_view bytes);
  OfflineKey(const OfflineKey&) = default;
  OfflineKey& operator=(const OfflineKey&) = delete;
  ~OfflineKey();

  // Keyed BLAKE2b of the texts: others, or others in number, have another one.
  OfflineId Id(std::initializer_list<std::string_view> texts) const;
  // The same of one piece of bytes: what only the key's owner can have written.
  OfflineId Check(std::string_view bytes) const;
  // argon2id with the key as its secret. Throws std::bad_alloc.
  OfflineHash Hash(std::string_view password, const OfflineSalt& salt) const;

 private:
  std::array<std::uint8_t, kBytes> bytes_{};
};

// Takes the same time wherever they differ.
bool SameHash(const OfflineHash& a, const OfflineHash& b);
OfflineSalt RandomSalt();

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_OFFLINE_KEY_H_
