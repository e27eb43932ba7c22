#include "pam/libpam.h"

#include <syslog.h>
#include <unistd.h>

#include "pam/messages.h"
#include "pam/status.h"

namespace sqlmap {

std::string_view Item(pam_handle_t* handle, int type) {
  const void* item = nullptr;
  if (pam_get_item(handle, type, &item) != PAM_SUCCESS || item == nullptr) return {};
  return static_cast<const char*>(item);
}

LoginRequest RequestFor(pam_handle_t* handle) {
  LoginRequest request;
  request.name = Item(handle, PAM_USER);
  request.service = Item(handle, PAM_SERVICE);
  request.rhost = Item(handle, PAM_RHOST);
  request.tty = Item(handle, PAM_TTY);
  request.pid = getpid();
  return request;
}

int AskForUser(pam_handle_t* handle) {
  const auto ask = [handle](const char*& user) { return pam_get_user(handle, &user, nullptr); };
  return AskForUser(ask);
}

int AskForPassword(pam_handle_t* handle, int item, std::string_view& password) {
  const auto ask = [handle, item](const char*& token) {
    return pam_get_authtok(handle, item, &token, nullptr);
  };
  return AskForPassword(ask, password);
}

int GiveUp(pam_handle_t* handle, const char* what, int status) {
  pam_syslog(handle, LOG_NOTICE, "%s: %s", what, pam_strerror(handle, status));
  return status;
}

void Report(pam_handle_t* handle, int flags, Stage stage, const Options& options,
            const LoginRequest& request, const LoginAnswer& answer) {
  if (IsWorthALine(stage, answer.verdict, options)) {
    char text[kMaxLine];
    LineWriter line(text);
    ComposeLine(line, stage, request, answer, options);
    pam_syslog(handle, MeaningOf(answer.verdict).priority, "%s", text);
  }
  if (Has(flags, PAM_SILENT)) return;
  char text[kMaxMessage];
  LineWriter message(text);
  const MessageKind kind = ComposeMessage(message, stage, answer);
  if (kind == MessageKind::kInfo) (void)pam_info(handle, "%s", text);
  if (kind == MessageKind::kError) (void)pam_error(handle, "%s", text);
}

}  // namespace sqlmap
