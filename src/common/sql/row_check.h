// Looks at each row before the client library does: libmariadb believes the lengths that a row
// states, and crashes in whatever program it runs in if they point out of the packet.
#ifndef SQLMAP_COMMON_SQL_ROW_CHECK_H_
#define SQLMAP_COMMON_SQL_ROW_CHECK_H_

#include <mysql.h>

#include <cstddef>
#include <span>

namespace sqlmap {

#ifdef MARIADB_PACKAGE_VERSION
// Whether each field of a row of the binary protocol lies within it, and has a length that its type
// can have.
bool RowIsWhole(std::span<const MYSQL_FIELD> fields, std::span<const unsigned char> row);
#endif

// From its making on, a fetch from `mysql` fails, without an error number, at a row that is not
// whole. Must live as long as `mysql`.
class RowCheck {
 public:
  explicit RowCheck(MYSQL& mysql);
  RowCheck(const RowCheck&) = delete;
  RowCheck& operator=(const RowCheck&) = delete;

 private:
#ifdef MARIADB_PACKAGE_VERSION
  st_mariadb_methods methods_;
#endif
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_ROW_CHECK_H_
