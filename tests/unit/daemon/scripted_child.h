// A child that does what its client says, for tests of the parent. A client connects, writes one
// command, and reads the answer until the end:
//
//   who             "<pid> <uid> <users that the parent says are published, or none>"
//   hold            what it has of the parent's: "<open descriptors> <mapped control pages>"
//   publish N       "1" or "0": whether the parent published a snapshot of N users
//   unsealed N      the same without seals
//   confirm, garbage, foreign   sends such a message to the parent
//   down N          says that the database has been down for N s
//   exit, hang      ends; lives on without a sign of life
//   stay            takes no notice of being told to drain from now on
//   refreshed       how many times the parent has told it to read again
#ifndef SQLMAP_TESTS_UNIT_DAEMON_SCRIPTED_CHILD_H_
#define SQLMAP_TESTS_UNIT_DAEMON_SCRIPTED_CHILD_H_

#include "daemon/child.h"

namespace sqlmap {

int RunScriptedChild(ChildContext context);
// Dies at once.
int RunShortLivedChild(ChildContext context);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_UNIT_DAEMON_SCRIPTED_CHILD_H_
