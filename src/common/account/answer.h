// What a source can say: found, absent, or unavailable with a reason. Absent means that the
// database, or a complete copy of it, said so; everything else is unavailable.
#ifndef SQLMAP_COMMON_ACCOUNT_ANSWER_H_
#define SQLMAP_COMMON_ACCOUNT_ANSWER_H_

#include <cstdint>

namespace sqlmap {

// Why a source could not answer. The NSS edge maps each to an errno, see src/nss/status.h.
enum class Reason : std::uint8_t {
  kNone,           // found or absent
  kNotConfigured,  // no configuration, a faulty one, or no query for this question
  kNotAllowed,     // this process may not ask: AT_SECURE, no right to the secrets, our own daemon
  kUnreachable,    // no server could be reached, or every one is known to be down
  kTimeout,        // the deadline passed
  kServerError,  // a server answered with an error: view or column missing, access denied, too many
                 // connections
  kNoMemory,
  kNeverSetUp,  // libnss_sqlmap alone: nobody has told this host of a database
};

struct Answer {
  enum class Kind : std::uint8_t { kFound, kAbsent, kUnavailable };

  Kind kind = Kind::kUnavailable;
  Reason reason = Reason::kNotConfigured;

  static constexpr Answer Found() { return {Kind::kFound, Reason::kNone}; }
  static constexpr Answer Absent() { return {Kind::kAbsent, Reason::kNone}; }
  static constexpr Answer Unavailable(Reason reason) { return {Kind::kUnavailable, reason}; }

  constexpr bool found() const { return kind == Kind::kFound; }
  constexpr bool absent() const { return kind == Kind::kAbsent; }
  constexpr bool unavailable() const { return kind == Kind::kUnavailable; }
  friend constexpr bool operator==(const Answer&, const Answer&) = default;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_ACCOUNT_ANSWER_H_
