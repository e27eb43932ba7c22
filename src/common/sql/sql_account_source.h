// AccountSource over SQL: each question is one query to the views.
#ifndef SQLMAP_COMMON_SQL_SQL_ACCOUNT_SOURCE_H_
#define SQLMAP_COMMON_SQL_SQL_ACCOUNT_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/account_source.h"
#include "common/account/auth_row.h"
#include "common/account/login_gate.h"
#include "common/sql/complaints.h"
#include "common/sql/query_runner.h"
#include "common/sql/rows.h"
#include "common/sql/table_reader.h"

namespace sqlmap {

// What the query `ssh_keys` gave for one account.
struct SshKeyRows {
  static constexpr std::size_t kMost = 4096;
  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;

  struct Row {
    std::size_t number;  // counted from 1
    std::string text;
  };
  std::vector<Row> rows;
  // The first row that was not looked at, since all together, whoever's, were more than kMost, or
  // their bytes, and one for the end of each, more than kMostBytes; 0: all were.
  std::size_t all_from = 0;
};

class SqlAccountSource final : public AccountSource {
 public:
  // `runner` must outlive the source. `host` is this host's name, for :host.
  SqlAccountSource(QueryRunner& runner, std::string host);

  Answer FindUserByName(std::string_view name, UserSink found) noexcept override;
  Answer FindUserById(Uid uid, UserSink found) noexcept override;
  Answer FindGroupByName(std::string_view name, GroupSink found) noexcept override;
  Answer FindGroupById(Gid gid, GroupSink found) noexcept override;
  Answer FindGroupsOfUser(std::string_view name, GidsSink found) noexcept override;
  Answer FindShadow(std::string_view name, ShadowSink found) noexcept override;
  Answer ListUsers(Cursor<UserRecord>*& cursor) noexcept override;
  Answer ListGroups(Cursor<GroupRecord>*& cursor) noexcept override;
  // Read whole before it returns: a privileged connection does not stay open between two calls.
  Answer ListShadows(Cursor<ShadowRecord>*& cursor) noexcept override;

  using Asked = QueryRunner::Asked;
  // The same within an earlier deadline, for who asks several questions in one call.
  Answer FindUserByName(std::string_view name, Deadline deadline, UserSink found) noexcept;
  Answer FindShadow(std::string_view name, Deadline deadline, ShadowSink found,
                    Asked asked = Asked::kServers) noexcept;
  Answer FindGroupByName(std::string_view name, Deadline deadline, GroupSink found) noexcept;
  Answer FindGroupsOfUser(std::string_view name, Deadline deadline, GidsSink found) noexcept;

  // All accounts as they are at one moment, for a snapshot. Throws std::bad_alloc.
  std::expected<TableReader, SqlError> ReadTables();
  // The query `version`: what it gives changes when the accounts change. No value is an error.
  std::expected<std::string, SqlError> Version() noexcept;

  // The rows of the query `auth` for one name, at most auth.max_rows + 1 of them. Found: one or
  // more. The connection is given back before `found` runs, since checking a password takes its
  // time.
  Answer FindAuthRows(const LoginRequest& request, Deadline deadline,
                      FunctionRef<void(std::span<const AuthRow>)> found,
                      Asked asked = Asked::kServers) noexcept;
  // What the query `access` says about a login. Found: there are rows, and `found` is told whether
  // they let the account in: the column `allowed` is 1 in each, or is not there.
  Answer FindAccess(const LoginRequest& request, Deadline deadline,
                    FunctionRef<void(bool allowed)> found) noexcept;
  // The query `ssh_keys`. Found: there were rows of this account, NULL excepted, or more rows than
  // are looked at. The connection is given back before `found` runs.
  Answer FindSshKeys(std::string_view name, Deadline deadline,
                     FunctionRef<void(const SshKeyRows& rows)> found) noexcept;

  // QueryRunner::Write, with :host. An error is logged; neither it nor the log holds a value that
  // was to be written.
  using WriteError = QueryRunner::WriteError;
  std::expected<void, WriteError> Write(QueryId id, QueryArguments arguments,
                                        std::optional<std::uint64_t> rows,
                                        Deadline deadline) noexcept;

  // When any server last said anything, on the monotonic clock; see ServerList.
  std::int64_t LastWordMs() const { return runner_.LastWordMs(); }

 private:
  bool Allowed(std::string_view name) const;
  Answer Outcome(QueryId id, const SqlError& error);
  Answer FindGroup(QueryId id, const QueryArguments& arguments, std::string_view name, Gid gid,
                   Deadline deadline, GroupSink found);
  // Appends the members in one cell; what is not a name is left out and logged for its group.
  void AppendMembers(QueryId id, Cell cell, const std::string& group, std::string& names,
                     std::size_t& count);
  // Appends the members of a group, from the query memsbygid, if there is one.
  std::expected<void, SqlError> ReadMembers(Gid gid, Deadline deadline, std::string& names,
                                            std::size_t& count);

  QueryRunner& runner_;
  const Settings& settings_;
  RowReader reader_;
  Complaints complaints_;
  std::string host_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_SQL_ACCOUNT_SOURCE_H_
