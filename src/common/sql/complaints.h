// What has been logged lately, so that a look-up that fails a thousand times a second writes one
// line a minute, and a table full of bad rows a few lines a minute.
#ifndef SQLMAP_COMMON_SQL_COMPLAINTS_H_
#define SQLMAP_COMMON_SQL_COMPLAINTS_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>

#include "common/account/log.h"
#include "common/config/settings.h"
#include "common/process/fork_lock.h"
#include "common/process/monotonic.h"
#include "common/sql/rows.h"
#include "common/sql/sql_error.h"

namespace sqlmap {

// Thread safe.
class Complaints {
 public:
  static constexpr std::int64_t kEveryMs = 60'000;
  static constexpr std::uint32_t kBadRowsLogged = 20;  // of one query, in kEveryMs

  explicit Complaints(Log& log) : log_(log) {}

  void OnError(QueryId id, const SqlError& error) {
    if (error.logged || error.kind == SqlError::Kind::kNotAllowed || error.text.empty()) return;
    const std::int64_t now = MonotonicMs();
    {
      const ForkLockGuard guard(lock_);
      std::int64_t& last = queries_[static_cast<std::size_t>(id)].error_ms;
      if (last != 0 && now - last < kEveryMs) return;
      last = now;
    }
    log_.Write(LogLevel::kError, error.text);
  }

  // A row is named once, unless many others came in between.
  void OnBadRow(QueryId id, const BadRow& row) {
    OnParts(id, "the row of \"" + row.name + "\" is left out: " + row.why);
  }

  // Likewise for an answer of which parts are left out: `what`, printable, says whose, which and
  // why. To be told once for each answer, lest one account's rows hide those of the others.
  void OnParts(QueryId id, const std::string& what) {
    std::string line =
        std::string(QueryDescriptions()[static_cast<std::size_t>(id)].key) + ": " + what;
    const std::size_t hash = std::hash<std::string>{}(line);
    const std::int64_t now = MonotonicMs();
    {
      const ForkLockGuard guard(lock_);
      std::size_t& place = seen_[hash % seen_.size()];
      if (place == hash) return;
      place = hash;
      Query& query = queries_[static_cast<std::size_t>(id)];
      if (now - query.since_ms >= kEveryMs)
        query = {.error_ms = query.error_ms, .since_ms = now, .bad_rows = 0};
      if (query.bad_rows == kBadRowsLogged) return;
      if (++query.bad_rows == kBadRowsLogged)
        line += "; more such rows are not logged for a minute";
    }
    log_.Write(LogLevel::kWarning, line);
  }

 private:
  struct Query {
    std::int64_t error_ms = 0;
    std::int64_t since_ms = -kEveryMs;
    std::uint32_t bad_rows = 0;
  };

  Log& log_;
  ForkLock lock_;
  std::array<Query, static_cast<std::size_t>(QueryId::kCount)> queries_{};
  std::array<std::size_t, 256> seen_{};
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_COMPLAINTS_H_
