// How much work a stored hash may ask for. A row with more is refused before anything is computed
// (kTooCostly): a hostile or mistaken row must not stop logins. Each limit is a few times what its
// scheme's usual tools write at most, and costs a second or a few on a common server.
#ifndef SQLMAP_COMMON_PASSWORD_COST_LIMITS_H_
#define SQLMAP_COMMON_PASSWORD_COST_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace sqlmap {

struct CostLimits {
  std::uint32_t sha_crypt_rounds;   // $5$, $6$, caching_sha2; default 5000, passlib writes 656000
  std::uint32_t sha1_crypt_rounds;  // $sha1$; gensalt writes 262144 at most
  std::uint32_t sun_md5_rounds;     // $md5,rounds=; gensalt writes 98303 at most
  std::uint32_t bsdi_rounds;        // _; the format ends at 2^24 - 1
  std::uint32_t bcrypt_log2;        // defaults are 10 to 12
  std::uint32_t phpass_log2;        // $S$, $P$, $H$; Drupal writes 15 or 16
  std::uint32_t
      pbkdf2_iterations;  // OWASP asks for 600000 to 1400000, Django 5 and 6 write about 1000000
  // $y$, $gy$, $7$: memory, 128 * N * r bytes, times p and t + 1. libsodium's SENSITIVE scrypt is
  // the most that passes.
  std::uint64_t scrypt_bytes;
  std::uint64_t argon2_kib;         // memory
  std::uint64_t argon2_kib_passes;  // memory times t; libsodium's SENSITIVE (1 GiB, 4 passes) is
                                    // the most that passes
  std::uint32_t argon2_lanes;
};

#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
inline constexpr CostLimits kCostLimits{
    .sha_crypt_rounds = 5'000'000,
    .sha1_crypt_rounds = 2'000'000,
    .sun_md5_rounds = 200'000,
    .bsdi_rounds = 1'000'000,
    .bcrypt_log2 = 15,
    .phpass_log2 = 20,
    .pbkdf2_iterations = 5'000'000,
    .scrypt_bytes = std::uint64_t{1} << 30,
    .argon2_kib = 1 << 20,
    .argon2_kib_passes = 4 << 20,
    .argon2_lanes = 16,
};
#else  // low enough for thousands of inputs a second, high enough for most of the test vectors
inline constexpr CostLimits kCostLimits{
    .sha_crypt_rounds = 5000,
    .sha1_crypt_rounds = 4096,
    .sun_md5_rounds = 904,
    .bsdi_rounds = 725,
    .bcrypt_log2 = 5,
    .phpass_log2 = 9,
    .pbkdf2_iterations = 1000,
    .scrypt_bytes = 1 << 20,
    .argon2_kib = 4096,
    .argon2_kib_passes = 8192,
    .argon2_lanes = 4,
};
#endif

// The work that one login may still ask for. Each hash takes its share of its own limit, and all of
// them together get no more than two hashes at their limits: that is for 16 rows of bcrypt at cost
// 12, 15 of passlib's SHA-512-crypt with 656000 rounds, 8 of Django's 1200000, 16 of Drupal's 2^17,
// or 2 of libsodium's SENSITIVE. Shares, and not seconds, so that the same rows are tried on a slow
// or busy host.
class Work {
 public:
  constexpr Work() = default;
  // Nothing at all: what costs work is refused, and says how much it asked for.
  static constexpr Work None() { return Work(0); }

  // Takes `cost` of `limit`, `times` over (at most 64, and 1 if the limit is above 2^32); false,
  // and nothing is taken, if that is more than there is.
  [[nodiscard]] constexpr bool Take(std::uint64_t cost, std::uint64_t limit,
                                    std::uint32_t times = 1) {
    refused_ = kNever;
    if (cost > limit) return false;
    const auto share = static_cast<std::uint32_t>((cost * times * kHash + limit - 1) / limit);
    if (share <= left_) {
      left_ -= share;
      return true;
    }
    refused_ = share;
    return false;
  }

  // What the last hash that was refused had asked for; the most there is if no Work suffices.
  constexpr std::uint32_t refused() const { return refused_; }

 private:
  constexpr explicit Work(std::uint32_t left) : left_(left) {}

  static constexpr std::uint32_t kHash = 1 << 20;  // times any limit: far below 2^64
  static constexpr std::uint32_t kNever = UINT32_MAX;
  std::uint32_t left_ = 2 * kHash;
  std::uint32_t refused_ = kNever;
};

// How many times longer than a usual one a password makes each round of SHA-crypt, which hashes it
// anew: with 511 bytes, eight times, as measured.
constexpr std::uint32_t ShaCryptTimes(std::size_t password_bytes) {
  return 1 + static_cast<std::uint32_t>(password_bytes / 64);
}

// What is typed: nothing longer is looked at. Some schemes allow less.
inline constexpr std::size_t kMaxPasswordBytes = 1024;
// What is stored: longer than any hash, and than a plain password in hexadecimal.
inline constexpr std::size_t kMaxStoredBytes = 2 * kMaxPasswordBytes + 64;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_PASSWORD_COST_LIMITS_H_
