// The way to the LoginGate, past the accounts that no database may answer for.
#ifndef SQLMAP_PAM_GATE_H_
#define SQLMAP_PAM_GATE_H_

#include <string_view>

#include "common/account/account_source.h"
#include "common/account/login_gate.h"
#include "common/account/record.h"

namespace sqlmap {

// One of LoginGate's questions.
using GateQuestion = void (LoginGate::*)(const LoginRequest&, LoginAnswer&) noexcept;

// Asks sqlmapd's gate, or where there is no daemon the direct plugin's. The verdict is kUnavailable
// if there is neither, and then `nobody_there`, unless it is null, is true; and kUnknownUser,
// without a question to anybody, for a system account of this host (see local_name.h), so that no
// row speaks for root and root's login never waits for a database. The thread cannot be cancelled
// meanwhile.
LoginAnswer AskGate(const LoginRequest& request, GateQuestion question,
                    bool* nobody_there = nullptr) noexcept;

// Who that is, by the same way, and never by NSS, where others may answer. Absent, too, for a
// system account of this host. Unavailable, too, if the answer is about another name.
Answer AskAccount(std::string_view name, AccountSource::UserSink found) noexcept;

// Whether sqlmapd's parent lets an account have these ids. To be asked before they are used:
// whoever answers on the socket talks to the network.
bool MayHaveIds(Uid uid, Gid gid) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_PAM_GATE_H_
