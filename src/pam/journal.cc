#include "pam/journal.h"

#include "pam/status.h"

namespace sqlmap {
namespace {

void Field(LineWriter& line, std::string_view name, std::string_view value) {
  if (!value.empty()) line.Text(" ").Text(name).Text("=").Foreign(value);
}

}  // namespace

bool IsWorthALine(Stage stage, LoginVerdict verdict, const Options& options) {
  if (options.debug) return true;
  if (verdict == LoginVerdict::kUnknownUser)
    return stage == Stage::kAuthentication && !options.ignore_unknown_user;
  if (verdict != LoginVerdict::kAccepted) return true;
  return stage == Stage::kAuthentication || stage == Stage::kNewPassword;
}

void ComposeLine(LineWriter& line, Stage stage, const LoginRequest& request,
                 const LoginAnswer& answer, const Options& options) {
  const VerdictMeaning meaning = MeaningOf(answer.verdict);
  const bool changed = stage == Stage::kNewPassword && answer.verdict == LoginVerdict::kAccepted;
  line.Text(changed ? "password changed" : meaning.words);
  if (meaning.name_is_account || options.debug) Field(line, "user", request.name);
  Field(line, "rhost", request.rhost);
  Field(line, "tty", request.tty);
  line.Text(": ").Text(answer.reason);
}

}  // namespace sqlmap
