#include "common/snapshot/control.h"

#include <array>
#include <bit>

#include "common/snapshot/hash.h"

namespace sqlmap {
namespace {

struct RuleWords {
  std::array<std::uint64_t, 4> first;
  std::array<std::uint64_t, 4> rest;
  std::uint64_t max;
};
static_assert(sizeof(RuleWords) == ControlPage::kRuleWords * sizeof(std::uint64_t));
using Words = std::array<std::uint64_t, ControlPage::kRuleWords>;

std::uint64_t CheckOf(const Words& words) noexcept {
  return XXH3_64bits_withSeed(words.data(), sizeof words, kControlMagic);
}

}  // namespace

bool MayBeName(const ControlPage& page, std::string_view name) noexcept {
  Words words;
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] = page.rules[i].load(std::memory_order_relaxed);
  // Rules that are just being changed are none.
  if (page.rules_check.load(std::memory_order_relaxed) != CheckOf(words)) return true;
  const auto rules = std::bit_cast<RuleWords>(words);
  return NameRules{std::bit_cast<ByteSet>(rules.first), std::bit_cast<ByteSet>(rules.rest),
                   rules.max}
      .Allows(name);
}

void StoreNameRules(ControlPage& page, const NameRules& rules) noexcept {
  using Set = std::array<std::uint64_t, 4>;
  const auto words = std::bit_cast<Words>(
      RuleWords{std::bit_cast<Set>(rules.first), std::bit_cast<Set>(rules.rest), rules.max});
  page.rules_check.store(0, std::memory_order_release);
  for (std::size_t i = 0; i < words.size(); ++i)
    page.rules[i].store(words[i], std::memory_order_relaxed);
  page.rules_check.store(CheckOf(words), std::memory_order_release);
}

}  // namespace sqlmap
