// What the columns of a result are: found by name, or, where no name is known, by the order of the
// default query.
#ifndef SQLMAP_COMMON_SQL_FIELDS_H_
#define SQLMAP_COMMON_SQL_FIELDS_H_

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "common/config/settings.h"
#include "common/sql/statement.h"

namespace sqlmap {

enum class Field : std::uint8_t {
  kUserName,   // username
  kGroupName,  // groupname
  kPassword,   // password
  kUid,
  kGid,
  kGecos,
  kHome,  // homedir
  kShell,
  kLstchg,
  kMin,
  kMax,
  kWarn,
  kInact,
  kExpire,
  kFlag,
  kMember,  // member
  kStatus,
  kScheme,  // scheme, plugin
  kOwner,   // owner, drupal_name
  kServices,
  kAllowed,
  kSshKey,  // ssh_key, public_key
  kCount,
};

// Which column of a result holds which field.
class FieldMap {
 public:
  // `names` are lower-case. The error names the columns that query `id` needs and does not have.
  static std::expected<FieldMap, std::string> Build(QueryId id, std::span<const std::string> names);

  bool Has(Field field) const { return columns_[Index(field)] >= 0; }
  // The field's cell; nullopt for SQL NULL and for a column that is not there.
  Cell In(Row row, Field field) const {
    const int column = columns_[Index(field)];
    return column < 0 ? Cell{} : row[static_cast<std::size_t>(column)];
  }

 private:
  static constexpr std::size_t Index(Field field) { return static_cast<std::size_t>(field); }
  FieldMap() { columns_.fill(-1); }

  std::array<int, static_cast<std::size_t>(Field::kCount)> columns_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_FIELDS_H_
