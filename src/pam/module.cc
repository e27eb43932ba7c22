// pam_sqlmap.so: what libpam calls. Each stage collects what libpam knows, asks the gate, writes
// one line and returns a code.
//
// PAM_SUCCESS leaves pam_sm_authenticate and pam_sm_acct_mgmt through Conclude alone, from a
// verdict of kAccepted, which only a LoginGate can set.
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <syslog.h>

#include <cstddef>
#include <span>
#include <string_view>

#include "common/account/line_writer.h"
#include "common/account/login_gate.h"
#include "pam/conversation.h"
#include "pam/gate.h"
#include "pam/journal.h"
#include "pam/options.h"
#include "pam/refusal_floor.h"
#include "pam/status.h"

#define SQLMAP_PAM_EXPORT extern "C" __attribute__((visibility("default")))

namespace sqlmap {
namespace {

constexpr unsigned kFailDelayMicroseconds = 2'000'000;

Options OptionsOf(pam_handle_t* handle, int argc, const char** argv) {
  const auto complain = [handle](std::string_view word) {
    char text[LineWriter::kMaxForeign * 2];
    LineWriter line(text);
    line.Text("unknown option ").Foreign(word);
    pam_syslog(handle, LOG_ERR, "%s", text);
  };
  return ReadOptions({argv, static_cast<std::size_t>(argc)}, complain);
}

// "" for an item that is not set.
std::string_view Item(pam_handle_t* handle, int type) {
  const void* item = nullptr;
  if (pam_get_item(handle, type, &item) != PAM_SUCCESS || item == nullptr) return {};
  return static_cast<const char*>(item);
}

// Views of libpam's items, which the application may replace whenever it is called: make it after
// the last prompt.
LoginRequest RequestFor(pam_handle_t* handle) {
  LoginRequest request;
  request.name = Item(handle, PAM_USER);
  request.service = Item(handle, PAM_SERVICE);
  request.rhost = Item(handle, PAM_RHOST);
  request.tty = Item(handle, PAM_TTY);
  return request;
}

// libpam's flags come as an int, and its constants are unsigned.
bool Has(int flags, unsigned flag) { return (static_cast<unsigned>(flags) & flag) != 0; }

// For a stage that ends before there is anything to decide. libpam's texts are no secrets.
int GiveUp(pam_handle_t* handle, const char* what, int status) {
  pam_syslog(handle, LOG_NOTICE, "%s: %s", what, pam_strerror(handle, status));
  return status;
}

int Conclude(pam_handle_t* handle, Stage stage, const Options& options, const LoginRequest& request,
             const LoginAnswer& answer) {
  if (IsWorthALine(stage, answer.verdict, options)) {
    char text[kMaxLine];
    LineWriter line(text);
    ComposeLine(line, request, answer, options);
    pam_syslog(handle, MeaningOf(answer.verdict).priority, "%s", text);
  }
  return StatusOf(answer.verdict, options);
}

int Authenticate(pam_handle_t* handle, int flags, const Options& options) {
  // Before the work, and the same for all outcomes: libpam waits only if the whole stack fails. It
  // can fail only for a null handle, and a login is not to depend on it.
  if (!options.nodelay) (void)pam_fail_delay(handle, kFailDelayMicroseconds);

  const auto get_user = [handle](const char*& user) {
    return pam_get_user(handle, &user, nullptr);
  };
  int status = AskForUser(get_user);
  if (status != PAM_SUCCESS) return GiveUp(handle, "no user name", status);

  // Also for a name that turns out not to be ours: it must look like any other, and the modules
  // behind use the answer.
  std::string_view password;
  const auto get_authtok = [handle](const char*& token) {
    return pam_get_authtok(handle, PAM_AUTHTOK, &token, nullptr);
  };
  status = AskForPassword(get_authtok, password);
  if (status != PAM_SUCCESS) return GiveUp(handle, "no password", status);

  // What was refused so far had nothing to do with any account.
  const RefusalFloor floor;
  LoginRequest request = RequestFor(handle);
  if (request.name.empty()) return GiveUp(handle, "no user name", PAM_USER_UNKNOWN);
  request.password = password;
  request.allow_empty_password = options.nullok && !Has(flags, PAM_DISALLOW_NULL_AUTHTOK);
  LoginAnswer answer = AskGate(request, &LoginGate::Authenticate);
  // The gate knows this rule. No gate may get it wrong.
  if (request.password.empty() && !request.allow_empty_password &&
      answer.verdict == LoginVerdict::kAccepted) {
    answer.verdict = LoginVerdict::kWrongPassword;
  }
  status = Conclude(handle, Stage::kAuthentication, options, request, answer);
  if (answer.verdict != LoginVerdict::kAccepted) floor.Wait();
  return status;
}

int CheckAccount(pam_handle_t* handle, int flags, const Options& options) {
  const LoginRequest request = RequestFor(handle);
  if (request.name.empty()) return GiveUp(handle, "no user name", PAM_USER_UNKNOWN);
  const LoginAnswer answer = AskGate(request, &LoginGate::CheckAccount);
  const int status = Conclude(handle, Stage::kAccount, options, request, answer);
  if (answer.verdict == LoginVerdict::kAccepted && answer.days_left >= 0 &&
      !Has(flags, PAM_SILENT)) {
    // The application's refusal to show a message is no reason to refuse the login.
    (void)pam_info(handle, "Warning: your password will expire in %d day%s.", answer.days_left,
                   answer.days_left == 1 ? "" : "s");
  }
  return status;
}

}  // namespace
}  // namespace sqlmap

SQLMAP_PAM_EXPORT int pam_sm_authenticate(pam_handle_t* handle, int flags, int argc,
                                          const char** argv) {
  return sqlmap::Authenticate(handle, flags, sqlmap::OptionsOf(handle, argc, argv));
}

// There are no credentials beyond the ids and groups that NSS gives, so there is nothing to do and
// nothing to fail.
SQLMAP_PAM_EXPORT int pam_sm_setcred(pam_handle_t*, int, int, const char**) { return PAM_SUCCESS; }

SQLMAP_PAM_EXPORT int pam_sm_acct_mgmt(pam_handle_t* handle, int flags, int argc,
                                       const char** argv) {
  return sqlmap::CheckAccount(handle, flags, sqlmap::OptionsOf(handle, argc, argv));
}

SQLMAP_PAM_EXPORT int pam_sm_open_session(pam_handle_t*, int, int, const char**) {
  return PAM_IGNORE;
}

SQLMAP_PAM_EXPORT int pam_sm_close_session(pam_handle_t*, int, int, const char**) {
  return PAM_IGNORE;
}

SQLMAP_PAM_EXPORT int pam_sm_chauthtok(pam_handle_t*, int, int, const char**) { return PAM_IGNORE; }
