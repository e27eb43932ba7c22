#include "common/sql/row_check.h"

#ifdef MARIADB_PACKAGE_VERSION

#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace {

// Its form differs between the library's versions: with and without the row's length.
using FetchToBind =
    std::remove_pointer_t<decltype(std::declval<st_mariadb_methods>().db_stmt_fetch_to_bind)>;

}  // namespace

extern "C" FetchToBind mthd_stmt_fetch_to_bind;

namespace sqlmap {
namespace {

// What is left of a row.
class Rest {
 public:
  explicit Rest(std::span<const unsigned char> bytes) : bytes_(bytes) {}

  bool Skip(std::uint64_t count) {
    if (count > bytes_.size()) return false;
    bytes_ = bytes_.subspan(static_cast<std::size_t>(count));
    return true;
  }
  // A length as the protocol writes it: in one byte, or in 2, 3 or 8 behind a mark.
  std::optional<std::uint64_t> Length() {
    if (bytes_.empty()) return std::nullopt;
    const unsigned char first = bytes_[0];
    if (first < 251) {
      Skip(1);
      return first;
    }
    const std::size_t size = first == 252 ? 2 : first == 253 ? 3 : first == 254 ? 8 : 0;
    if (size == 0 || bytes_.size() < 1 + size) return std::nullopt;
    std::uint64_t length = 0;
    for (std::size_t i = size; i > 0; --i) length = length << 8 | bytes_[i];
    Skip(1 + size);
    return length;
  }

 private:
  std::span<const unsigned char> bytes_;
};

bool SkipField(Rest& rest, enum_field_types type) {
  std::optional<std::uint64_t> length;
  switch (type) {
    case MYSQL_TYPE_NULL:
      return true;
    case MYSQL_TYPE_TINY:
      return rest.Skip(1);
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
      return rest.Skip(2);
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_FLOAT:
      return rest.Skip(4);
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_DOUBLE:
      return rest.Skip(8);
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
      length = rest.Length();
      return length && (*length == 0 || *length == 4 || *length == 7 || *length == 11) &&
             rest.Skip(*length);
    case MYSQL_TYPE_TIME:
      length = rest.Length();
      return length && (*length == 0 || *length == 8 || *length == 12) && rest.Skip(*length);
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
    case MYSQL_TYPE_VARCHAR:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_BIT:
    case MYSQL_TYPE_JSON:
    case MYSQL_TYPE_ENUM:
    case MYSQL_TYPE_SET:
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_GEOMETRY:
      length = rest.Length();
      return length && rest.Skip(*length);
    default:
      return false;  // the library has no function for it
  }
}

// In the library's own form, whichever that is; without a length, the end of its buffer counts.
template <class... Length>
int CheckedFetch(MYSQL_STMT* statement, unsigned char* row, Length... length) {
  std::size_t size = 0;
  if constexpr (sizeof...(length) == 1) {
    size = (length, ...);
  } else {
    size = static_cast<std::size_t>(statement->mysql->net.buff_end - row);
  }
  const bool whole = RowIsWhole({statement->fields, statement->field_count}, {row, size});
  return whole ? mthd_stmt_fetch_to_bind(statement, row, length...) : 1;
}

}  // namespace

bool RowIsWhole(std::span<const MYSQL_FIELD> fields, std::span<const unsigned char> row) {
  // A status byte, then a bit for each field that is NULL, the first two of which are unused.
  constexpr std::size_t kNulls = 1;
  Rest rest(row);
  if (!rest.Skip(kNulls + (fields.size() + 9) / 8)) return false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const bool null = (row[kNulls + (i + 2) / 8] >> (i + 2) % 8 & 1) != 0;
    if (!null && !SkipField(rest, fields[i].type)) return false;
  }
  return true;
}

RowCheck::RowCheck(MYSQL& mysql) : methods_(*mysql.methods) {
  methods_.db_stmt_fetch_to_bind = CheckedFetch;
  mysql.methods = &methods_;
}

}  // namespace sqlmap

#else

namespace sqlmap {
RowCheck::RowCheck(MYSQL&) {}
}  // namespace sqlmap

#endif
