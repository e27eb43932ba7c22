// The rows that tell what happened: auth_success, auth_failure, session_open, session_close. One
// row for an attempt, true, and only about accounts of the database. Pure.
//
// Whoever bans, or counts, by these rows trusts them: what somebody's own program told sqlmapd of
// where it is (LoginRequest::uid) stands in no column. Its service, which tells one's screen locker
// from one's mischief, is in the message.
#ifndef SQLMAP_COMMON_BACKEND_LOG_ROWS_H_
#define SQLMAP_COMMON_BACKEND_LOG_ROWS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/account/local_ids.h"
#include "common/account/login_gate.h"
#include "common/config/settings.h"

namespace sqlmap {

// How long a row that is not required may hold up its call.
inline constexpr std::int64_t kLogRowBudgetMs = 500;

struct LogRow {
  QueryId query;
  // "" unless the verdict shows that it is an account's: people type passwords at the wrong prompt.
  std::string name;
  // "" unless root asked.
  std::string service = {}, rhost = {}, tty = {};
  // The verdict's words and its reason: "wrong password: row of alice: mismatch". Of another than
  // root: "wrong password, asked by uid 1000 as swaylock: row of alice: mismatch".
  std::string message = {};
};

// What is noted of an answer of Authenticate. None where nothing was decided; nor for one of the
// host's own accounts, about whom this gate is only asked before another.
//
//   kAccepted                              auth_success
//   kUnavailable, kUndecided               none
//   kUnknownUser, kThrottled               auth_failure, without a name
//   any other                              auth_failure
std::optional<LogRow> RowOfAttempt(const LoginRequest& request, const LoginAnswer& answer,
                                   const LocalIds& local);

// As a column of 255 bytes can hold it; see ShownText.
inline constexpr std::size_t kMostColumnBytes = 255;
std::string ColumnText(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_LOG_ROWS_H_
