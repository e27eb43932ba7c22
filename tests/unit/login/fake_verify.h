// Stands in for src/common/password, so that a decision's tests see which hashes were asked for,
// and how often.
#ifndef SQLMAP_TESTS_UNIT_LOGIN_FAKE_VERIFY_H_
#define SQLMAP_TESTS_UNIT_LOGIN_FAKE_VERIFY_H_

#include <string>
#include <vector>

namespace sqlmap {

// Stored texts: "is:PASSWORD" verifies (as drupal7); with "N/" in front it takes N tenths of what
// one hash may cost; "unknown", "weak" and "costly" are refused unhashed; NULL has no password.
struct VerifyLog {
  std::vector<std::string> verified;  // the stored texts, in order; "NULL"
  std::vector<std::string> computed;  // those that cost their time, in order
  std::vector<bool> empty_allowed;    // the policy of each
  int spent = 0;                      // calls of SpendVerification
  int hashed = 0;                     // verifications that cost their time
};
inline VerifyLog g_verify_log;

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_UNIT_LOGIN_FAKE_VERIFY_H_
