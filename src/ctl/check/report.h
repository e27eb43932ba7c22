// All findings, as lines for people or as one value for programs. Pure.
#ifndef SQLMAP_CTL_CHECK_REPORT_H_
#define SQLMAP_CTL_CHECK_REPORT_H_

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "ctl/check/finding.h"
#include "ctl/screen.h"

namespace sqlmap {

// Level, area, subject, and what it is with what to do about it.
Table TableOf(std::span<const Finding> findings);

// "41 ok, 2 warnings, 1 error".
std::string SummaryOf(std::span<const Finding> findings);

// {"ok": 41, "warnings": 2, "errors": 1, "findings": [{"area", "subject", "level", "what",
// "remedy"}]}.
nlohmann::ordered_json JsonOf(std::span<const Finding> findings);

// The worst of them.
Level WorstOf(std::span<const Finding> findings);
Tone ToneOf(Level level);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_REPORT_H_
