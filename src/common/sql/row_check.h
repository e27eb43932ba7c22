// Looks at each row before the client library does. libmariadb believes the lengths that a row
// states, and crashes in whatever program it runs in if they point out of the packet, or if a
// column's description has a NULL; and it makes text of numbers in buffers on the stack, whose size
// has nothing to do with the number's.
#ifndef SQLMAP_COMMON_SQL_ROW_CHECK_H_
#define SQLMAP_COMMON_SQL_ROW_CHECK_H_

#include <mysql.h>

#include <cstddef>
#include <span>
#include <type_traits>

namespace sqlmap {

// Whether the library says where a row ends. Where it does not, in 3.4, the end of its buffer
// counts: what is believed of a row that is too short is then what lay there before.
constexpr bool kRowLengthIsKnown =
    std::is_invocable_v<decltype(st_mariadb_methods::db_stmt_fetch_to_bind), MYSQL_STMT*,
                        unsigned char*, unsigned long>;

// Whether each field of a row of the binary protocol lies within it, and has a length that its type
// can have; and whether each time has a fraction of six digits at most.
bool RowIsWhole(std::span<const MYSQL_FIELD> fields, std::span<const unsigned char> row);

// Whether a column's description, as the fields that the library found in it and the end of the
// last, can be read: no NULL up to the field `numbers`, and twelve bytes there. Debian 12's library
// looks itself; those before it read through the NULL.
bool DescriptionIsWhole(std::span<const char* const> fields, std::size_t numbers);

// Changes what the server said of a column so that the library can make text of each value that the
// column's type can hold: 1e308 with two decimals overruns 300 bytes, a "display width" of 4 GiB
// the stack; a zero-filled DOUBLE that is too wide would keep the text of the row before.
void MakeConvertible(MYSQL_FIELD& field);

// From its making on, a fetch from `mysql` fails, without an error number, at a row that is not
// whole, and a prepare or an execute at a column's description that is not; and so does, at columns
// that are not described, whatever reads a result that is not the first of an execute: a statement
// that is closed reads what is left. Must live as long as `mysql`.
class RowCheck {
 public:
  explicit RowCheck(MYSQL& mysql);
  RowCheck(const RowCheck&) = delete;
  RowCheck& operator=(const RowCheck&) = delete;

 private:
  st_mariadb_methods methods_;
};

// While it lives, a statement executed on `mysql` fails if the server sends columns and does not
// describe them. For one that has returned none so far: the library would take the description from
// where there is none.
class DescribedResults {
 public:
  explicit DescribedResults(MYSQL& mysql);
  ~DescribedResults();
  DescribedResults(const DescribedResults&) = delete;
  DescribedResults& operator=(const DescribedResults&) = delete;

 private:
  MYSQL& mysql_;
  decltype(MYSQL::methods) usual_;
  st_mariadb_methods methods_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_ROW_CHECK_H_
