// nss_sqlmap(8) names each status and errno that glibc is given.
#include <gtest/gtest.h>
#include <string.h>

#include <cerrno>
#include <map>
#include <set>
#include <string>

#include "nss/status.h"
#include "page.h"

namespace sqlmap {
namespace {

const char* NameOf(nss_status status) {
  switch (status) {
    case NSS_STATUS_SUCCESS:
      return "NSS_STATUS_SUCCESS";
    case NSS_STATUS_NOTFOUND:
      return "NSS_STATUS_NOTFOUND";
    case NSS_STATUS_TRYAGAIN:
      return "NSS_STATUS_TRYAGAIN";
    default:
      return "NSS_STATUS_UNAVAIL";
  }
}

TEST(NssSqlmapPage, HasEachStatusWithTheErrnosThatComeWithItAndNoOther) {
  std::map<std::string, std::set<std::string>> given;
  const auto add = [&](Answer answer, Packed packed) {
    const NssResult result = ToNssResult(answer, packed);
    auto& errors = given[NameOf(result.status)];
    // Linux has two names for that number, and glibc knows the other one.
    if (result.error == ENOTSUP)
      errors.insert("ENOTSUP");
    else if (result.error != 0)
      errors.insert(strerrorname_np(result.error));
  };
  for (const Packed packed :
       {Packed::kNothing, Packed::kWhole, Packed::kTooSmall, Packed::kNoMemory, Packed::kRefused})
    add(Answer::Found(), packed);
  add(Answer::Absent(), Packed::kNothing);
  for (const Reason reason :
       {Reason::kNone, Reason::kNotConfigured, Reason::kNotAllowed, Reason::kUnreachable,
        Reason::kTimeout, Reason::kServerError, Reason::kNoMemory, Reason::kNeverSetUp})
    add(Answer::Unavailable(reason), Packed::kNothing);

  std::map<std::string, std::set<std::string>> shown;
  for (const Entry& entry : EntriesOf(PartOf(ManualSource("nss_sqlmap.8"), "# RETURN VALUES"))) {
    const std::vector<std::string> errors = MarkedIn(entry.text, '*');
    shown[entry.term] = {errors.begin(), errors.end()};
  }
  EXPECT_EQ(shown, given);
}

}  // namespace
}  // namespace sqlmap
