// LoginGate over SQL: fetches what the database says about one account and lets src/common/login
// decide.
#ifndef SQLMAP_COMMON_BACKEND_LOGIN_H_
#define SQLMAP_COMMON_BACKEND_LOGIN_H_

#include "common/account/login_gate.h"
#include "common/config/settings.h"
#include "common/sql/sql_account_source.h"

namespace sqlmap {

class SqlLoginGate final : public LoginGate {
 public:
  // Both must outlive the gate.
  SqlLoginGate(SqlAccountSource& accounts, const Settings& settings)
      : accounts_(accounts), settings_(settings) {}

  void Authenticate(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CheckAccount(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void PrepareChange(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void ChangePassword(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void OpenSession(const LoginRequest& request, LoginAnswer& answer) noexcept override;
  void CloseSession(const LoginRequest& request, LoginAnswer& answer) noexcept override;

 private:
  // Whether the account exists, whatever `auth` says.
  Answer IsKnown(std::string_view name, Deadline deadline, bool& known) noexcept;

  SqlAccountSource& accounts_;
  const Settings& settings_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_LOGIN_H_
