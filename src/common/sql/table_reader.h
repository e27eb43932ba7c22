// Reads all users and groups as they were at one moment: one connection, one read-only transaction.
#ifndef SQLMAP_COMMON_SQL_TABLE_READER_H_
#define SQLMAP_COMMON_SQL_TABLE_READER_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/account/function_ref.h"
#include "common/account/record.h"
#include "common/sql/complaints.h"
#include "common/sql/query_runner.h"
#include "common/sql/rows.h"

namespace sqlmap {

// What the query `version` gave: the first column of its row. nullopt: NULL, or no column.
std::optional<std::string> VersionIn(Row row);
SqlError NoVersion();

// One thread. Its queries may take as long as they like, as long as the server goes on answering:
// up to kPatienceMs for the first row and between two; only a getpwuid has no more than that for
// all its rows. Rows that break the rules are left out, and logged as in every look-up. Throws
// std::bad_alloc.
//
// A list ends when its visitor says so: what is held meanwhile is a uid for each user, and of
// groups that are listed without their members, or of one group's members, 256 MiB. More of these
// is an error.
class TableReader {
 public:
  static constexpr std::int64_t kPatienceMs = 60'000;

  // All references must outlive it.
  static std::expected<TableReader, SqlError> Begin(QueryRunner& runner, const RowReader& reader,
                                                    Complaints& complaints, std::string_view host);
  TableReader(TableReader&&) noexcept;
  TableReader& operator=(TableReader&&) noexcept;
  ~TableReader();

  // The query `version` inside the transaction: "" if it is not configured; no value is an error.
  std::expected<std::string, SqlError> Version();
  // All rows, in the order in which they come. A visitor that returns false ends it with an error.
  std::expected<void, SqlError> Users(FunctionRef<bool(const UserRecord&)> visit);
  // Who answers for the uids that several of these users share: what the query getpwuid says, so
  // that a list answers as the query does. Nothing for the shipped query, whose rule is everybody's
  // (see AnswersForId), nor where the server refuses to answer it.
  std::expected<void, SqlError> Owners(FunctionRef<bool(Uid uid, std::string_view name)> visit);
  std::expected<void, SqlError> Groups(FunctionRef<bool(const GroupRecord&)> visit);

 private:
  class Work;
  explicit TableReader(std::unique_ptr<Work> work);

  std::unique_ptr<Work> work_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_TABLE_READER_H_
