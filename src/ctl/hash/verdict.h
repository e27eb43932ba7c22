// What sqlmapctl verify says of a password and a hash. Pure.
#ifndef SQLMAP_CTL_HASH_VERDICT_H_
#define SQLMAP_CTL_HASH_VERDICT_H_

#include <optional>
#include <string>
#include <string_view>

#include "common/password/verify.h"
#include "ctl/exit_status.h"

namespace sqlmap {

struct HashVerdict {
  ExitStatus status;      // kDone: it matches; kNo: it does not; kUsage: nobody can say
  std::string_view code;  // for programs; stays
  std::string text;       // for people, never a password or a hash
};

// `names_scheme`: whoever asked has said which scheme it is.
HashVerdict VerdictOn(const PasswordCheck& check, bool names_scheme);

// Whether logins with the policy `here` would look at the hash at all; `why_not`: what keeps them
// from it, with the remedy. Costs no hash worth speaking of.
bool AllowedBy(const PasswordPolicy& here, std::string_view stored, std::string_view scheme_column,
               std::string& why_not);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_HASH_VERDICT_H_
