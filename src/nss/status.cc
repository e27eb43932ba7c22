#include "nss/status.h"

#include <cerrno>

namespace sqlmap {
namespace {

constexpr NssResult kNotFound{NSS_STATUS_NOTFOUND, ENOENT};
constexpr NssResult kOutOfMemory{NSS_STATUS_TRYAGAIN, ENOMEM};

NssResult FromReason(Reason reason) {
  switch (reason) {
    case Reason::kNotConfigured:
      return {NSS_STATUS_UNAVAIL, ENOTSUP};
    case Reason::kNeverSetUp:
      return {NSS_STATUS_UNAVAIL, ENOENT};
    case Reason::kNotAllowed:
      return {NSS_STATUS_UNAVAIL, EACCES};
    case Reason::kUnreachable:
    case Reason::kTimeout:
    case Reason::kServerError:
      return {NSS_STATUS_UNAVAIL, EAGAIN};
    case Reason::kNoMemory:
      return kOutOfMemory;
    case Reason::kNone:
      break;
  }
  return {NSS_STATUS_UNAVAIL, EIO};
}

NssResult FromPacked(Packed packed) {
  switch (packed) {
    case Packed::kWhole:
      return {NSS_STATUS_SUCCESS, 0};
    case Packed::kTooSmall:
      return {NSS_STATUS_TRYAGAIN, ERANGE};
    case Packed::kNoMemory:
      return kOutOfMemory;
    case Packed::kRefused:
      return kNotFound;
    case Packed::kNothing:
      break;
  }
  return {NSS_STATUS_UNAVAIL, EIO};
}

}  // namespace

NssResult ToNssResult(Answer answer, Packed packed) noexcept {
  if (answer.found()) return FromPacked(packed);
  if (answer.absent()) return kNotFound;
  return FromReason(answer.reason);
}

}  // namespace sqlmap
