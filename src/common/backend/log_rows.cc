#include "common/backend/login.h"

namespace sqlmap {

void SqlLoginGate::OpenSession(const LoginRequest&, LoginAnswer& answer) noexcept {
  answer = LoginAnswer();
  answer.verdict = LoginVerdict::kAccepted;
}

void SqlLoginGate::CloseSession(const LoginRequest&, LoginAnswer& answer) noexcept {
  answer = LoginAnswer();
  answer.verdict = LoginVerdict::kAccepted;
}

}  // namespace sqlmap
