#include "nss/status.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace sqlmap {
namespace {

// Where there is a database.
constexpr Reason kReasons[] = {Reason::kNone,        Reason::kNotConfigured, Reason::kNotAllowed,
                               Reason::kUnreachable, Reason::kTimeout,       Reason::kServerError,
                               Reason::kNoMemory};
constexpr Packed kAllPacked[] = {Packed::kNothing, Packed::kWhole, Packed::kTooSmall,
                                 Packed::kRefused};

void Expect(Answer answer, Packed packed, nss_status status, int error) {
  const NssResult result = ToNssResult(answer, packed);
  EXPECT_EQ(result.status, status);
  EXPECT_EQ(result.error, error);
}

TEST(Status, FoundAndPackedIsSuccessAndLeavesErrnoAlone) {
  Expect(Answer::Found(), Packed::kWhole, NSS_STATUS_SUCCESS, 0);
}

TEST(Status, TooSmallABufferIsWhatMakesGlibcTryALargerOne) {
  Expect(Answer::Found(), Packed::kTooSmall, NSS_STATUS_TRYAGAIN, ERANGE);
}

TEST(Status, RefusedRecordIsNoAccount) {
  Expect(Answer::Found(), Packed::kRefused, NSS_STATUS_NOTFOUND, ENOENT);
}

TEST(Status, SourceThatSaysFoundButGivesNothingIsNotBelieved) {
  Expect(Answer::Found(), Packed::kNothing, NSS_STATUS_UNAVAIL, EIO);
}

TEST(Status, AbsentIsNotFoundWhateverWasPacked) {
  for (const Packed packed : kAllPacked)
    Expect(Answer::Absent(), packed, NSS_STATUS_NOTFOUND, ENOENT);
}

TEST(Status, EveryReasonHasItsErrno) {
  const auto unavailable = [](Reason reason) { return Answer::Unavailable(reason); };
  Expect(unavailable(Reason::kNone), Packed::kNothing, NSS_STATUS_UNAVAIL, EIO);
  Expect(unavailable(Reason::kNotConfigured), Packed::kNothing, NSS_STATUS_UNAVAIL, ENOTSUP);
  Expect(unavailable(Reason::kNotAllowed), Packed::kNothing, NSS_STATUS_UNAVAIL, EACCES);
  Expect(unavailable(Reason::kUnreachable), Packed::kNothing, NSS_STATUS_UNAVAIL, EAGAIN);
  Expect(unavailable(Reason::kTimeout), Packed::kNothing, NSS_STATUS_UNAVAIL, EAGAIN);
  Expect(unavailable(Reason::kServerError), Packed::kNothing, NSS_STATUS_UNAVAIL, EAGAIN);
  Expect(unavailable(Reason::kNoMemory), Packed::kNothing, NSS_STATUS_TRYAGAIN, ENOMEM);
  Expect(unavailable(Reason::kNeverSetUp), Packed::kNothing, NSS_STATUS_UNAVAIL, ENOENT);
}

TEST(Status, NothingUnavailableLooksLikeAnAbsentNameOrASmallBuffer) {
  const std::set<int> means_not_found{0, ENOENT, ESRCH, EBADF, EPERM, ERANGE};  // getpwnam(3)
  for (const Reason reason : kReasons) {
    for (const Packed packed : kAllPacked) {
      const NssResult result = ToNssResult(Answer::Unavailable(reason), packed);
      EXPECT_TRUE(result.status == NSS_STATUS_UNAVAIL || result.status == NSS_STATUS_TRYAGAIN);
      EXPECT_FALSE(means_not_found.contains(result.error)) << result.error;
    }
  }
}

}  // namespace
}  // namespace sqlmap
