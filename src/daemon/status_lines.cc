#include "daemon/status_lines.h"

#include <algorithm>
#include <string>

namespace sqlmap {
namespace {

std::string_view WordOf(ServerList::Report::State state) {
  using State = ServerList::Report::State;
  switch (state) {
    case State::kUp:
      return "up";
    case State::kFailing:
      return "failing";
    case State::kRefused:
      return "refused";
    case State::kFull:
      return "full";
    case State::kUnasked:
      break;
  }
  return "-";
}

}  // namespace

void AddLatency(StatusWriter& status, std::string_view of, const Latency::Figures& figures) {
  if (figures.recent != 0) {
    status.AddMicroseconds("latency.*.p50", figures.p50_us, {of});
    status.AddMicroseconds("latency.*.p90", figures.p90_us, {of});
    status.AddMicroseconds("latency.*.p99", figures.p99_us, {of});
    status.AddMicroseconds("latency.*.max", figures.max_us, {of});
  }
  status.AddMicroseconds("latency.*.sum", figures.sum_us, {of});
  status.Add("latency.*.count", figures.count, {of});
}

void AddDatabase(StatusWriter& status, const std::vector<Backend::Report>& pools, Clocks now) {
  for (const auto& [pool, report] : pools) {
    for (std::size_t i = 0; i < report.servers.size(); ++i) {
      const ServerList::Report& server = report.servers[i];
      const std::string number = std::to_string(i);
      const StatusWriter::Stars stars = {pool, number};
      status.Add("server.*.*.address", server.address, stars);
      status.Add("server.*.*.state", WordOf(server.state), stars);
      if (server.since_ms != 0) {
        status.Add("server.*.*.since", (now.wall_ms - now.monotonic_ms + server.since_ms) / 1000,
                   stars);
      }
      if (const std::int64_t left_ms = server.next_try_ms - now.monotonic_ms; left_ms > 0) {
        status.AddMicroseconds("server.*.*.next_try", static_cast<std::uint64_t>(left_ms) * 1000,
                               stars);
      }
      status.Add("server.*.*.error", server.error, stars);
    }
  }
  for (const auto& [pool, report] : pools) {
    status.Add("pool.*.open", report.open, {pool});
    status.Add("pool.*.in_use", report.in_use, {pool});
    status.Add("pool.*.limit", report.limit, {pool});
    status.Add("pool.*.waits", report.waits, {pool});
  }
}

}  // namespace sqlmap
