#include "common/sql/client_error.h"

#include <errmsg.h>
#include <mysqld_error.h>

#include <algorithm>

namespace sqlmap {
namespace {

// Not in every library's errmsg.h or mysqld_error.h.
constexpr unsigned kNewMetadata =
    2057;  // CR_NEW_STMT_METADATA: the query's columns are others than when it was prepared
constexpr unsigned kUnknownStatement = 1243;  // ER_UNKNOWN_STMT_HANDLER
constexpr unsigned kNeedReprepare = 1615;     // ER_NEED_REPREPARE
constexpr unsigned kWsrepNotReady = 1047;  // ER_UNKNOWN_COM_ERROR: a Galera node without a quorum
constexpr unsigned kConnectionKilled = 1927;  // ER_CONNECTION_KILLED (MariaDB)
constexpr unsigned kStatementTimeout = 1969;  // ER_STATEMENT_TIMEOUT (MariaDB)
constexpr unsigned kQueryTimeout = 3024;      // ER_QUERY_TIMEOUT (MySQL)
constexpr unsigned kClientTimeout = 4031;     // ER_CLIENT_INTERACTION_TIMEOUT (MySQL 8.0.24)

// The library's own errors: the connection is of no more use.
bool ClientsOwn(unsigned code) {
  return code == 0 || (code >= 2000 && code < 3000) || (code >= 5000 && code < 6000);
}

SqlError::Kind KindOf(unsigned code, Deadline deadline) {
  switch (code) {
    case kNewMetadata:
    case kUnknownStatement:
    case kNeedReprepare:
      return SqlError::Kind::kStale;
    case ER_SERVER_SHUTDOWN:
    case kWsrepNotReady:
    case kConnectionKilled:
    case kClientTimeout:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
      return SqlError::Kind::kLost;
    case ER_QUERY_INTERRUPTED:
    case kStatementTimeout:
    case kQueryTimeout:
      return SqlError::Kind::kTimeout;
    case CR_OUT_OF_MEMORY:
      return SqlError::Kind::kNoMemory;
    default:
      break;
  }
  if (!ClientsOwn(code)) return SqlError::Kind::kServer;
  return deadline.passed() ? SqlError::Kind::kTimeout : SqlError::Kind::kLost;
}

}  // namespace

SqlError ClassifyError(unsigned code, const char* text, const char* step, Deadline deadline) {
  const SqlError::Kind kind = KindOf(code, deadline);
  // The library calls it "lost connection" when its wait was cut off.
  if (kind == SqlError::Kind::kTimeout && ClientsOwn(code)) {
    return {kind,
            std::string(step) + ": no answer within " + std::to_string(deadline.span_ms()) + " ms"};
  }
  std::string line = std::string(step) + ": error " + std::to_string(code) + ": " + text;
  // The text may come from a server that nobody has verified.
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  line.resize(std::min<std::size_t>(line.size(), 400));
  return {kind, std::move(line)};
}

}  // namespace sqlmap
