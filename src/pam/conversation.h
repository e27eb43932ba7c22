// What the person typed, as libpam gives it, judged before anything is done with it. Pure: libpam
// is an argument.
#ifndef SQLMAP_PAM_CONVERSATION_H_
#define SQLMAP_PAM_CONVERSATION_H_

#include <cstddef>
#include <string_view>

#include "common/account/function_ref.h"

namespace sqlmap {

// Calls libpam for a text: returns its status, and leaves the text, which libpam owns, or null in
// the argument.
using AskLibpam = FunctionRef<int(const char*&)>;

// PAM_MAX_RESP_SIZE: libpam's applications never hand over more, and no hash should have to chew
// more.
inline constexpr std::size_t kMaxAuthtok = 512;

// Sees to it that there is a PAM_USER. Returns PAM_SUCCESS; PAM_USER_UNKNOWN if it is empty;
// PAM_INCOMPLETE if the application wants to be asked again (PAM_CONV_AGAIN); or libpam's error.
int AskForUser(AskLibpam ask);

// Asks for PAM_AUTHTOK, where pam_get_authtok(3) is the one to ask: it gives the password that an
// earlier module stored; without one it prompts, unless the line says use_first_pass, and stores
// the answer for the modules behind.
//
// Returns PAM_SUCCESS and the password, empty if the person typed nothing; PAM_AUTH_ERR if there is
// none, or it is longer than kMaxAuthtok; PAM_INCOMPLETE as above; or libpam's error. The text is
// libpam's, which wipes it: make no copy.
int AskForPassword(AskLibpam ask, std::string_view& password);

}  // namespace sqlmap

#endif  // SQLMAP_PAM_CONVERSATION_H_
