// initgroups_dyn: the groups of a user, for initgroups(3) and getgrouplist(3).
//
// Without this entry glibc would read every group of the database at each login.
#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <span>

#include "nss/entry.h"
#include "nss/sources.h"

using namespace sqlmap;

namespace {

// glibc's array: `start` of its `size` elements are used, it may be moved by realloc(3), and a
// `limit` above 0 is the most elements that it may ever have.
struct GroupArray {
  long* start;
  long* size;
  gid_t** groups;
  long limit;

  std::span<const gid_t> used() const { return {*groups, static_cast<std::size_t>(*start)}; }

  // Makes room for `more` elements, or for as many as the limit allows.
  bool Reserve(std::size_t more) {
    constexpr auto kMost = static_cast<std::size_t>(LONG_MAX) / sizeof(gid_t);
    const auto begun = static_cast<std::size_t>(*start);
    if (more > kMost - begun) return false;
    long wanted = static_cast<long>(begun + more);
    if (limit > 0) wanted = std::min(wanted, limit);
    if (wanted <= *size) return true;
    const int saved = errno;
    void* const moved = std::realloc(*groups, static_cast<std::size_t>(wanted) * sizeof(gid_t));
    errno = saved;
    if (moved == nullptr) return false;
    *groups = static_cast<gid_t*>(moved);
    *size = wanted;
    return true;
  }

  bool IsFull() const { return *start >= *size || (limit > 0 && *start >= limit); }
};

// The source names each gid once; what is skipped is what other modules have put there before.
Packed Append(std::span<const Gid> gids, Gid primary, GroupArray array) {
  if (!array.Reserve(gids.size())) return Packed::kNoMemory;
  const std::size_t before = array.used().size();
  for (const Gid gid : gids) {
    if (array.IsFull()) break;
    const auto known = array.used().first(before);
    if (gid == primary || IsReservedId(gid) ||
        std::find(known.begin(), known.end(), gid) != known.end())
      continue;
    (*array.groups)[(*array.start)++] = gid;
  }
  return Packed::kWhole;
}

}  // namespace

nss_status _nss_sqlmap_initgroups_dyn(const char* user, gid_t group, long* start, long* size,
                                      gid_t** groups, long limit, int* errnop) {
  const std::string_view asked = AskedName(user);
  if (asked.empty()) return Return({Answer::Absent()}, errnop);
  const long begun = *start;
  const Outcome outcome = AskAtAGlance([=](auto& source, Packed& packed) {
    return source.FindGroupsOfUser(asked, [&](std::span<const Gid> gids) {
      *start = begun;  // a run before this one does not count
      packed = Append(gids, group, {start, size, groups, limit});
    });
  });
  if (!outcome.answer.found()) *start = begun;
  return Return(outcome, errnop);
}
