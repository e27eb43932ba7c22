// sqlmapd's status (common/wire/status_keys.h), as sqlmapctl shows it. Pure: text in, values out.
#ifndef SQLMAP_CTL_STATUS_REPORT_H_
#define SQLMAP_CTL_STATUS_REPORT_H_

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/status_keys.h"

namespace sqlmap {

struct StatusLine {
  const StatusKey* key;
  std::array<std::string, 2> stars;  // what stands for each "*"
  std::string value;                 // of the key's type
};
// In the order of the table.
using StatusReport = std::vector<StatusLine>;

// What is unknown, or not what its key says, is left out: a value that does not fit its type
// (kSeconds and all of kSummary but the count have six digits behind the dot; the rest are whole
// numbers, no larger than int64_t for kTime, uint64_t for the others), a first star that is a
// number, a second one that is none.
StatusReport ParseStatus(std::string_view text);

// A level for each part of a key.
nlohmann::ordered_json StatusJson(const StatusReport& report);

// Prometheus' text format, version 0.0.4. Empty: sqlmapd does not answer.
std::string StatusMetrics(const StatusReport& report);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_STATUS_REPORT_H_
