#include "common/config/wipe.h"

#include <gtest/gtest.h>

#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace sqlmap {
namespace {

constexpr std::string_view kShort = "s3cret";

// What stands in the memory of a Secret after `use` and its end.
template <class Use>
std::string Leftover(Use use) {
  alignas(Secret) unsigned char memory[sizeof(Secret)] = {};
  auto* const secret = new (memory) Secret(kShort);
  use(*secret);
  secret->~Secret();
  std::string left;
  for (const volatile unsigned char& byte : memory) left += static_cast<char>(byte);
  return left;
}

TEST(Secret, LeavesNothingOfAShortTextWhereItWas) {
  const auto nothing = [](Secret&) {};
  const auto moved = [](Secret& secret) { EXPECT_EQ(Secret(std::move(secret)), kShort); };
  const auto assigned = [](Secret& secret) {
    Secret to;
    to = std::move(secret);
    EXPECT_EQ(to, kShort);
  };
  EXPECT_FALSE(Leftover(nothing).contains(kShort.substr(1)));
  EXPECT_FALSE(Leftover(moved).contains(kShort.substr(1)));
  EXPECT_FALSE(Leftover(assigned).contains(kShort.substr(1)));
}

}  // namespace
}  // namespace sqlmap
