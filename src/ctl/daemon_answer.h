// What sqlmapd said to a command of sqlmapctl.
#ifndef SQLMAP_CTL_DAEMON_ANSWER_H_
#define SQLMAP_CTL_DAEMON_ANSWER_H_

#include <string>

#include "common/account/answer.h"

namespace sqlmap {

// Returns if the answer is found. Throws Failure with `said`, sqlmapd's own text, or else with what
// the answer's reason means and how to mend it.
void ThrowUnlessFound(const Answer& answer, const std::string& said);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_DAEMON_ANSWER_H_
