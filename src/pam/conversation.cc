#include "pam/conversation.h"

#include <security/_pam_types.h>

#include <cstring>

namespace sqlmap {
namespace {

// `if_none`: the status when libpam succeeds and yet gives nothing, or says that we should be left
// out (never ours to pass on: it could turn a failed login into one that was not tried).
int Ask(AskLibpam ask, int if_none, const char*& text) {
  text = nullptr;
  const int status = ask(text);
  if (status == PAM_CONV_AGAIN) return PAM_INCOMPLETE;
  if (status == PAM_IGNORE) return if_none;
  if (status != PAM_SUCCESS) return status;
  return text == nullptr ? if_none : PAM_SUCCESS;
}

}  // namespace

int AskForUser(AskLibpam ask) {
  const char* text = nullptr;
  const int status = Ask(ask, PAM_USER_UNKNOWN, text);
  if (status != PAM_SUCCESS) return status;
  return text[0] == '\0' ? PAM_USER_UNKNOWN : PAM_SUCCESS;
}

int AskForPassword(AskLibpam ask, std::string_view& password) {
  const char* text = nullptr;
  const int status = Ask(ask, PAM_AUTH_ERR, text);
  if (status != PAM_SUCCESS) return status;
  const std::size_t length = strnlen(text, kMaxAuthtok + 1);
  if (length > kMaxAuthtok) return PAM_AUTH_ERR;
  password = {text, length};
  return PAM_SUCCESS;
}

}  // namespace sqlmap
