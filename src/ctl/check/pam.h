// pam.d(5): which services ask us, and whether they ask in an order that works.
#ifndef SQLMAP_CTL_CHECK_PAM_H_
#define SQLMAP_CTL_CHECK_PAM_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/check/finding.h"
#include "ctl/check/pam_stage.h"

namespace sqlmap {

// The texts of a pam.d directory by their names.
using PamFiles = std::map<std::string, std::string, std::less<>>;

struct PamStack {
  std::vector<PamLine> lines;        // of all types, in order, with what is included
  std::vector<std::string> missing;  // included, and not there
};

// What a service runs: its own lines, and those of @include, include and substack. Pure.
PamStack StackOf(const PamFiles& files, std::string_view service);

// What is to be said of each service that runs pam_sqlmap.so. Pure.
void JudgePam(const PamFiles& files, Findings& findings);

void CheckPam(const std::string& directory, Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_PAM_H_
