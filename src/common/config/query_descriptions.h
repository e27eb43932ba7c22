// The queries: what each is called, asks by default, and may and must contain.
#ifndef SQLMAP_COMMON_CONFIG_QUERY_DESCRIPTIONS_H_
#define SQLMAP_COMMON_CONFIG_QUERY_DESCRIPTIONS_H_

#include <array>
#include <cstddef>

#include "common/config/settings.h"

namespace sqlmap {

// What QueryDescriptions() returns, for the tables that are put together at compile time.
inline constexpr auto kQueryDescriptions = [] {
  using enum QueryParameter;
  constexpr QueryParameterSet kByName{kName, kHost};
  constexpr QueryParameterSet kByUid{kUid, kHost};
  constexpr QueryParameterSet kByGid{kGid, kHost};
  constexpr QueryParameterSet kList{kHost};
  constexpr QueryParameterSet kLogin{kName, kService, kRhost, kTty, kHost};
  constexpr QueryParameterSet kEvent{kName, kService, kRhost, kTty, kHost, kPid, kMessage, kDays};
  constexpr QueryParameterSet kChange{kName, kHash, kDays, kOwner, kHost};

  return std::array<QueryDescription, static_cast<std::size_t>(QueryId::kCount)>{{
      {QueryId::kGetpwnam,
       "getpwnam",
       "SELECT username, password, uid, gid, gecos, homedir, shell FROM nss_getpwnam WHERE "
       "username = :name",
       kByName,
       {kName},
       false,
       "The user of a name."},
      {QueryId::kGetpwuid,
       "getpwuid",
       "SELECT username, password, uid, gid, gecos, homedir, shell FROM nss_getpwnam WHERE uid = "
       ":uid "
       "ORDER BY CHAR_LENGTH(username), username LIMIT 16",
       kByUid,
       {kUid},
       false,
       "The user of a uid; of several rows the shortest, then first, name stands for the uid."},
      {QueryId::kGetpwent,
       "getpwent",
       "SELECT username, password, uid, gid, gecos, homedir, shell FROM nss_getpwnam",
       kList,
       {},
       false,
       "All users."},
      {QueryId::kGetspnam,
       "getspnam",
       "SELECT username, password, lstchg, min, max, warn, inact, expire, flag FROM nss_getspnam "
       "WHERE username = :name",
       kByName,
       {kName},
       true,
       "The ageing of a user's password, for root."},
      {QueryId::kGetspent,
       "getspent",
       "SELECT username, password, lstchg, min, max, warn, inact, expire, flag FROM nss_getspnam",
       kList,
       {},
       true,
       "The ageing of all users' passwords, for root."},
      {QueryId::kGetgrnam,
       "getgrnam",
       "SELECT g.groupname, g.password, g.gid, m.username AS member FROM nss_getgrnam g "
       "LEFT JOIN nss_memsbygid m ON m.gid = g.gid WHERE g.groupname = :name",
       kByName,
       {kName},
       false,
       "The group of a name, a row for each member."},
      {QueryId::kGetgrgid,
       "getgrgid",
       "SELECT g.groupname, g.password, g.gid, m.username AS member FROM nss_getgrnam g "
       "LEFT JOIN nss_memsbygid m ON m.gid = g.gid WHERE g.gid = :gid",
       kByGid,
       {kGid},
       false,
       "The group of a gid, a row for each member."},
      {QueryId::kGetgrent,
       "getgrent",
       "SELECT g.groupname, g.password, g.gid, m.username AS member FROM nss_getgrnam g "
       "LEFT JOIN nss_memsbygid m ON m.gid = g.gid ORDER BY g.gid, g.groupname",
       kList,
       {},
       false,
       "All groups, a row for each member, the rows of one group together."},
      {QueryId::kMemsbygid,
       "memsbygid",
       "SELECT username FROM nss_memsbygid WHERE gid = :gid",
       kByGid,
       {kGid},
       false,
       "The members of a group, asked if getgrnam and getgrgid have no column member."},
      {QueryId::kGidsbymem,
       "gidsbymem",
       "SELECT username, gid FROM nss_gidsbymem WHERE username = :name",
       kByName,
       {kName},
       false,
       "The groups of a user."},
      {QueryId::kAuth,
       "auth",
       "SELECT * FROM nss_mysql WHERE username = :name",
       kLogin,
       {kName},
       true,
       "The passwords of an account: any row that matches opens it."},
      {QueryId::kAccess,
       "access",
       "",
       kLogin,
       {kName},
       true,
       "Whether an account may use a service: a row says yes, unless it has a column allowed that "
       "is not 1."},
      {QueryId::kPasswordUpdate,
       "password_update",
       "",
       kChange,
       {kName, kHash},
       true,
       "Stores a new password."},
      {QueryId::kSessionOpen, "session_open", "", kEvent, {}, true, "Run when a session begins."},
      {QueryId::kSessionClose, "session_close", "", kEvent, {}, true, "Run when a session ends."},
      {QueryId::kAuthSuccess,
       "auth_success",
       "",
       kEvent,
       {},
       true,
       "Run after a login that was accepted."},
      {QueryId::kAuthFailure,
       "auth_failure",
       "",
       kEvent,
       {},
       true,
       "Run after a login that was refused."},
      {QueryId::kSshKeys,
       "ssh_keys",
       "",
       kByName,
       {kName},
       true,
       "The lines of a user's authorized_keys."},
      {QueryId::kVersion,
       "version",
       "",
       kList,
       {},
       false,
       "One value that changes when the accounts change."},
  }};
}();

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_QUERY_DESCRIPTIONS_H_
