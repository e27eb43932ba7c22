// sqlmapd's status for people.
#ifndef SQLMAP_CTL_STATUS_PAGE_H_
#define SQLMAP_CTL_STATUS_PAGE_H_

#include <cstdint>
#include <string>

#include "ctl/screen.h"
#include "ctl/status/report.h"

namespace sqlmap {

// "12 us", "3.4 ms", "5.6 s", "7 min", "8 h", "9 d".
std::string DurationText(double seconds);

// Groups with a heading each; what a group has several of (servers, pools) is a table. What was
// never asked is left out. `now`: seconds since 1970.
void ShowStatus(const StatusReport& report, std::int64_t now, Screen& screen);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_STATUS_PAGE_H_
