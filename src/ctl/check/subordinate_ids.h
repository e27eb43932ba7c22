// Ids that /etc/subuid and /etc/subgid give to local users, against those of the database. Pure.
//
// newuidmap(1) and newgidmap(1) map such a range into a user namespace for its owner, who is root
// there: he reads and writes whatever belongs to one of its ids. Whoever has a row with such an id,
// in turn, owns what the owner's containers have written.
#ifndef SQLMAP_CTL_CHECK_SUBORDINATE_IDS_H_
#define SQLMAP_CTL_CHECK_SUBORDINATE_IDS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "common/account/local_ids.h"
#include "ctl/check/finding.h"
#include "ctl/check/tally.h"

namespace sqlmap {

struct SubordinateRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::string_view owner;  // a name or a uid, as it stands in the text
  std::size_t line = 0;    // from 1

  friend bool operator==(const SubordinateRange&, const SubordinateRange&) = default;
};

// The ranges in the text of subuid(5) or subgid(5), in its order. A line that is none is left out,
// as newuidmap(1) does; one that goes on behind the last id of all ends there.
std::vector<SubordinateRange> SubordinateRangesIn(std::string_view text);

// A warning for each range that has ids of `ids`, up to 20; nothing if there is none. `text`: that
// of /etc/subuid if `ids` are users, else of /etc/subgid. `users`: the host's own.
void ReportSubordinateIds(const NameTally& ids, std::string_view text, const LocalIds& users,
                          Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_SUBORDINATE_IDS_H_
