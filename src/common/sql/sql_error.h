// Why a database operation failed, as far as it decides what to do next.
#ifndef SQLMAP_COMMON_SQL_SQL_ERROR_H_
#define SQLMAP_COMMON_SQL_SQL_ERROR_H_

#include <cstdint>
#include <string>

#include "common/account/answer.h"

namespace sqlmap {

struct SqlError {
  enum class Kind : std::uint8_t {
    kNotAllowed,   // this process has no credentials for it
    kUnreachable,  // no connection: refused, no route, access denied, TLS not as demanded, known to
                   // be down
    kTimeout,      // the deadline passed
    kLost,         // the connection broke or the server is going away: worth one more try on a new
                   // connection
    kStale,   // what was prepared on this connection is out of date: likewise, and the server is in
              // good health
    kServer,  // the server refused the query; the connection is still good
    kNoMemory,
  };
  Kind kind = Kind::kUnreachable;
  std::string text;     // for the log: server, what was tried, what it said; no secret
  bool logged = false;  // the log has it already
  // A server that is there said no: wrong password, TLS not as demanded, no such database.
  bool refused = false;
  // It has no connection left, for anybody or for this account: worth waiting for.
  bool full = false;
  // It is there, and cannot be written: a replica, or a primary that has been told so.
  bool read_only = false;
  // About one server another thread was finding out, and was not done in time.
  bool elsewhere = false;
  // A server's own word, unless it was that it goes away: it answers, if with an error.
  bool answered = false;
  unsigned code = 0;  // the server's error number, 0 if it is not a look-up's, or no server's

  Reason reason() const {
    if (elsewhere) return Reason::kServerError;
    switch (kind) {
      case Kind::kNotAllowed:
        return Reason::kNotAllowed;
      case Kind::kTimeout:
        return Reason::kTimeout;
      case Kind::kStale:
      case Kind::kServer:
        return Reason::kServerError;
      case Kind::kNoMemory:
        return Reason::kNoMemory;
      case Kind::kUnreachable:
      case Kind::kLost:
        break;
    }
    return Reason::kUnreachable;
  }
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_SQL_ERROR_H_
