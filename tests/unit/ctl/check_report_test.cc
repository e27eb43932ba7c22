#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ctl/check/report.h"

namespace sqlmap {
namespace {

std::vector<Finding> Some() {
  Findings findings("data");
  findings.Ok("users", "8 accounts");
  findings.Warning("homes", "of 8: 1 missing: /srv/\033[31m", "make them");
  findings.Error("names", "1 name is there twice", "mend it");
  findings.Warning("uids", "1 uid is shared", "mend it");
  return findings.list();
}

TEST(Report, EachFindingIsALineThatCannotCommandTheTerminal) {
  EXPECT_EQ(TableOf(Some()).Text(false),
            "ok       data  users  8 accounts\n"
            "warning  data  homes  of 8: 1 missing: /srv/\\x1b[31m; make them\n"
            "error    data  names  1 name is there twice; mend it\n"
            "warning  data  uids   1 uid is shared; mend it\n");
}

TEST(Report, TheSummaryCountsAndTheWorstDecides) {
  const std::vector<Finding> all = Some();
  EXPECT_EQ(SummaryOf(all), "1 ok, 2 warnings, 1 error");
  EXPECT_EQ(WorstOf(all), Level::kError);
  EXPECT_EQ(WorstOf(std::span(all).first(2)), Level::kWarning);
  EXPECT_EQ(WorstOf(std::span(all).first(1)), Level::kOk);
  EXPECT_EQ(SummaryOf({}), "0 ok, 0 warnings, 0 errors");
}

TEST(Report, ProgramsGetTheSameAsValues) {
  const std::vector<Finding> all = Some();
  EXPECT_EQ(JsonOf(std::span(all).subspan(2, 1)).dump(),
            R"({"ok":0,"warnings":0,"errors":1,"findings":[{"area":"data","subject":"names",)"
            R"("level":"error","what":"1 name is there twice","remedy":"mend it"}]})");
}

}  // namespace
}  // namespace sqlmap
