// Lines of the status that have several keys each; see common/wire/status_keys.h.
#ifndef SQLMAP_DAEMON_STATUS_LINES_H_
#define SQLMAP_DAEMON_STATUS_LINES_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "common/backend/backend.h"
#include "common/process/latency.h"
#include "common/wire/status_writer.h"

namespace sqlmap {

void AddLatency(StatusWriter& status, std::string_view of, const Latency::Figures& figures);

// The two clocks now, in milliseconds: since 1970, and the one that reports are on.
struct Clocks {
  std::int64_t wall_ms;
  std::int64_t monotonic_ms;
};
void AddDatabase(StatusWriter& status, const std::vector<Backend::Report>& pools, Clocks now);

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_STATUS_LINES_H_
