// What every entry point of the module begins and ends with.
#ifndef SQLMAP_NSS_ENTRY_H_
#define SQLMAP_NSS_ENTRY_H_

#include <nss.h>

#include <cstring>
#include <string_view>

#include "common/account/rules.h"
#include "nss/sources.h"
#include "nss/status.h"

// glibc's own prototypes: a definition that differs from what glibc will call does not compile.
#pragma GCC visibility push(default)
extern "C" {
NSS_DECLARE_MODULE_FUNCTIONS(sqlmap)
}
#pragma GCC visibility pop

namespace sqlmap {

// Every entry ends with it. errno is left alone except for what the answer says: whatever makes a
// system call on the way to it has a CallGuard, and a look-up in the snapshot makes none.
inline nss_status Return(NssResult result, int* errnop) {
  if (result.error != 0) *errnop = result.error;
  return result.status;
}
inline nss_status Return(Outcome outcome, int* errnop) {
  if (outcome.answer.found() && outcome.packed == Packed::kWhole) return NSS_STATUS_SUCCESS;
  return Return(ToNssResult(outcome.answer, outcome.packed), errnop);
}

// The name that was asked, or "" if it is too long for an account: then nobody is asked. Reads at
// most 256 bytes. Whether an account can have it is looked at by whoever does not find it, see
// SnapshotSource::MissIsFinal: what is found is found under its own name.
inline std::string_view AskedName(const char* name) {
  const std::string_view asked(name, strnlen(name, kNameMax + 1));
  return asked.size() <= kNameMax ? asked : std::string_view();
}

}  // namespace sqlmap

#endif  // SQLMAP_NSS_ENTRY_H_
