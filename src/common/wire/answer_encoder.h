// The server's side of an answer: records to frames. Pure.
//
// Each function appends one frame to `out`. A record that the protocol cannot carry (a text of more
// than 65535 bytes or with a NUL in it, a frame over kPayloadMax) is refused: false, and `out` is
// as it was.
#ifndef SQLMAP_COMMON_WIRE_ANSWER_ENCODER_H_
#define SQLMAP_COMMON_WIRE_ANSWER_ENCODER_H_

#include <span>
#include <string>
#include <string_view>

#include "common/account/answer.h"
#include "common/account/login_gate.h"
#include "common/account/record.h"

namespace sqlmap {

[[nodiscard]] bool AppendUser(const UserRecord& user, std::string& out);
[[nodiscard]] bool AppendGroup(const GroupRecord& group, std::string& out);
[[nodiscard]] bool AppendGids(std::span<const Gid> gids, std::string& out);
// A hash is a secret: wipe `out` when it has been sent.
[[nodiscard]] bool AppendShadow(const ShadowRecord& shadow, std::string& out);
[[nodiscard]] bool AppendSshKeys(const SshKeyLines& keys, std::string& out);

// There is no such account; or the list is complete.
void AppendAbsent(std::string& out);
// `reason` is not kNone. Of `why`, which is for the log of whoever asked, at most 255 bytes are
// sent.
void AppendUnavailable(Reason reason, std::string_view why, std::string& out);
void AppendVerdict(const LoginAnswer& answer, std::string& out);
// Up to the first NUL, and to kPayloadMax.
void AppendText(std::string_view text, std::string& out);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_ANSWER_ENCODER_H_
