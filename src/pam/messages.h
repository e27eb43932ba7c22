// What the person in front of the screen is told of a decision.
#ifndef SQLMAP_PAM_MESSAGES_H_
#define SQLMAP_PAM_MESSAGES_H_

#include <cstddef>
#include <cstdint>

#include "common/account/line_writer.h"
#include "common/account/login_gate.h"
#include "pam/journal.h"

namespace sqlmap {

inline constexpr std::size_t kMaxMessage = 160;  // bytes that hold any message

enum class MessageKind : std::uint8_t { kNone, kInfo, kError };

// Said without a question to the gate.
inline constexpr char kNoNewPassword[] = "No password has been supplied.";

// Nothing of why a password did not open an account: that would tell a stranger too. Whoever comes
// to the account stage has shown who he is. Texts that pam_unix has too are its own.
MessageKind ComposeMessage(LineWriter& line, Stage stage, const LoginAnswer& answer);

}  // namespace sqlmap

#endif  // SQLMAP_PAM_MESSAGES_H_
