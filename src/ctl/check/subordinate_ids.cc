#include "ctl/check/subordinate_ids.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMostRanges = 20;
constexpr std::size_t kMostNamed = 3;
constexpr std::uint64_t kLastId = std::numeric_limits<std::uint32_t>::max();

// What stands before the next colon, which goes with it.
std::string_view TakeField(std::string_view& line) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, colon);
  line.remove_prefix(std::min(colon + 1, line.size()));
  return field;
}

// As newuidmap(1) reads it, octal and hexadecimal ones, too.
std::optional<std::uint64_t> NumberOf(std::string_view field) {
  const std::string text(field);
  if (text.empty() || text.find('-') != std::string::npos) return std::nullopt;
  char* end = nullptr;
  errno = 0;
  const std::uint64_t number = std::strtoull(text.c_str(), &end, 0);
  if (errno != 0 || end != text.c_str() + text.size()) return std::nullopt;
  return number;
}

// Whom the file means: a name as it is, a uid's account if the host has one.
std::string NameOf(std::string_view owner, const LocalIds& users) {
  const auto uid = NumberOf(owner);
  if (users.IdOf(owner) || !uid || *uid > kLastId) return std::string(owner);
  const std::string_view name = users.OwnerOf(static_cast<std::uint32_t>(*uid));
  return std::string(name.empty() ? owner : name);
}

// By id, each name with an id once.
std::vector<std::uint32_t> Sorted(const NameTally& ids) {
  std::vector<std::uint32_t> order = ids.ById();
  const auto same = [&](std::uint32_t a, std::uint32_t b) {
    return ids.id(a) == ids.id(b) && ids.name(a) == ids.name(b);
  };
  order.erase(std::ranges::unique(order, same).begin(), order.end());
  return order;
}

std::string Some(const NameTally& ids, std::span<const std::uint32_t> places) {
  std::string text;
  for (const std::uint32_t i : places.first(std::min(places.size(), kMostNamed))) {
    text.append(text.empty() ? "" : ", ").append(ids.name(i));
    text.append(" (").append(std::to_string(ids.id(i))).append(")");
  }
  return text + (places.size() > kMostNamed ? ", ..." : "");
}

}  // namespace

std::vector<SubordinateRange> SubordinateRangesIn(std::string_view text) {
  std::vector<SubordinateRange> ranges;
  std::size_t number = 0;
  for (std::string_view line : LinesOf(text)) {
    ++number;
    const std::string_view owner = TakeField(line);
    const auto first = NumberOf(TakeField(line));
    const auto count = NumberOf(TakeField(line));
    if (owner.empty() || owner[0] == '#' || !first || *first > kLastId || !count || *count == 0)
      continue;
    const std::uint64_t last = *first + std::min(*count - 1, kLastId - *first);
    ranges.push_back(
        {static_cast<std::uint32_t>(*first), static_cast<std::uint32_t>(last), owner, number});
  }
  return ranges;
}

void ReportSubordinateIds(const NameTally& ids, std::string_view text, const LocalIds& users,
                          Findings& findings) {
  const std::vector<SubordinateRange> ranges = SubordinateRangesIn(text);
  if (ranges.empty()) return;
  const std::vector<std::uint32_t> order = Sorted(ids);
  const auto id_of = [&](std::uint32_t i) { return ids.id(i); };
  const std::string what(ids.what());
  const std::string subject = "subordinate " + what + "s";
  const std::string file = "/etc/sub" + what;
  std::size_t found = 0;
  for (const SubordinateRange& range : ranges) {
    const auto begin = std::ranges::lower_bound(order, range.first, {}, id_of);
    const auto end = std::ranges::upper_bound(begin, order.end(), range.last, {}, id_of);
    if (begin == end || ++found > kMostRanges) continue;
    const auto count = static_cast<std::size_t>(end - begin);
    const std::string first = std::to_string(range.first);
    const std::string last = std::to_string(range.last);
    const std::string owner = NameOf(range.owner, users);
    // usermod(8) would not do: it refuses while the owner has a process, and knows no line by uid.
    std::string found_here = std::to_string(count);
    found_here.append(what == "uid" ? " account" : " group");
    found_here.append(count == 1 ? " has a " : "s have ")
        .append(what)
        .append(count == 1 ? "" : "s");
    found_here.append(" from ").append(first).append(" to ").append(last);
    found_here.append(", which line ").append(std::to_string(range.line)).append(" of ");
    found_here.append(file).append(" gives to ").append(owner).append(": ");
    found_here.append(Some(ids, {begin, end}));
    std::string remedy = "containers of " + owner;
    remedy.append("'s read and write all that is theirs: delete that line if there are none, or ");
    remedy.append("give them other ").append(what).append("s: see [accounts] uid_offset");
    findings.Warning(subject, std::move(found_here), std::move(remedy));
  }
  if (found > kMostRanges) {
    findings.Warning(subject,
                     std::to_string(found - kMostRanges) + " more ranges of " + file +
                         " have such " + what + "s",
                     "mend those above first");
  }
}

}  // namespace sqlmap
