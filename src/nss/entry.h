// What every entry point of the module begins and ends with.
#ifndef SQLMAP_NSS_ENTRY_H_
#define SQLMAP_NSS_ENTRY_H_

#include <nss.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/account/rules.h"
#include "nss/status.h"

// glibc's own prototypes: a definition that differs from what glibc will call does not compile.
#pragma GCC visibility push(default)
extern "C" {
NSS_DECLARE_MODULE_FUNCTIONS(sqlmap)
}
#pragma GCC visibility pop

namespace sqlmap {

// Lives as long as the call: the caller's errno is left alone except for what Return says. Whoever
// takes a lock or a descriptor has a CallGuard; a look-up in the snapshot has neither, and is no
// cancellation point.
class Entry {
 public:
  explicit Entry(int* errnop = nullptr) : errnop_(errnop), errno_(errno) {}
  ~Entry() {
    errno = errno_;
    if (error_ != 0) *errnop_ = error_;  // glibc passes &errno, so this comes last
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  nss_status Return(NssResult result) {
    error_ = result.error;
    return result.status;
  }
  nss_status Return(Answer answer, Packed packed = Packed::kNothing) {
    return Return(ToNssResult(answer, packed));
  }

 private:
  int* const errnop_;
  const int errno_;
  int error_ = 0;
};

// The name that was asked, or "" if it is too long for an account: then nobody is asked. Reads at
// most 256 bytes. Whether an account can have it is looked at by whoever does not find it, see
// SnapshotSource::MissIsFinal: what is found is found under its own name.
inline std::string_view AskedName(const char* name) {
  const std::string_view asked(name, strnlen(name, kNameMax + 1));
  return asked.size() <= kNameMax ? asked : std::string_view();
}

}  // namespace sqlmap

#endif  // SQLMAP_NSS_ENTRY_H_
