#include "pam/messages.h"

namespace sqlmap {
namespace {

void Days(LineWriter& line, std::int32_t days) {
  line.Number(days).Text(days == 1 ? " day" : " days");
}

MessageKind Error(LineWriter& line, std::string_view text) {
  line.Text(text);
  return MessageKind::kError;
}

constexpr std::string_view kTryAgain =
    "The account database does not answer; please try again later.";

MessageKind OfAuthentication(LineWriter& line, const LoginAnswer& answer) {
  if (answer.verdict != LoginVerdict::kAccepted || !answer.offline) return MessageKind::kNone;
  line.Text("Authenticated with cached credentials: the account database does not answer.");
  return MessageKind::kInfo;
}

MessageKind OfAccount(LineWriter& line, const LoginAnswer& answer) {
  switch (answer.verdict) {
    case LoginVerdict::kAccepted:
      if (answer.days_left < 0) return MessageKind::kNone;
      line.Text("Warning: your password will expire in ");
      Days(line, answer.days_left);
      line.Text(".");
      return MessageKind::kInfo;
    case LoginVerdict::kPasswordMustChange:
      return Error(line, "You are required to change your password immediately.");
    case LoginVerdict::kAccountExpired:
      return Error(line, "Your account has expired; please contact your system administrator.");
    case LoginVerdict::kPasswordExpired:
      return Error(line, "Your password has expired; please contact your system administrator.");
    case LoginVerdict::kUndecided:
      return Error(line, kTryAgain);
    default:
      return MessageKind::kNone;
  }
}

MessageKind OfPassword(LineWriter& line, Stage stage, const LoginAnswer& answer) {
  switch (answer.verdict) {
    case LoginVerdict::kTooSoon:
      line.Text("You must wait ");
      Days(line, answer.days_left);
      line.Text(" before you may change your password.");
      return MessageKind::kError;
    case LoginVerdict::kNotChanged:
      return Error(line, "Your password has not been changed; the system's log says why.");
    case LoginVerdict::kUndecided:
      if (stage == Stage::kOldPassword) return Error(line, kTryAgain);
      return Error(line, "It is not known whether your new password was stored: try both.");
    case LoginVerdict::kUnavailable:
      return Error(line,
                   "Your password cannot be changed at present: no database that can be written "
                   "answers.");
    default:
      return MessageKind::kNone;
  }
}

}  // namespace

MessageKind ComposeMessage(LineWriter& line, Stage stage, const LoginAnswer& answer) {
  switch (stage) {
    case Stage::kAuthentication:
      return OfAuthentication(line, answer);
    case Stage::kAccount:
      return OfAccount(line, answer);
    case Stage::kOldPassword:
    case Stage::kNewPassword:
      return OfPassword(line, stage, answer);
    case Stage::kSession:
      break;
  }
  return MessageKind::kNone;
}

}  // namespace sqlmap
