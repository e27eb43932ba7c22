// The one line that the log gets for each decision.
#ifndef SQLMAP_PAM_JOURNAL_H_
#define SQLMAP_PAM_JOURNAL_H_

#include <cstddef>
#include <cstdint>

#include "common/account/line_writer.h"
#include "common/account/login_gate.h"
#include "pam/options.h"

namespace sqlmap {

// Bytes that hold any line.
inline constexpr std::size_t kMaxLine = 640;

// The two phases of a password change are stages of their own.
enum class Stage : std::uint8_t { kAuthentication, kAccount, kOldPassword, kNewPassword, kSession };

// Whether a decision is worth a line without `debug`. Not: that an account may go on being used, or
// that another stage than auth met one that is not ours, which happens for each cron job of every
// local user; nor that a password may be changed, before it is.
bool IsWorthALine(Stage stage, LoginVerdict verdict, const Options& options);

// "wrong password user=shop.acme.example rhost=192.0.2.7 tty=ssh: alice mismatch (drupal7)"
//
// The name is there only if it is known to be one, or with `debug`: people type passwords at the
// login prompt.
void ComposeLine(LineWriter& line, Stage stage, const LoginRequest& request,
                 const LoginAnswer& answer, const Options& options);

}  // namespace sqlmap

#endif  // SQLMAP_PAM_JOURNAL_H_
