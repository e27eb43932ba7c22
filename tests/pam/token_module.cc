// A module that stands in front and has found a new password, as pam_pwquality does.
#include <security/pam_ext.h>
#include <security/pam_modules.h>

extern "C" __attribute__((visibility("default"))) int pam_sm_chauthtok(pam_handle_t* handle,
                                                                       int flags, int,
                                                                       const char**) {
  if ((static_cast<unsigned>(flags) & PAM_PRELIM_CHECK) != 0) return PAM_SUCCESS;
  return pam_set_item(handle, PAM_AUTHTOK, "secret-of-the-front");
}
