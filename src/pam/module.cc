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
#include "pam/change.h"
#include "pam/gate.h"
#include "pam/libpam.h"
#include "pam/options.h"
#include "pam/refusal_floor.h"
#include "pam/session.h"
#include "pam/status.h"

#define SQLMAP_PAM_EXPORT extern "C" __attribute__((visibility("default")))

namespace sqlmap {
namespace {

Options OptionsOf(pam_handle_t* handle, int argc, const char** argv) {
  const auto complain = [handle](const OptionFault& fault) {
    char text[kMaxLine];
    LineWriter line(text);
    DescribeFault(line, fault);
    pam_syslog(handle, LOG_ERR, "%s", text);
  };
  return ReadOptions({argv, static_cast<std::size_t>(argc)}, complain);
}

constexpr char kLetIn[] = "sqlmap_let_in";

int Conclude(pam_handle_t* handle, int flags, Stage stage, const Options& options,
             const LoginRequest& request, const LoginAnswer& answer) {
  Report(handle, flags, stage, options, request, answer);
  return StatusOf(answer.verdict, options);
}

int Authenticate(pam_handle_t* handle, int flags, const Options& options) {
  // Before the work, and the same for all outcomes: libpam waits only if the whole stack fails. It
  // can fail only for a null handle, and a login is not to depend on it.
  if (!options.nodelay) (void)pam_fail_delay(handle, kFailDelayMicroseconds);

  int status = AskForUser(handle);
  if (status != PAM_SUCCESS) return GiveUp(handle, "no user name", status);

  // Also for a name that turns out not to be ours: it must look like any other, and the modules
  // behind use the answer.
  std::string_view password;
  status = AskForPassword(handle, PAM_AUTHTOK, password);
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
  status = Conclude(handle, flags, Stage::kAuthentication, options, request, answer);
  // For the account stage; never read, and without it the stage is as it is for keys.
  if (status == PAM_SUCCESS) (void)pam_set_data(handle, kLetIn, handle, nullptr);
  if (answer.verdict != LoginVerdict::kAccepted) floor.Wait();
  return status;
}

// Whether the account is known to be one of the database, although nobody said whether it may be
// used: we have just let it in, or sqlmapd still knows who that is. Then nobody behind us may
// decide that it is good because we could not say. Who did not answer is not asked again.
bool IsOurs(pam_handle_t* handle, const LoginRequest& request, const LoginAnswer& answer,
            bool nobody_there) {
  const void* mark = nullptr;
  if (pam_get_data(handle, kLetIn, &mark) == PAM_SUCCESS && mark != nullptr) return true;
  if (nobody_there || answer.unanswered) return false;
  return AskAccount(request.name, [](const UserRecord&) {}).found();
}

int CheckAccount(pam_handle_t* handle, int flags, const Options& options) {
  const LoginRequest request = RequestFor(handle);
  if (request.name.empty()) return GiveUp(handle, "no user name", PAM_USER_UNKNOWN);
  bool nobody_there = false;
  LoginAnswer answer = AskGate(request, &LoginGate::CheckAccount, &nobody_there);
  if (answer.verdict == LoginVerdict::kUnavailable &&
      IsOurs(handle, request, answer, nobody_there)) {
    answer.verdict = LoginVerdict::kUndecided;
  }
  return Conclude(handle, flags, Stage::kAccount, options, request, answer);
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

SQLMAP_PAM_EXPORT int pam_sm_open_session(pam_handle_t* handle, int flags, int argc,
                                          const char** argv) {
  return sqlmap::OpenSession(handle, flags, sqlmap::OptionsOf(handle, argc, argv));
}

SQLMAP_PAM_EXPORT int pam_sm_close_session(pam_handle_t* handle, int flags, int argc,
                                           const char** argv) {
  return sqlmap::CloseSession(handle, flags, sqlmap::OptionsOf(handle, argc, argv));
}

SQLMAP_PAM_EXPORT int pam_sm_chauthtok(pam_handle_t* handle, int flags, int argc,
                                       const char** argv) {
  return sqlmap::ChangeAuthtok(handle, flags, sqlmap::OptionsOf(handle, argc, argv));
}
