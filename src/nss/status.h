// The one place where an answer becomes what glibc understands.
#ifndef SQLMAP_NSS_STATUS_H_
#define SQLMAP_NSS_STATUS_H_

#include <nss.h>

#include <cstdint>

#include "common/account/answer.h"

namespace sqlmap {

// What became of the record that came with an answer.
enum class Packed : std::uint8_t {
  kNothing,   // there was none
  kWhole,     // it is in the caller's struct and buffer
  kTooSmall,  // it does not fit the caller's buffer; the struct is untouched
  kNoMemory,  // there is no memory to put it into
  kRefused,   // it is not what was asked for, or breaks a rule that no record may break; the struct
              // is untouched
};

struct NssResult {
  nss_status status;
  int error;  // what errno shall be; 0: it stays as it is
};

//   found                        SUCCESS
//   found, but buffer too small  TRYAGAIN  ERANGE
//   found, but no memory         TRYAGAIN  ENOMEM
//   found, but refused           NOTFOUND  ENOENT: such a row is no account, as in every source
//   found, but no record came    UNAVAIL   EIO: the source broke its promise
//   absent                       NOTFOUND  ENOENT
//   never set up                 UNAVAIL   ENOENT, as the glibc manual has it for a file that is
//                                          missing, and getpwnam(3) for "no such account":
//                                          systemd-sysusers of systemd 255 makes no user after any
//                                          other errno
//   not configured               UNAVAIL   ENOTSUP, not ENOENT: a sqlmapd that is stopped looks the
//                                          same
//   not allowed                  UNAVAIL   EACCES
//   unavailable, and may pass    UNAVAIL   EAGAIN: with any other errno nscd(8) remembers "no such
//                                          account" for its negative-time-to-live
//   unavailable, out of memory   TRYAGAIN  ENOMEM, as the glibc manual has it for want of resources
NssResult ToNssResult(Answer answer, Packed packed) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_NSS_STATUS_H_
