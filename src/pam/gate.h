// The way to the LoginGate, past the accounts that no database may answer for.
#ifndef SQLMAP_PAM_GATE_H_
#define SQLMAP_PAM_GATE_H_

#include "common/account/login_gate.h"

namespace sqlmap {

// One of LoginGate's questions.
using GateQuestion = void (LoginGate::*)(const LoginRequest&, LoginAnswer&) noexcept;

// Asks the direct plugin's gate. The verdict is kUnavailable if there is no plugin; and
// kUnknownUser, without a question to anybody, for a system account of this host (see
// local_name.h), so that no row speaks for root and root's login never waits for a database. The
// thread cannot be cancelled meanwhile.
LoginAnswer AskGate(const LoginRequest& request, GateQuestion question) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_PAM_GATE_H_
