// The control of a pam.d line: what libpam does about each status of a module. Pure.
#ifndef SQLMAP_CTL_CHECK_PAM_CONTROL_H_
#define SQLMAP_CTL_CHECK_PAM_CONTROL_H_

#include <array>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace sqlmap {

// As brackets name them.
inline constexpr std::string_view kPamStatuses[] = {"success",
                                                    "open_err",
                                                    "symbol_err",
                                                    "service_err",
                                                    "system_err",
                                                    "buf_err",
                                                    "perm_denied",
                                                    "auth_err",
                                                    "cred_insufficient",
                                                    "authinfo_unavail",
                                                    "user_unknown",
                                                    "maxtries",
                                                    "new_authtok_reqd",
                                                    "acct_expired",
                                                    "session_err",
                                                    "cred_unavail",
                                                    "cred_expired",
                                                    "cred_err",
                                                    "no_module_data",
                                                    "conv_err",
                                                    "authtok_err",
                                                    "authtok_recover_err",
                                                    "authtok_lock_busy",
                                                    "authtok_disable_aging",
                                                    "try_again",
                                                    "ignore",
                                                    "abort",
                                                    "authtok_expired",
                                                    "module_unknown",
                                                    "bad_item",
                                                    "conv_again",
                                                    "incomplete"};

// Those above 0 are jumps over so many lines.
enum PamAction : int { kReset = -5, kDie, kBad, kDone, kOk, kIgnore };
// By the place of the status in kPamStatuses.
using PamControl = std::array<int, std::size(kPamStatuses)>;

// "required", or what stands in brackets, without them. nullopt: libpam does not understand it
// either, and then whatever the module returns is bad.
std::optional<PamControl> ReadPamControl(std::string_view text);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_PAM_CONTROL_H_
