// What the stages have in common when they talk to libpam.
#ifndef SQLMAP_PAM_LIBPAM_H_
#define SQLMAP_PAM_LIBPAM_H_

#include <security/pam_ext.h>
#include <security/pam_modules.h>

#include <string_view>

#include "common/account/line_writer.h"
#include "common/account/login_gate.h"
#include "pam/conversation.h"
#include "pam/journal.h"
#include "pam/options.h"

namespace sqlmap {

// libpam's flags come as an int, and its constants are unsigned.
inline bool Has(int flags, unsigned flag) { return (static_cast<unsigned>(flags) & flag) != 0; }

// "" for an item that is not set. The text is libpam's.
std::string_view Item(pam_handle_t* handle, int type);

// Views of libpam's items, which the application may replace whenever it is called: make it after
// the last prompt.
LoginRequest RequestFor(pam_handle_t* handle);

// Asks libpam for the user's name, and for a password: PAM_AUTHTOK or PAM_OLDAUTHTOK. As
// conversation.h has it.
int AskForUser(pam_handle_t* handle);
int AskForPassword(pam_handle_t* handle, int item, std::string_view& password);

// For a stage that ends before there is anything to decide. libpam's texts are no secrets.
int GiveUp(pam_handle_t* handle, const char* what, int status);

// Writes the line for the log, and tells the person what there is to tell unless `flags` have
// PAM_SILENT. The application's refusal to show a message is no reason to refuse the login.
void Report(pam_handle_t* handle, int flags, Stage stage, const Options& options,
            const LoginRequest& request, const LoginAnswer& answer);

}  // namespace sqlmap

#endif  // SQLMAP_PAM_LIBPAM_H_
