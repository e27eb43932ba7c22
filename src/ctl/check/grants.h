// SHOW GRANTS: whether an account may do more than its part of the work. Pure.
#ifndef SQLMAP_CTL_CHECK_GRANTS_H_
#define SQLMAP_CTL_CHECK_GRANTS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sqlmap {

enum class AccountRole : std::uint8_t {
  kIdentity,    // [database] user: reads
  kPrivileged,  // [privileged] user: reads, changes passwords, adds rows to a log
};

// One line of SHOW GRANTS. What the line says of a password is not kept.
struct Grant {
  struct Privilege {
    std::string name;                  // "SELECT", "ALL PRIVILEGES", in capitals
    std::vector<std::string> columns;  // if it is of some columns alone; without quotes
  };
  std::vector<Privilege> privileges;
  std::string database;  // "*" for all; without quotes
  std::string object;    // "*" for all: a table, a view or a routine; PROXY: ""
  bool grant_option = false;
};

// nullopt: no privilege on anything, such as a role.
std::optional<Grant> ParseGrant(std::string_view line);

// The roles that a line gives, with WITH ADMIN OPTION if it has it; "" if it gives privileges.
std::string RolesIn(std::string_view line);

// Whether a query names a table, view or routine, alone or behind its database.
bool Names(std::string_view query, std::string_view object);

// Whether what a column is called lets a password or its hash be expected in it.
bool IsLikeAPassword(std::string_view column);

// Whether it lets all of an object of this database be selected.
bool Selects(const Grant& grant, std::string_view database);
// Likewise, if only some of its columns.
bool SelectsColumns(const Grant& grant, std::string_view database);

// What of it is too much for that role, on the database of the accounts, such as "FILE on *.*"; ""
// if nothing. A role reads tables and views, runs routines; the privileged one also adds rows where
// one of its queries does, and updates the columns that one of them sets.
std::string TooWide(const Grant& grant, AccountRole role, std::string_view database,
                    std::span<const std::string> queries);

}  // namespace sqlmap

#endif  // SQLMAP_CTL_CHECK_GRANTS_H_
