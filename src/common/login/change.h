// Whether a password may be changed, and whose it is: from rows to one verdict with its reason.
// Pure, like decide.h.
#ifndef SQLMAP_COMMON_LOGIN_CHANGE_H_
#define SQLMAP_COMMON_LOGIN_CHANGE_H_

#include <cstddef>
#include <cstdint>

#include "common/account/auth_row.h"
#include "common/account/login_gate.h"
#include "common/login/decide.h"
#include "common/password/verify.h"

namespace sqlmap {

struct ChangeDecision {
  LoginAnswer answer;
  // kAccepted: the row whose password it is; null if root asks and there is not exactly one. One of
  // facts.rows.
  const AuthRow* row = nullptr;
};

// May request.password, the old one, be replaced on `today`? Of the facts, `access` plays no part.
//
//   kAccepted           it fits a row that is enabled. Services play no part: a password for FTP is
//                       changed with passwd(1), which is another service
//   kAccountExpired, kPasswordExpired  see ageing.h: no change is offered any more
//   kTooSoon            shadow(5)'s min days have not passed since lstchg, and it need not be
//                       changed; days_left says how many are left
//   others              as DecideAuthentication has them
//
// With request.by_root nothing but kUnknownUser and kAccepted.
ChangeDecision DecideChange(const LoginRequest& request, const LoginFacts& facts,
                            const PasswordPolicy& policy, std::size_t max_rows,
                            std::int64_t today) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_LOGIN_CHANGE_H_
