#include "common/sql/row_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <type_traits>
#include <utility>

namespace {

// Its form differs between the library's versions: with and without the row's length.
using FetchToBind =
    std::remove_pointer_t<decltype(std::declval<st_mariadb_methods>().db_stmt_fetch_to_bind)>;
using ReadRows = std::remove_pointer_t<decltype(std::declval<st_mariadb_methods>().db_read_rows)>;
using ReadQueryResult =
    std::remove_pointer_t<decltype(std::declval<st_mariadb_methods>().db_read_query_result)>;

}  // namespace

extern "C" {
FetchToBind mthd_stmt_fetch_to_bind;
ReadRows mthd_my_read_rows;
ReadQueryResult mthd_my_read_query_result;
void free_rows(MYSQL_DATA* data);
}

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
  std::span<const unsigned char> bytes() const { return bytes_; }

 private:
  std::span<const unsigned char> bytes_;
};

// Millionths of a second, in the last four bytes: the library has room for six digits.
bool GoodFraction(std::span<const unsigned char> bytes) {
  std::uint32_t fraction = 0;
  for (std::size_t i = 4; i > 0; --i) fraction = fraction << 8 | bytes[bytes.size() - 5 + i];
  return fraction < 1'000'000;
}

// A date or a time: `sizes` are the lengths that it can have, the last of them with a fraction.
bool SkipMoment(Rest& rest, std::initializer_list<std::uint64_t> sizes) {
  const auto length = rest.Length();
  if (!length || std::ranges::find(sizes, *length) == sizes.end()) return false;
  const auto bytes = rest.bytes();
  return rest.Skip(*length) &&
         (*length != *std::prev(sizes.end()) || GoodFraction(bytes.first(*length)));
}

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
      return SkipMoment(rest, {0, 4, 7, 11});
    case MYSQL_TYPE_TIME:
      return SkipMoment(rest, {0, 8, 12});
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
      return false;  // NEWDATE, which no server sends, and what the library has no function for
  }
}

// Which field of a column's description has the numbers: the seventh, or, from a server that
// describes types at more length, the eighth.
std::size_t NumbersField([[maybe_unused]] MYSQL* mysql) {
#ifdef MARIADB_CLIENT_EXTENDED_METADATA
  unsigned long capabilities = 0;
  mariadb_get_infov(mysql, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &capabilities);
  constexpr unsigned long kAtMoreLength = MARIADB_CLIENT_EXTENDED_METADATA >> 32;
  return (capabilities & kAtMoreLength) != 0 ? 7 : 6;
#else
  return 6;
#endif
}

// The library calls it for descriptions of columns only: the rows of ours are never stored.
MYSQL_DATA* CheckedReadRows(MYSQL* mysql, MYSQL_FIELD* columns, unsigned count) {
  MYSQL_DATA* const data = mthd_my_read_rows(mysql, columns, count);
  if (data == nullptr) return nullptr;
  const std::size_t numbers = NumbersField(mysql);
  for (MYSQL_ROWS* row = data->data; row != nullptr; row = row->next) {
    if (DescriptionIsWhole({row->data, count + std::size_t{1}}, numbers)) continue;
    free_rows(data);
    return nullptr;
  }
  return data;
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
  const std::span<MYSQL_FIELD> fields(statement->fields, statement->field_count);
  for (MYSQL_FIELD& field : fields) MakeConvertible(field);
  return RowIsWhole(fields, {row, size}) ? mthd_stmt_fetch_to_bind(statement, row, length...) : 1;
}

// The library calls it for each result but the first of an executed statement.
auto ReadDescribedResult(MYSQL* mysql) {
  const auto failed = mthd_my_read_query_result(mysql);
  const bool described = mysql->field_count == 0 || mysql->fields != nullptr;
  return failed != 0 || described ? failed : decltype(failed){1};
}

}  // namespace

bool DescriptionIsWhole(std::span<const char* const> fields, std::size_t numbers) {
  constexpr std::ptrdiff_t kNumbersSize = 12;
  if (fields.size() <= numbers + 1) return false;
  const auto behind = fields.begin() + static_cast<std::ptrdiff_t>(numbers) + 1;
  if (std::find(fields.begin(), behind, nullptr) != behind) return false;
  const auto end = std::find_if(behind, fields.end(), [](const char* at) { return at != nullptr; });
  return end != fields.end() && *end - fields[numbers] > kNumbersSize;  // and a NUL
}

void MakeConvertible(MYSQL_FIELD& field) {
  constexpr unsigned kAsManyAsItTakes = 31;     // the library's NOT_FIXED_DEC
  constexpr unsigned long kWidestNumber = 255;  // display width
  switch (field.type) {
    case MYSQL_TYPE_DOUBLE:
      field.decimals = kAsManyAsItTakes;
      [[fallthrough]];
    case MYSQL_TYPE_FLOAT:
      // Keeps its decimals: 71 characters at most, where the other way loses all but six digits.
      field.flags &= ~static_cast<unsigned>(ZEROFILL_FLAG);
      break;
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_YEAR:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONGLONG:
      field.length = std::min(field.length, kWidestNumber);
      break;
    default:
      break;
  }
}

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
  methods_.db_read_rows = CheckedReadRows;
  methods_.db_read_query_result = ReadDescribedResult;
  mysql.methods = &methods_;
}

DescribedResults::DescribedResults(MYSQL& mysql)
    : mysql_(mysql), usual_(mysql.methods), methods_(*mysql.methods) {
  methods_.db_read_stmt_result = ReadDescribedResult;
  mysql.methods = &methods_;
}

DescribedResults::~DescribedResults() { mysql_.methods = usual_; }

}  // namespace sqlmap
