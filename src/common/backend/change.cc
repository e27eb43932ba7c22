#include "common/backend/login.h"

namespace sqlmap {

void SqlLoginGate::PrepareChange(const LoginRequest&, LoginAnswer& answer) noexcept {
  answer = LoginAnswer();
}

void SqlLoginGate::ChangePassword(const LoginRequest&, LoginAnswer& answer) noexcept {
  answer = LoginAnswer();
}

}  // namespace sqlmap
