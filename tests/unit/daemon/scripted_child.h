// A child that does what its client says, for tests of the parent. A client connects, writes one
// command, and reads the answer until the end:
//
//   who             "<pid> <uid> <users that the parent says are published, or none>"
//   hold            what it has of the parent's: "<open descriptors> <mapped control pages>"
//   publish N       "1" or "0": whether the parent published a snapshot of N users
//   unsealed N      the same without seals
//   publish-exit N  sends a snapshot of N users and ends
//   parting N       when it is told to drain, sends a snapshot of N users first, and says on
//                   standard error what became of it
//   confirm, confirm-late N, confirm-early N, confirm-other N   the database was asked now, N s
//                   before or after, or about the generation N further on
//   deny            the database says something else
//   garbage, foreign   sends such a message to the parent
//   down N          says that the database has been down for N s
//   exit, hang      ends; lives on without a sign of life
//   stay            takes no notice of being told to drain from now on
//   remember N, remember-unsealed N, remember-large   hands over "remembered N" to be kept, the
//   same
//                   without seals, and more than anybody keeps
//   offline         what it was handed over of logins: "<bytes of the key> <the rest>"
//   forget N        says that a name is to be forgotten
//   flood N         says so N times
//   forgotten       the last one that it was told to forget, 0 if none
//   flushes         how many flushes there have been, of all children
//   last N          when it is told to drain, does "remember N" and "forget N", counts a flush, and
//                   ends
//   crashes         how many children have crashed
//   refreshed       how many times the parent has told it to read again
#ifndef SQLMAP_TESTS_UNIT_DAEMON_SCRIPTED_CHILD_H_
#define SQLMAP_TESTS_UNIT_DAEMON_SCRIPTED_CHILD_H_

#include "daemon/child.h"

namespace sqlmap {

int RunScriptedChild(ChildContext context);
// Dies at once.
int RunShortLivedChild(ChildContext context);
// The same, but only where accounts.min_uid is kDeadly.
inline constexpr std::uint32_t kDeadly = 200000;
int RunChildOfGoodSettings(ChildContext context);

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_UNIT_DAEMON_SCRIPTED_CHILD_H_
