// Password and account ageing as shadow(5) has it. Pure: the day comes in.
#ifndef SQLMAP_COMMON_LOGIN_AGEING_H_
#define SQLMAP_COMMON_LOGIN_AGEING_H_

#include <cstdint>

#include "common/account/record.h"

namespace sqlmap {

enum class AgeingOutcome : std::uint8_t {
  kGood,
  kAccountExpired,
  kPasswordExpired,     // older than max, and the inactivity period that follows is over too
  kPasswordMustChange,  // older than max, or lstchg is 0
};

struct Ageing {
  AgeingOutcome outcome = AgeingOutcome::kAccountExpired;
  // kGood: days until the password must be changed if that is within the warning period, 0 on the
  // last day; else -1.
  std::int32_t days_left = -1;
};

// What shadow(5)'s fields mean on `today` (days since 1970-01-01 UTC). The rules and their order
// are those of pam_unix's account stage; `min` plays no part in a login. Any field may hold any
// number: sums saturate.
//
//   expire   The first day on which the account is closed. 0, which shadow(5) calls ambiguous, has
//            the safe one of its two meanings: expired on 1970-01-01, as with pam_unix.
//   lstchg   0: the password must be changed. -1: the password does not age, as shadow(5) has it
//            (pam_unix takes -1 for a day, and ages from there). After `today`: the clock is wrong,
//            not the person; good.
//   max      The password must be changed once it is older than this. -1: the password does not
//            age; neither warn nor inact counts.
//   inact    Days after max on which a change is still offered. -1: for ever.
//   warn     Days before max is reached on which days_left is told. -1 or 0: never.
Ageing AgeingOn(std::int64_t today, const ShadowRecord& shadow);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_LOGIN_AGEING_H_
