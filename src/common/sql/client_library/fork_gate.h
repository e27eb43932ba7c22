// Keeps a fork of the host from falling into the middle of our use of OpenSSL.
//
// OpenSSL's locks are ordinary ones: a child that is forked while another thread holds one waits
// for it for ever, at its first sign-in. So our threads say when they are inside OpenSSL, and
// fork(2) waits for them, which takes as long as the arithmetic of a sign-in: nobody is inside
// while it waits for a server.
//
// The host's own threads that use OpenSSL are not waited for, and _Fork(3) asks nobody.
#ifndef SQLMAP_COMMON_SQL_CLIENT_LIBRARY_FORK_GATE_H_
#define SQLMAP_COMMON_SQL_CLIENT_LIBRARY_FORK_GATE_H_

#include <cstdint>

namespace sqlmap {

class ForkGate {
 public:
  // The longest that a fork is held up, whatever our threads do.
  static constexpr std::int64_t kPatienceMs = 250;

  // Waits while another thread forks. A thread must not enter twice.
  static void Enter() noexcept;
  static void Leave() noexcept;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_CLIENT_LIBRARY_FORK_GATE_H_
