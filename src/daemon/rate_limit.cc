#include "daemon/rate_limit.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace sqlmap {

std::string_view LineClass(std::string_view line) {
  return line.substr(0, line.find_first_of(":=\"'0123456789"));
}

RateLimit::Verdict RateLimit::Ask(std::string_view line_class, std::int64_t now_ms) {
  Allowance& allowance = allowances_[std::hash<std::string_view>()(line_class) % kClasses];
  const std::int64_t back = (now_ms - allowance.since_ms) / kRefillMs;
  if (back > 0) {
    allowance.used -= static_cast<unsigned>(std::min<std::int64_t>(back, allowance.used));
    allowance.since_ms += back * kRefillMs;
  }
  if (allowance.used >= kBurst) {
    ++allowance.left_out;
    return {false, allowance.left_out};
  }
  ++allowance.used;
  return {true, std::exchange(allowance.left_out, 0)};
}

}  // namespace sqlmap
