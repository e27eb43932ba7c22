// LoginGate over SQL: fetches what the database says about one account and lets src/common/login
// decide.
#ifndef SQLMAP_COMMON_BACKEND_LOGIN_H_
#define SQLMAP_COMMON_BACKEND_LOGIN_H_

#include "common/account/log.h"
#include "common/account/login_gate.h"
#include "common/backend/access_check.h"
#include "common/backend/recent_changes.h"
#include "common/config/settings.h"
#include "common/sql/sql_account_source.h"

namespace sqlmap {

class SqlLoginGate final : public LoginGate {
 public:
  // All must outlive the gate.
  SqlLoginGate(SqlAccountSource& accounts, const Settings& settings, Log& log)
      : accounts_(accounts), settings_(settings), access_(accounts, settings, log) {}

  void Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept override;

  // Notes an attempt that Authenticate answered: one row of auth_success or auth_failure, if there
  // is such a query. A row that cannot be written changes nothing but the log, unless
  // AttemptRowIsRequired: then an accepted attempt becomes kUndecided, which no PAM file steps
  // over. See log_rows.h.
  void NoteAttempt(const LoginRequest& request, LoginAnswer& answer) noexcept;
  // Whoever replies to an attempt must note it first.
  bool AttemptRowIsRequired() const { return settings_.log_rows.auth_success; }

 private:
  struct Judged;
  // Whether the password may be changed, asked of a writer: a replica may not know the last change.
  Judged JudgeChange(const LoginRequest& request) noexcept;
  // Writes the row of a session of ours. False: there should be one, and it could not be written.
  bool NoteSession(const LoginRequest& request, QueryId query, bool required) noexcept;
  bool WouldOpen(std::string_view password, std::string_view hash,
                 std::string_view scheme) const noexcept;
  // Whether the account exists, whatever `auth` says.
  Answer IsKnown(std::string_view name, Deadline deadline, bool& known) noexcept;

  SqlAccountSource& accounts_;
  const Settings& settings_;
  AccessCheck access_;
  RecentChanges recent_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_LOGIN_H_
