#include "pam/change.h"

#include <security/pam_ext.h>
#include <unistd.h>

#include <cstdint>
#include <string_view>

#include "pam/gate.h"
#include "pam/libpam.h"
#include "pam/messages.h"
#include "pam/refusal_floor.h"
#include "pam/status.h"

namespace sqlmap {
namespace {

// What the first phase came to, for the second: libpam calls us there whatever we said.
constexpr char kPrepared[] = "sqlmap_prepared";

int Remember(pam_handle_t* handle, int status) {
  // A pointer that is only ever a number: never freed, never null.
  void* const number = reinterpret_cast<void*>(static_cast<std::intptr_t>(status) + 1);
  return pam_set_data(handle, kPrepared, number, nullptr) == PAM_SUCCESS ? status : PAM_BUF_ERR;
}

int Remembered(pam_handle_t* handle) {
  const void* number = nullptr;
  if (pam_get_data(handle, kPrepared, &number) != PAM_SUCCESS || number == nullptr)
    return PAM_AUTHTOK_ERR;
  return static_cast<int>(reinterpret_cast<std::intptr_t>(number) - 1);
}

bool ByRoot(int flags) { return getuid() == 0 && !Has(flags, PAM_CHANGE_EXPIRED_AUTHTOK); }

// Whether somebody must change it; else the status to leave with.
bool HasExpired(pam_handle_t* handle, int flags, const Options& options, int& status) {
  const LoginRequest request = RequestFor(handle);
  const LoginAnswer answer = AskGate(request, &LoginGate::CheckAccount);
  if (answer.verdict == LoginVerdict::kPasswordMustChange) return true;
  if (answer.verdict == LoginVerdict::kAccepted) {
    status = PAM_IGNORE;
    return false;
  }
  Report(handle, flags, Stage::kOldPassword, options, request, answer);
  status = StatusOfChange(answer.verdict, Stage::kOldPassword, options);
  return false;
}

int Prepare(pam_handle_t* handle, int flags, const Options& options) {
  int status = AskForUser(handle);
  if (status != PAM_SUCCESS) return GiveUp(handle, "no user name", status);
  if (Has(flags, PAM_CHANGE_EXPIRED_AUTHTOK) && !HasExpired(handle, flags, options, status))
    return status;

  const bool by_root = ByRoot(flags);
  std::string_view old_password;
  if (!by_root) {
    // As in the auth stage: the same for all outcomes.
    if (!options.nodelay) (void)pam_fail_delay(handle, kFailDelayMicroseconds);
    status = AskForPassword(handle, PAM_OLDAUTHTOK, old_password);
    if (status == PAM_AUTH_ERR) status = PAM_AUTHTOK_RECOVERY_ERR;
    if (status != PAM_SUCCESS) return GiveUp(handle, "no old password", status);
  }
  const RefusalFloor floor;
  LoginRequest request = RequestFor(handle);
  if (request.name.empty()) return GiveUp(handle, "no user name", PAM_USER_UNKNOWN);
  request.password = old_password;
  request.by_root = by_root;
  LoginAnswer answer = AskGate(request, &LoginGate::PrepareChange);
  // The gate knows this rule. No gate may get it wrong.
  if (!by_root && old_password.empty() && answer.verdict == LoginVerdict::kAccepted)
    answer.verdict = LoginVerdict::kWrongPassword;
  Report(handle, flags, Stage::kOldPassword, options, request, answer);
  if (!by_root && answer.verdict != LoginVerdict::kAccepted) floor.Wait();
  return StatusOfChange(answer.verdict, Stage::kOldPassword, options);
}

int Update(pam_handle_t* handle, int flags, const Options& options) {
  if (const int status = Remembered(handle); status != PAM_SUCCESS) return status;
  const bool by_root = ByRoot(flags);
  std::string_view new_password;
  if (const int status = AskForPassword(handle, PAM_AUTHTOK, new_password); status != PAM_SUCCESS)
    return GiveUp(handle, "no new password", PAM_AUTHTOK_ERR);
  if (new_password.empty()) {
    if (!Has(flags, PAM_SILENT)) (void)pam_error(handle, "%s", kNoNewPassword);
    return GiveUp(handle, "no new password", PAM_AUTHTOK_ERR);
  }
  LoginRequest request = RequestFor(handle);
  if (request.name.empty()) return GiveUp(handle, "no user name", PAM_USER_UNKNOWN);
  if (!by_root) request.password = Item(handle, PAM_OLDAUTHTOK);
  request.new_password = new_password;
  request.by_root = by_root;
  const LoginAnswer answer = AskGate(request, &LoginGate::ChangePassword);
  Report(handle, flags, Stage::kNewPassword, options, request, answer);
  return StatusOfChange(answer.verdict, Stage::kNewPassword, options);
}

}  // namespace

int ChangeAuthtok(pam_handle_t* handle, int flags, const Options& options) {
  if (Has(flags, PAM_PRELIM_CHECK)) return Remember(handle, Prepare(handle, flags, options));
  return Update(handle, flags, options);
}

}  // namespace sqlmap
