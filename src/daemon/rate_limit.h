// How many lines of one kind go to the log, so that a database that is down for a night does not
// fill the disk. Pure: time is an argument.
#ifndef SQLMAP_DAEMON_RATE_LIMIT_H_
#define SQLMAP_DAEMON_RATE_LIMIT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sqlmap {

// The class of a line is what it begins with, up to the first ':', '=', quote or digit: "slow
// query" whichever query it was, "wrong password user" whoever the user is.
std::string_view LineClass(std::string_view line);

// Each class may write kBurst lines at once and one more every kRefillMs.
class RateLimit {
 public:
  static constexpr unsigned kBurst = 20;
  static constexpr std::int64_t kRefillMs = 3000;

  struct Verdict {
    bool write;
    std::uint64_t left_out;  // of this class since the last line that was written
  };
  Verdict Ask(std::string_view line_class, std::int64_t now_ms);

 private:
  // As many as there may be; two that fall on one slot share its allowance.
  static constexpr std::size_t kClasses = 256;

  struct Allowance {
    unsigned used = 0;
    std::int64_t since_ms = 0;  // nothing of what was used before has come back
    std::uint64_t left_out = 0;
  };
  std::array<Allowance, kClasses> allowances_{};
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_RATE_LIMIT_H_
