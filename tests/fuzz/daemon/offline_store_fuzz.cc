// Forged files of remembered logins, their check right (in this build there is none). No byte
// outside of the file is read, and what is taken for a store is written, and read, as it was.
//
// An input is what follows the header: the number of passwords, modulo 4, and the records.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/offline_store.h"

namespace {

using namespace sqlmap;

constexpr OfflineStore::Limits kLimits{std::int64_t{1} << 62, 3};
constexpr std::int64_t kNow = std::int64_t{1} << 61;
constexpr std::size_t kHeader = 56;
constexpr std::size_t kPassword = 72;
constexpr std::size_t kPass = 64;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Of exactly that size, so that the sanitizer sees what is behind it.
auto Parse(std::string_view bytes, const OfflineKey& key) {
  const auto copy = std::make_unique<char[]>(bytes.size());
  std::memcpy(copy.get(), bytes.data(), bytes.size());
  return OfflineStore::Parse({copy.get(), bytes.size()}, key, OfflineId{}, kLimits, kNow);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const OfflineKey key(std::string(OfflineKey::kBytes, 'k'));
  static const Secret empty = OfflineStore(kLimits).Serialise(key, OfflineId{});
  (void)Parse({reinterpret_cast<const char*>(data), size}, key);
  if (size == 0) return 0;
  std::string bytes(empty);
  Require(bytes.size() == kHeader);
  const std::uint32_t passwords = data[0] % 4;
  const std::size_t rest = size - 1;
  const auto passes = static_cast<std::uint32_t>(
      rest < passwords * kPassword ? 0 : (rest - passwords * kPassword) / kPass);
  std::memcpy(bytes.data() + 12, &passwords, sizeof passwords);
  std::memcpy(bytes.data() + 16, &passes, sizeof passes);
  bytes.append(reinterpret_cast<const char*>(data) + 1, rest);

  auto store = Parse(bytes, key);
  if (!store) return 0;
  Require(store->passwords() <= passwords && store->passes() <= passes);
  const Secret written = store->Serialise(key, OfflineId{});
  auto again = Parse(written, key);
  Require(again.has_value());
  Require(again->Serialise(key, OfflineId{}) == written);
  return 0;
}
