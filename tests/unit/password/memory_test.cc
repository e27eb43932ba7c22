// What is freed may be written to disk, or given to whoever asks next: neither a new password nor
// its hash is left in it.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <span>
#include <string_view>

#include "common/password/make.h"

namespace {

// Not in memory that is freed itself.
std::array<std::string_view, 2> g_secrets{};
int g_found = 0;

void Free(void* memory) {
  if (memory == nullptr) return;
  const std::string_view left(static_cast<const char*>(memory), malloc_usable_size(memory));
  for (const std::string_view secret : g_secrets) {
    if (!secret.empty() && left.contains(secret)) ++g_found;
  }
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  void* memory = std::calloc(1, std::max<std::size_t>(size, 1));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { Free(memory); }
void operator delete(void* memory, std::size_t) noexcept { Free(memory); }

namespace sqlmap {
namespace {

constexpr std::string_view kPassword = "a new password that is nowhere else";

bool SameSalt(std::span<char> bytes) noexcept {
  std::ranges::fill(bytes, 's');
  return true;
}

TEST(NewHash, LeavesNeitherPasswordNorHashInFreedMemory) {
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (!row.new_hashes.made) continue;
    std::array<char, 256> hash{};
    const auto first = MakePasswordHash(kPassword, row.scheme, row.new_hashes.least, SameSalt);
    ASSERT_TRUE(first) << row.name;
    ASSERT_LE(first->size(), hash.size());
    std::ranges::copy(*first, hash.begin());
    // The end of it is what nobody knows who has not got the password.
    g_secrets = {kPassword,
                 std::string_view(hash.data(), first->size()).substr(first->size() - 20)};
    g_found = 0;
    {
      const auto again = MakePasswordHash(kPassword, row.scheme, row.new_hashes.least, SameSalt);
      EXPECT_TRUE(again && View(*again) == View(*first)) << row.name;
    }
    g_secrets = {};
    EXPECT_EQ(g_found, 0) << row.name;
  }
}

// If it did not, the test above would show nothing.
TEST(FreedMemory, IsLookedAt) {
  g_secrets = {kPassword, {}};
  g_found = 0;
  // Not with expressions, which a compiler may leave out.
  ::operator delete(::operator new(kPassword.size()));
  EXPECT_EQ(g_found, 0);
  void* left = ::operator new(kPassword.size());
  std::ranges::copy(kPassword, static_cast<char*>(left));
  ::operator delete(left);
  g_secrets = {};
  EXPECT_EQ(g_found, 1);
}

}  // namespace
}  // namespace sqlmap
