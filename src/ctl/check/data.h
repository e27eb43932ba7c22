// All rows: what is wrong with them, each and together.
#ifndef SQLMAP_CTL_CHECK_DATA_H_
#define SQLMAP_CTL_CHECK_DATA_H_

#include <optional>

#include "common/config/settings.h"
#include "ctl/check/finding.h"
#include "ctl/check/queries.h"
#include "ctl/check/sessions.h"
#include "ctl/screen.h"

namespace sqlmap {

// Reads the lists row by row, each for a minute at most and up to 10,000,000 rows, and the
// passwords of at most 1,000 accounts. Returns an account and a group; nullopt if there is none, or
// nothing could be read.
std::optional<Sample> CheckData(const Settings& settings, const Sessions& sessions, Screen& screen,
                                Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_DATA_H_
