// Who may use this host: the lists of [access], and what the query `access` said. Pure.
#ifndef SQLMAP_COMMON_LOGIN_ACCESS_H_
#define SQLMAP_COMMON_LOGIN_ACCESS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/account/login_gate.h"
#include "common/account/record.h"

namespace sqlmap {

// A group that a list names. Names are for people: an account is in a group by its gid.
struct ListedGroup {
  std::string_view name;
  std::optional<Gid> gid;  // nullopt: there is no such group, and so nobody is in it
};

// The lists, in the form in which names are served (accounts.name_case).
struct AccessRules {
  std::span<const std::string> allow_users;
  std::span<const std::string> deny_users;
  std::span<const ListedGroup> allow_groups;
  std::span<const ListedGroup> deny_groups;
};

// What the query `access` said.
enum class AccessRow : std::uint8_t {
  kNotAsked,  // it is not configured
  kNone,      // no row
  kNo,        // a row whose column `allowed` is not 1
  kYes,
  kUnknown,  // nothing: it failed
};

// What the database said about one account.
struct AccessFacts {
  std::span<const Gid> gids = {};  // its own group, and those it is a member of
  // Why those, or the gids of the rules, are not known; "" if they are. Only lists of groups ask
  // for them.
  std::string_view groups_unknown = {};
  AccessRow row = AccessRow::kNotAsked;
  std::string_view row_unknown = {};  // kUnknown: why
};

// The first of these that holds:
//
//   kAccessDenied  deny_users names the account
//   kUndecided     deny_groups names groups, and the account's are not known
//   kAccessDenied  deny_groups names a group of its
//   kUndecided     neither allow_users names it, nor are its groups known, which allow_groups asks
//   kAccessDenied  there is an allow list, and none names it or a group of its
//   kAccessDenied  the query gave no row, or one that says no
//   kUndecided     the query failed
//   kAccepted
//
// The reason says which list or query it was. `name` is the account's, as it is served.
LoginAnswer JudgeAccess(const AccessRules& rules, std::string_view name,
                        const AccessFacts& facts) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_LOGIN_ACCESS_H_
