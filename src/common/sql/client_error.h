// Reads the client library's error codes.
#ifndef SQLMAP_COMMON_SQL_CLIENT_ERROR_H_
#define SQLMAP_COMMON_SQL_CLIENT_ERROR_H_

#include <string>

#include "common/sql/deadline.h"
#include "common/sql/sql_error.h"

namespace sqlmap {

// `code` is mysql_errno() of a handle whose call failed by `deadline`; `text` is its mysql_error().
SqlError ClassifyError(unsigned code, const char* text, const char* step, Deadline deadline);

// The same once a write's values are with the server: its text may quote them, a new password's
// hash for one, so that the error has its number and our words. A statement that the server ended,
// as it took too long, is one that the server refused: it is the row that was slow to get, and not
// the server.
SqlError ClassifyWriteError(unsigned code, const char* text, const char* step, Deadline deadline);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_CLIENT_ERROR_H_
