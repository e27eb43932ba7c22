#include "common/snapshot/control.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <span>
#include <utility>

#include "common/snapshot/hash.h"

namespace sqlmap {
namespace {

struct RuleWords {
  std::array<std::uint64_t, 4> first;
  std::array<std::uint64_t, 4> rest;
  std::uint64_t max;
};
static_assert(sizeof(RuleWords) == ControlPage::kRuleWords * sizeof(std::uint64_t));
using RawRules = std::array<std::uint64_t, ControlPage::kRuleWords>;
using RawIds = std::array<std::uint64_t, ControlPage::kIdWords>;

std::uint64_t CheckOf(const RawRules& words) noexcept {
  return XXH3_64bits_withSeed(words.data(), sizeof words, kControlMagic);
}

// An IdBlock's numbers, each read so that none is read before the sequence.
class IdReader {
 public:
  explicit IdReader(const ControlPage& page) : page_(page) {}

  std::uint32_t operator[](std::size_t number) const {
    const std::uint64_t word = page_.ids[number / 2].load(std::memory_order_acquire);
    return static_cast<std::uint32_t>(number % 2 == 0 ? word : word >> 32);
  }
  // Whether one of the `count` single ids from `from` on is `id`, as many as there can be.
  bool Has(std::size_t from, std::size_t count, std::uint32_t id) const {
    for (std::size_t i = from; i < std::min(from + count, IdBlock::kMost); ++i) {
      if ((*this)[kSingle + i] == id) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kSingle = offsetof(IdBlock, ids) / sizeof(std::uint32_t);
  const ControlPage& page_;
};

bool Judge(const ControlPage& page, IdKind kind, std::uint32_t id) noexcept {
  const IdReader block(page);
  const std::size_t uids_also = block[2];
  const std::size_t uids_never = block[3];
  const bool uid = kind == IdKind::kUid;
  const std::size_t of_kind = uid ? 0 : 4;
  const std::size_t also = uid ? uids_also : block[6];
  const std::size_t never = uid ? uids_never : block[7];
  const std::size_t begin = uid ? 0 : uids_also + uids_never;
  if (block.Has(begin, also, id)) return true;
  return id >= block[of_kind] && id <= block[of_kind + 1] && !block.Has(begin + also, never, id);
}

}  // namespace

bool MayBeName(const ControlPage& page, std::string_view name) noexcept {
  RawRules words;
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
  const auto words = std::bit_cast<RawRules>(
      RuleWords{std::bit_cast<Set>(rules.first), std::bit_cast<Set>(rules.rest), rules.max});
  page.rules_check.store(0, std::memory_order_release);
  for (std::size_t i = 0; i < words.size(); ++i)
    page.rules[i].store(words[i], std::memory_order_relaxed);
  page.rules_check.store(CheckOf(words), std::memory_order_release);
}

bool MayHaveId(const ControlPage& page, IdKind kind, std::uint32_t id) noexcept {
  if (IsReservedId(id)) return false;
  constexpr int kTries = 100;
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t sequence = page.ids_sequence.load(std::memory_order_acquire);
    if (sequence == 0) return false;
    if (sequence % 2 != 0) continue;
    const bool may = Judge(page, kind, id);
    if (page.ids_sequence.load(std::memory_order_relaxed) == sequence) return may;
  }
  return false;
}

void StoreIds(ControlPage& page, const AccountIds& ids) noexcept {
  IdBlock block{};
  std::size_t used = 0;
  std::size_t left = IdBlock::kMost - ids.uids.also.size() - ids.gids.also.size();
  const auto put = [&](std::span<const std::uint32_t> list) {
    std::copy(list.begin(), list.end(), block.ids + used);
    used += list.size();
    return static_cast<std::uint32_t>(list.size());
  };
  for (auto [limits, kind] : {std::pair(&ids.uids, &block.uids), {&ids.gids, &block.gids}}) {
    const auto never = limits->never.first(std::min(limits->never.size(), left));
    left -= never.size();
    *kind = {limits->min, limits->max, put(limits->also), put(never)};
  }
  const auto words = std::bit_cast<RawIds>(block);
  // Odd already if the writer before us died in the middle.
  const std::uint64_t odd = page.ids_sequence.load(std::memory_order_relaxed) | 1;
  page.ids_sequence.store(odd, std::memory_order_relaxed);
  for (std::size_t i = 0; i < words.size(); ++i)
    page.ids[i].store(words[i], std::memory_order_release);  // not before the odd sequence
  page.ids_sequence.store(odd + 1, std::memory_order_release);
}

}  // namespace sqlmap
