// What a verdict is called, in syslog and in the log rows of the database.
#ifndef SQLMAP_COMMON_ACCOUNT_VERDICT_WORDS_H_
#define SQLMAP_COMMON_ACCOUNT_VERDICT_WORDS_H_

#include <string_view>

#include "common/account/login_gate.h"

namespace sqlmap {

constexpr std::string_view WordsFor(LoginVerdict verdict) {
  switch (verdict) {
    case LoginVerdict::kAccepted:
      return "accepted";
    case LoginVerdict::kUnknownUser:
      return "user unknown";
    case LoginVerdict::kWrongPassword:
      return "wrong password";
    case LoginVerdict::kBlocked:
      return "blocked";
    case LoginVerdict::kAccountExpired:
      return "account expired";
    case LoginVerdict::kPasswordExpired:
      return "password expired";
    case LoginVerdict::kPasswordMustChange:
      return "password must be changed";
    case LoginVerdict::kServiceNotAllowed:
      return "service not allowed";
    case LoginVerdict::kAccessDenied:
      return "access denied";
    case LoginVerdict::kThrottled:
      return "too many failures";
    case LoginVerdict::kTooSoon:
      return "password changed too recently";
    case LoginVerdict::kNotChanged:
      return "password not changed";
    case LoginVerdict::kUndecided:
      return "undecided";
    case LoginVerdict::kUnavailable:
      break;
  }
  return "unavailable";
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_VERDICT_WORDS_H_
