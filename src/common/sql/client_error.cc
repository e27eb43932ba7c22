#include "common/sql/client_error.h"

#include <errmsg.h>
#include <mysqld_error.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string_view>

namespace sqlmap {
namespace {

// Not in every library's errmsg.h or mysqld_error.h.
constexpr unsigned kNewMetadata =
    2057;  // CR_NEW_STMT_METADATA: the query's columns are others than when it was prepared
constexpr unsigned kUnknownStatement = 1243;  // ER_UNKNOWN_STMT_HANDLER
constexpr unsigned kNeedReprepare = 1615;     // ER_NEED_REPREPARE
constexpr unsigned kWsrepNotReady = 1047;  // ER_UNKNOWN_COM_ERROR: a Galera node without a quorum
constexpr unsigned kConnectionKilled = 1927;     // ER_CONNECTION_KILLED (MariaDB)
constexpr unsigned kStatementTimeout = 1969;     // ER_STATEMENT_TIMEOUT (MariaDB)
constexpr unsigned kQueryTimeout = 3024;         // ER_QUERY_TIMEOUT (MySQL)
constexpr unsigned kOfflineMode = 3032;          // ER_SERVER_OFFLINE_MODE (MySQL)
constexpr unsigned kClientTimeout = 4031;        // ER_CLIENT_INTERACTION_TIMEOUT (MySQL 8.0.24)
constexpr unsigned kReadOnlyTransaction = 1792;  // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
constexpr unsigned kReadOnlyMode = 1836;         // ER_READ_ONLY_MODE

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
    case kOfflineMode:
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

// read_only, super_read_only and their like. The option's name is the same in every language.
bool SaysReadOnly(unsigned code, const char* text) {
  if (code == kReadOnlyTransaction || code == kReadOnlyMode) return true;
  return code == ER_OPTION_PREVENTS_STATEMENT &&
         (std::strstr(text, "read-only") != nullptr || std::strstr(text, "read_only") != nullptr);
}

SqlError ReadOnly(const char* step, unsigned code) {
  SqlError error{SqlError::Kind::kServer,
                 std::string(step) + ": error " + std::to_string(code) +
                     ": the server is read-only: name the primary in database.writers"};
  error.read_only = true;
  return error;
}

struct Meaning {
  unsigned code;
  std::string_view words;
};

// What a write is refused for most often.
constexpr Meaning kRefusals[] = {
    {1048, "a column that must have a value has none"},
    {1062, "a value that must be unique is there already"},
    {1142, "the account of [privileged] may not do that to a table"},
    {1143, "the account of [privileged] may not do that to a column"},
    {1205, "another transaction held a lock for too long"},
    {1213, "a deadlock with another transaction"},
    {1264, "a number is out of its column's range"},
    {1265, "a value does not fit its column"},
    {1292, "a value does not fit its column"},
    {1364, "a column that must have a value has none"},
    {1366, "a value does not fit its column"},
    {1370, "the account of [privileged] may not run a procedure"},
    {1406, "a value is too long for its column"},
    {1451, "a foreign key stands against it"},
    {1452, "a foreign key stands against it"},
    {1644, "a trigger or procedure refused it"},
    {3819, "a CHECK of the table refused it"},
    {4025, "a CHECK of the table refused it"},
    {kStatementTimeout, "it took too long, perhaps waiting for a lock"},
    {kQueryTimeout, "it took too long, perhaps waiting for a lock"},
};

std::string_view WordsFor(unsigned code) {
  const auto* const found = std::find_if(std::begin(kRefusals), std::end(kRefusals),
                                         [&](const Meaning& row) { return row.code == code; });
  return found == std::end(kRefusals) ? std::string_view("what it says may hold what was written")
                                      : found->words;
}

}  // namespace

SqlError ClassifyWriteError(unsigned code, const char* text, const char* step, Deadline deadline) {
  if (SaysReadOnly(code, text)) return ReadOnly(step, code);
  // A server may send the library's numbers with a text of its own.
  if (ClientsOwn(code)) {
    SqlError error = ClassifyError(code, "the connection broke", step, deadline);
    if (error.kind == SqlError::Kind::kStale) error.kind = SqlError::Kind::kLost;
    return error;
  }
  SqlError::Kind kind = KindOf(code, deadline);
  if (kind == SqlError::Kind::kTimeout) kind = SqlError::Kind::kServer;
  return {kind, std::string(step) + ": error " + std::to_string(code) + ": " +
                    std::string(WordsFor(code))};
}

SqlError ClassifyError(unsigned code, const char* text, const char* step, Deadline deadline) {
  if (SaysReadOnly(code, text)) return ReadOnly(step, code);
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
  SqlError error{kind, std::move(line)};
  error.answered = !ClientsOwn(code) && kind != SqlError::Kind::kLost;
  if (!ClientsOwn(code)) error.code = code;
  return error;
}

}  // namespace sqlmap
