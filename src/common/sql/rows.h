// From rows to records, by the rules. Pure: no I/O; a row that breaks a rule gives no record but a
// reason, and never a record with 0 or "" where the row had NULL or rubbish.
#ifndef SQLMAP_COMMON_SQL_ROWS_H_
#define SQLMAP_COMMON_SQL_ROWS_H_

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/auth_row.h"
#include "common/account/record.h"
#include "common/config/settings.h"
#include "common/sql/fields.h"

namespace sqlmap {

// Why a row was skipped: whose, which field and what about it. Without the field's value.
struct BadRow {
  std::string name;  // printable and bounded, "?" if it has none
  std::string why;
};

// Holds what a record of UserRecord or GroupRecord points to, where that is not in the row itself.
struct RecordText {
  std::string name;
  std::string home;
  std::string shell;
};

class RowReader {
 public:
  // `accounts` must outlive the reader.
  explicit RowReader(const AccountSettings& accounts) : accounts_(accounts) {}

  // The record's text lives as long as `row` and `text` are untouched.
  std::expected<UserRecord, BadRow> User(const FieldMap& fields, Row row, RecordText& text) const;
  // Without members.
  std::expected<GroupRecord, BadRow> Group(const FieldMap& fields, Row row, RecordText& text) const;
  std::expected<ShadowRecord, BadRow> Shadow(const FieldMap& fields, Row row,
                                             RecordText& text) const;
  std::expected<AuthRow, BadRow> Auth(const FieldMap& fields, Row row, RecordText& text) const;
  std::expected<Gid, BadRow> GroupOfUser(const FieldMap& fields, Row row) const;

  // Appends a member cell to a list in NameList form: one name, or several separated by commas,
  // empty ones left out. Names that break the rules are left out and counted in the result.
  std::size_t AppendMembers(std::string_view cell, std::string& names, std::size_t& count) const;

  // The name as it is served: accounts.name_case applied.
  std::string Canonical(std::string_view name) const;

 private:
  std::expected<std::uint32_t, std::string> Id(Cell cell, const IdRules& rules,
                                               const char* field) const;

  const AccountSettings& accounts_;
};

// The whole of `text` as a decimal number; nullopt for anything else, a sign or an overflow
// included.
std::optional<std::uint32_t> ParseUnsigned(std::string_view text);

// An id as the database has it, without accounts.uid_offset; nullopt: no row can have it.
std::optional<std::uint32_t> WithoutOffset(std::uint32_t id, std::uint32_t offset);

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_ROWS_H_
