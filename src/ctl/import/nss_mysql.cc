// nss-mysql 1.0: tables and columns, of which the module made its queries.
#include <initializer_list>
#include <string>
#include <utility>

#include "ctl/import/assignments.h"
#include "ctl/import/old_sql.h"

namespace sqlmap::importing {
namespace {

using enum ImportRemark::Kind;

// One of the module's groups of keys, such as "users.".
class Keys {
 public:
  Keys(const OldValues& values, std::string prefix, OldConfiguration& configuration)
      : values_(values), prefix_(std::move(prefix)), configuration_(configuration) {}

  std::string Key(std::string_view key) const { return prefix_ + std::string(key); }
  std::string Get(std::string_view key) const { return std::string(ValueOf(values_, Key(key))); }

  // Whether all of them are there, and SQL that may stand in a query. Says which is not, if any is.
  bool Complete(std::initializer_list<std::string_view> keys, const Place& whole) const {
    bool any = false;
    bool complete = true;
    for (const std::string_view key : keys) any = any || !Get(key).empty();
    if (!any) return false;
    for (const std::string_view key : keys) {
      const std::string fault = Get(key).empty() ? "it is not set" : FragmentFault(Get(key));
      if (fault.empty()) continue;
      complete = false;
      Remark(configuration_, kLost, PlaceOf(values_, Key(key), whole), Key(key),
             fault + ", and the queries made of it are left out");
    }
    return complete;
  }

  // " WHERE `condition` AND (where_clause)", with those of the two that there are. False: the
  // clause cannot be carried over, so that the query must not be.
  bool Where(std::string condition, const Place& whole, std::string& sql) const {
    const std::string clause = Get("where_clause");
    if (!clause.empty()) {
      if (const std::string fault = FragmentFault(clause); !fault.empty()) {
        Remark(configuration_, kLost, PlaceOf(values_, Key("where_clause"), whole),
               Key("where_clause"), fault + ", and the queries that need it are left out");
        return false;
      }
      condition += (condition.empty() ? "(" : " AND (") + clause + ")";
    }
    if (!condition.empty()) sql += " WHERE " + condition;
    return true;
  }

 private:
  const OldValues& values_;
  const std::string prefix_;
  OldConfiguration& configuration_;
};

void SetQuery(const Keys& keys, QueryId id, const std::string& select, std::string condition,
              const Place& whole, OldConfiguration& configuration) {
  std::string sql = select;
  if (keys.Where(std::move(condition), whole, sql)) configuration.query(id) = std::move(sql);
}

void TakeUsers(const Keys& keys, const Place& whole, OldConfiguration& configuration) {
  if (!keys.Complete({"table", "user_column", "uid_column", "gid_column", "realname_column",
                      "homedir_column", "shell_column"},
                     whole)) {
    return;
  }
  const std::string name = keys.Get("user_column");
  const std::string uid = keys.Get("uid_column");
  const std::string select = "SELECT " + name + " AS username, 'x' AS password, " + uid +
                             " AS uid, " + keys.Get("gid_column") + " AS gid, " +
                             keys.Get("realname_column") + " AS gecos, " +
                             keys.Get("homedir_column") + " AS homedir, " +
                             keys.Get("shell_column") + " AS shell FROM " + keys.Get("table");
  SetQuery(keys, QueryId::kGetpwnam, select, name + " = :name", whole, configuration);
  SetQuery(keys, QueryId::kGetpwuid, select, uid + " = :uid", whole, configuration);
  SetQuery(keys, QueryId::kGetpwent, select, "", whole, configuration);
}

void TakeGroups(const Keys& users, const Keys& keys, const Place& whole,
                OldConfiguration& configuration) {
  if (!keys.Complete({"group_info_table", "group_name_column", "gid_column"}, whole)) return;
  const std::string name = keys.Get("group_name_column");
  const std::string gid = keys.Get("gid_column");
  const std::string table = keys.Get("group_info_table");
  const std::string select =
      "SELECT " + name + " AS groupname, 'x' AS password, " + gid + " AS gid FROM " + table;
  SetQuery(keys, QueryId::kGetgrnam, select, name + " = :name", whole, configuration);
  SetQuery(keys, QueryId::kGetgrgid, select, gid + " = :gid", whole, configuration);
  SetQuery(keys, QueryId::kGetgrent, select, "", whole, configuration);

  if (!keys.Complete(
          {"members_table", "member_userid_column", "member_groupid_column", "groupid_column"},
          whole) ||
      !users.Complete({"table", "user_column", "userid_column"}, whole)) {
    return;
  }
  const std::string from =
      " FROM " + users.Get("table") + ", " + keys.Get("members_table") + ", " + table;
  const std::string joined = keys.Get("member_userid_column") + " = " + users.Get("userid_column") +
                             " AND " + keys.Get("member_groupid_column") + " = " +
                             keys.Get("groupid_column");
  SetQuery(keys, QueryId::kMemsbygid, "SELECT " + users.Get("user_column") + " AS username" + from,
           joined + " AND " + gid + " = :gid", whole, configuration);
  SetQuery(keys, QueryId::kGidsbymem, "SELECT " + gid + " AS gid" + from,
           joined + " AND " + users.Get("user_column") + " = :name", whole, configuration);
}

void TakeShadow(const Keys& keys, const Place& whole, OldConfiguration& configuration) {
  if (!keys.Complete({"table", "user_column", "password_column"}, whole)) return;
  const std::string name = keys.Get("user_column");
  const std::string password = keys.Get("password_column");
  std::string select = "SELECT " + name + " AS username, " + password + " AS password";
  const std::string auth = select + " FROM " + keys.Get("table");
  constexpr std::pair<std::string_view, std::string_view> kColumns[] = {
      {"lastchange_column", "lstchg"}, {"min_column", "`min`"},   {"max_column", "`max`"},
      {"warn_column", "warn"},         {"inact_column", "inact"}, {"expire_column", "expire"}};
  for (const auto& [key, column] : kColumns) {
    if (keys.Get(key).empty()) continue;
    if (!keys.Complete({key}, whole)) return;
    select += ", " + keys.Get(key) + " AS " + std::string(column);
  }
  select += " FROM " + keys.Get("table");
  SetQuery(keys, QueryId::kGetspnam, select, name + " = :name", whole, configuration);
  SetQuery(keys, QueryId::kGetspent, select, "", whole, configuration);
  if (std::string sql = auth; keys.Where(name + " = :name", whole, sql))
    configuration.auth_of_shadow = std::move(sql) + " LIMIT 1";
}

// "inet:HOST:PORT", "unix:/SOCKET", "/SOCKET", "HOST".
std::string Server(const OldValues& values, const std::string& key, const Place& whole,
                   OldConfiguration& configuration) {
  std::string_view host = ValueOf(values, key);
  if (host.starts_with("inet:")) host.remove_prefix(5);
  if (host.starts_with("unix:")) host.remove_prefix(5);
  const std::size_t colon = host.starts_with('/') ? std::string_view::npos : host.find(':');
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view() : host.substr(colon + 1);
  return ServerFor(host.substr(0, colon), port, "", PlaceOf(values, key, whole), configuration);
}

void TakeAccount(const OldValues& values, const std::string& group, const Place& whole,
                 OldAccount& account) {
  account.user = ValueOf(values, group + "db_user");
  account.password.assign(ValueOf(values, group + "db_password"));
  account.place = PlaceOf(values, group + "db_user", whole);
}

}  // namespace

OldConfiguration ReadNssMysql(std::span<const OldFile* const> files) {
  OldConfiguration configuration;
  OldValues values;
  for (const OldFile* const file : files) ScanAssignments(*file, values, configuration.remarks);

  const Place whole{files[0]->name, 0};
  // A root file that is imported alone has no users.
  const bool only_root = values.contains("shadow.database") && !values.contains("users.database");
  const std::string group = only_root ? "shadow." : "users.";
  configuration.database = ValueOf(values, group + "database");
  configuration.database_place = PlaceOf(values, group + "database", whole);
  configuration.servers = {Server(values, group + "host", whole, configuration)};
  if (values.contains(group + "backup_host"))
    configuration.servers.push_back(Server(values, group + "backup_host", whole, configuration));
  SpeakAsBefore(PlaceOf(values, group + "host", whole), configuration);
  if (group == "users." && values.contains("shadow.database")) {
    const auto differs = [&](const char* key) {
      return ValueOf(values, std::string("users.") + key) !=
             ValueOf(values, std::string("shadow.") + key);
    };
    if (differs("database") || differs("host")) {
      Remark(configuration, kMistake, PlaceOf(values, "shadow.host", whole), "shadow.host",
             "the shadow has another server or database than the users: sqlmap has one for both");
    }
  }
  TakeAccount(values, group, whole, configuration.people);
  TakeAccount(values, "shadow.", whole, configuration.hashes);
  const Keys users(values, "users.", configuration);
  TakeUsers(users, whole, configuration);
  TakeGroups(users, Keys(values, "groups.", configuration), whole, configuration);
  TakeShadow(Keys(values, "shadow.", configuration), whole, configuration);
  return configuration;
}

}  // namespace sqlmap::importing
