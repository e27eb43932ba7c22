// pam.d(5): which services ask us, and whether they ask in an order that works.
#ifndef SQLMAP_CTL_CHECK_PAM_H_
#define SQLMAP_CTL_CHECK_PAM_H_

#include <string>
#include <vector>

#include "ctl/check/finding.h"
#include "ctl/check/pam_stage.h"
#include "ctl/pam_walk.h"

namespace sqlmap {

// What the steps of a stack run, of all types, in their order.
std::vector<PamLine> PamLinesOf(const PamStack& stack);

// What is to be said of one service that asks sqlmap. Pure.
void JudgePamService(const PamTexts& texts, const std::string& service, ShadowLines shadow,
                     Findings& findings);

// What is to be said of each service that runs pam_sqlmap.so, or that has no end. Pure.
void JudgePam(const PamTexts& texts, ShadowLines shadow, Findings& findings);

void CheckPam(ShadowLines shadow, Findings& findings);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_PAM_H_
