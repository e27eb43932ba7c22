// Why the database did not say, in the words of the log.
#ifndef SQLMAP_COMMON_BACKEND_REASON_WORDS_H_
#define SQLMAP_COMMON_BACKEND_REASON_WORDS_H_

#include <string_view>

#include "common/account/answer.h"

namespace sqlmap {

constexpr std::string_view WordsFor(Reason reason) {
  switch (reason) {
    case Reason::kNotAllowed:
      return "this process may not ask: it is not root, or secrets.toml has no good [privileged]";
    case Reason::kNotConfigured:
      return "no query is configured for this";
    case Reason::kTimeout:
      return "the database did not answer in time";
    case Reason::kServerError:
      return "the database refused the query";
    case Reason::kNoMemory:
      return "out of memory";
    case Reason::kUnreachable:
    case Reason::kNeverSetUp:  // never said by a database
    case Reason::kNone:
      break;
  }
  return "no database server could be reached";
}

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_BACKEND_REASON_WORDS_H_
