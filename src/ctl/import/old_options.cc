#include "ctl/import/old_options.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "ctl/import/old_values.h"

namespace sqlmap::importing {
namespace {

using enum OldDialect;

constexpr std::array<std::string_view, 6> kDialects{"libnss-mysql", "nss-mysql", "libnss-maria",
                                                    "pam-mysql",    "pam.d",     "pure-ftpd"};

constexpr std::string_view kServers = "[database] servers";
constexpr std::string_view kName = "[database] name";
constexpr std::string_view kUser = "[database] user";
constexpr std::string_view kPassword = "[database] password";
constexpr std::string_view kHashesUser = "[privileged] user";
constexpr std::string_view kHashesPassword = "[privileged] password";
constexpr std::string_view kSameQuery = "the query of the same name";
constexpr std::string_view kAuth = "auth";
constexpr std::string_view kLogRows = "auth_success, auth_failure, session_open, session_close";
constexpr std::string_view kUserQueries = "getpwnam, getpwuid, getpwent";
constexpr std::string_view kGroupQueries = "getgrnam, getgrgid, getgrent";
constexpr std::string_view kMemberQueries = "memsbygid, gidsbymem";
constexpr std::string_view kShadowQueries = "getspnam, getspent";
constexpr std::string_view kFtpdsOwn =
    "Pure-FTPd does it itself; a service that asks PAM and NSS has no such limits";
constexpr std::string_view kNeverUsed = "pam_mysql reads it and does nothing with it";
constexpr std::string_view kNoCipher = "the TLS library's own choice is used";

constexpr OldOption kOptions[] = {
    {kLibnssMysql, "host", kServers, ""},
    {kLibnssMysql, "port", kServers, ""},
    {kLibnssMysql, "socket", kServers, ""},
    {kLibnssMysql, "database", kName, ""},
    {kLibnssMysql, "username", "[database] user; in the root file [privileged] user", ""},
    {kLibnssMysql, "password", "[database] password; in the root file [privileged] password", ""},
    {kLibnssMysql, "getpwnam", kSameQuery, ""},
    {kLibnssMysql, "getpwuid", kSameQuery, ""},
    {kLibnssMysql, "getpwent", kSameQuery, ""},
    {kLibnssMysql, "getspnam", "getspnam, auth", ""},
    {kLibnssMysql, "getspent", kSameQuery, ""},
    {kLibnssMysql, "getgrnam", kSameQuery, ""},
    {kLibnssMysql, "getgrgid", kSameQuery, ""},
    {kLibnssMysql, "getgrent", kSameQuery, ""},
    {kLibnssMysql, "memsbygid", kSameQuery, ""},
    {kLibnssMysql, "gidsbymem", kSameQuery, ""},

    {kNssMysql, "conf.version", "", ""},
    {kNssMysql, "users.host", kServers, ""},
    {kNssMysql, "users.backup_host", kServers, ""},
    {kNssMysql, "users.database", kName, ""},
    {kNssMysql, "users.backup_database", "",
     "all servers have the database of the same name; one that differs is left out"},
    {kNssMysql, "users.db_user", kUser, ""},
    {kNssMysql, "users.db_password", kPassword, ""},
    {kNssMysql, "users.table", kUserQueries, ""},
    {kNssMysql, "users.where_clause", kUserQueries, ""},
    {kNssMysql, "users.user_column", kUserQueries, ""},
    {kNssMysql, "users.password_column", "", ""},
    {kNssMysql, "users.userid_column", kMemberQueries, ""},
    {kNssMysql, "users.uid_column", kUserQueries, ""},
    {kNssMysql, "users.gid_column", kUserQueries, ""},
    {kNssMysql, "users.realname_column", kUserQueries, ""},
    {kNssMysql, "users.homedir_column", kUserQueries, ""},
    {kNssMysql, "users.shell_column", kUserQueries, ""},
    {kNssMysql, "groups.group_info_table", kGroupQueries, ""},
    {kNssMysql, "groups.where_clause", kGroupQueries, ""},
    {kNssMysql, "groups.group_name_column", kGroupQueries, ""},
    {kNssMysql, "groups.groupid_column", kMemberQueries, ""},
    {kNssMysql, "groups.gid_column", kGroupQueries, ""},
    {kNssMysql, "groups.password_column", "", ""},
    {kNssMysql, "groups.members_table", kMemberQueries, ""},
    {kNssMysql, "groups.member_userid_column", kMemberQueries, ""},
    {kNssMysql, "groups.member_groupid_column", kMemberQueries, ""},
    {kNssMysql, "shadow.host", kServers, ""},
    {kNssMysql, "shadow.backup_host", kServers, ""},
    {kNssMysql, "shadow.database", kName, ""},
    {kNssMysql, "shadow.backup_database", "",
     "all servers have the database of the same name; one that differs is left out"},
    {kNssMysql, "shadow.db_user", kHashesUser, ""},
    {kNssMysql, "shadow.db_password", kHashesPassword, ""},
    {kNssMysql, "shadow.table", kShadowQueries, ""},
    {kNssMysql, "shadow.where_clause", kShadowQueries, ""},
    {kNssMysql, "shadow.userid_column", "", ""},
    {kNssMysql, "shadow.user_column", kShadowQueries, ""},
    {kNssMysql, "shadow.password_column", "getspnam, getspent, auth", ""},
    {kNssMysql, "shadow.lastchange_column", kShadowQueries, ""},
    {kNssMysql, "shadow.min_column", kShadowQueries, ""},
    {kNssMysql, "shadow.max_column", kShadowQueries, ""},
    {kNssMysql, "shadow.warn_column", kShadowQueries, ""},
    {kNssMysql, "shadow.inact_column", kShadowQueries, ""},
    {kNssMysql, "shadow.expire_column", kShadowQueries, ""},

    {kLibnssMaria, "host", kServers, ""},
    {kLibnssMaria, "port", kServers, ""},
    {kLibnssMaria, "unix_socket", kServers, ""},
    {kLibnssMaria, "database", kName, ""},
    {kLibnssMaria, "username", "[database] user; in the root file [privileged] user", ""},
    {kLibnssMaria, "password", "[database] password; in the root file [privileged] password", ""},
    {kLibnssMaria, "client_config", "",
     "sqlmap reads no option file of the client library: set tls, tls_ca, tls_cert and tls_key of "
     "[database] as that file has them"},
    {kLibnssMaria, "getpwnam", kSameQuery, ""},
    {kLibnssMaria, "getpwuid", kSameQuery, ""},
    {kLibnssMaria, "getpwent", kSameQuery, ""},
    {kLibnssMaria, "getspnam", "getspnam, auth", ""},
    {kLibnssMaria, "getspent", kSameQuery, ""},
    {kLibnssMaria, "getgrnam", kSameQuery, ""},
    {kLibnssMaria, "getgrgid", kSameQuery, ""},
    {kLibnssMaria, "getgrent", kSameQuery, ""},
    {kLibnssMaria, "memsbygid", kSameQuery, ""},
    {kLibnssMaria, "gidsbymem", kSameQuery, ""},

    {kPamService, "host", kServers, ""},
    {kPamService, "db", kName, ""},
    {kPamService, "user", kHashesUser, ""},
    {kPamService, "passwd", kHashesPassword, ""},
    {kPamService, "table", kAuth, ""},
    {kPamService, "update_table", "", kNeverUsed},
    {kPamService, "usercolumn", kAuth, ""},
    {kPamService, "passwdcolumn", "auth, password_update", ""},
    {kPamService, "statcolumn", "auth (status), getspnam (lstchg)", ""},
    {kPamService, "where", "auth, password_update", ""},
    {kPamService, "select", "auth, which you have to write by hand", ""},
    {kPamService, "crypt", "[auth] schemes, plain_hash_scheme, the column scheme of auth", ""},
    {kPamService, "md5", "", "[password] scheme says how new passwords are stored"},
    {kPamService, "sha256", "", kNeverUsed},
    {kPamService, "sha512", "", kNeverUsed},
    {kPamService, "blowfish", "", kNeverUsed},
    {kPamService, "rounds", "", kNeverUsed},
    {kPamService, "use_323_passwd", "[auth] schemes", ""},
    {kPamService, "sqllog", kLogRows, ""},
    {kPamService, "logtable", kLogRows, ""},
    {kPamService, "logmsgcolumn", kLogRows, ""},
    {kPamService, "logusercolumn", kLogRows, ""},
    {kPamService, "logpidcolumn", kLogRows, ""},
    {kPamService, "loghostcolumn", kLogRows, ""},
    {kPamService, "logrhostcolumn", kLogRows, ""},
    {kPamService, "logtimecolumn", kLogRows, ""},
    {kPamService, "verbose", "debug in the pam.d line", ""},
    {kPamService, "debug", "debug in the pam.d line", ""},
    {kPamService, "config_file", "read too", ""},
    {kPamService, "use_first_pass", "use_first_pass in the pam.d line", ""},
    {kPamService, "try_first_pass", "try_first_pass in the pam.d line", ""},
    {kPamService, "disconnect_every_op", "", ""},
    {kPamService, "ssl_mode", "[database] tls", ""},
    {kPamService, "ssl_cert", "[database] tls_cert", ""},
    {kPamService, "ssl_key", "[database] tls_key", ""},
    {kPamService, "ssl_ca", "[database] tls_ca", ""},
    {kPamService, "ssl_capath", "", "put the authorities into one file, and name it in tls_ca"},
    {kPamService, "ssl_cipher", "", kNoCipher},
    {kPamService, "nullok", "",
     "an account whose password is NULL or empty is never opened by any password"},

    {kPamMysql, "users.host", "host", ""},
    {kPamMysql, "users.database", "db", ""},
    {kPamMysql, "users.db_user", "user", ""},
    {kPamMysql, "users.db_passwd", "passwd", ""},
    {kPamMysql, "users.table", "table", ""},
    {kPamMysql, "users.update_table", "update_table", ""},
    {kPamMysql, "users.user_column", "usercolumn", ""},
    {kPamMysql, "users.password_column", "passwdcolumn", ""},
    {kPamMysql, "users.status_column", "statcolumn", ""},
    {kPamMysql, "users.where_clause", "where", ""},
    {kPamMysql, "users.select", "select", ""},
    {kPamMysql, "users.password_crypt", "crypt", ""},
    {kPamMysql, "users.use_md5", "md5", ""},
    {kPamMysql, "users.use_sha256", "sha256", ""},
    {kPamMysql, "users.use_sha512", "sha512", ""},
    {kPamMysql, "users.use_blowfish", "blowfish", ""},
    {kPamMysql, "users.rounds", "rounds", ""},
    {kPamMysql, "users.use_323_password", "use_323_passwd", ""},
    {kPamMysql, "users.disconnect_every_operation", "disconnect_every_op", ""},
    {kPamMysql, "users.ssl_mode", "ssl_mode", ""},
    {kPamMysql, "users.ssl_cert", "ssl_cert", ""},
    {kPamMysql, "users.ssl_key", "ssl_key", ""},
    {kPamMysql, "users.ssl_ca", "ssl_ca", ""},
    {kPamMysql, "users.ssl_capath", "ssl_capath", ""},
    {kPamMysql, "users.ssl_cipher", "ssl_cipher", ""},
    {kPamMysql, "verbose", "verbose", ""},
    {kPamMysql, "nullok", "nullok", ""},
    {kPamMysql, "log.enabled", "sqllog", ""},
    {kPamMysql, "log.table", "logtable", ""},
    {kPamMysql, "log.message_column", "logmsgcolumn", ""},
    {kPamMysql, "log.user_column", "logusercolumn", ""},
    {kPamMysql, "log.pid_column", "logpidcolumn", ""},
    {kPamMysql, "log.host_column", "loghostcolumn", ""},
    {kPamMysql, "log.rhost_column", "logrhostcolumn", ""},
    {kPamMysql, "log.time_column", "logtimecolumn", ""},

    {kPureFtpd, "MYSQLServer", kServers, ""},
    {kPureFtpd, "MYSQLPort", kServers, ""},
    {kPureFtpd, "MYSQLSocket", kServers, ""},
    {kPureFtpd, "MYSQLUser", kHashesUser, ""},
    {kPureFtpd, "MYSQLPassword", kHashesPassword, ""},
    {kPureFtpd, "MYSQLDatabase", kName, ""},
    {kPureFtpd, "MYSQLCrypt", "[auth] schemes, plain_hash_scheme, the column scheme of auth", ""},
    {kPureFtpd, "MYSQLGetPW", kAuth, ""},
    {kPureFtpd, "MYSQLGetUID", "getpwnam, getspnam", ""},
    {kPureFtpd, "MYSQLDefaultUID", "getpwnam, getspnam, [accounts] allow_uids", ""},
    {kPureFtpd, "MYSQLGetGID", "getpwnam, getspnam", ""},
    {kPureFtpd, "MYSQLDefaultGID", "getpwnam, getspnam, [accounts] allow_gids", ""},
    {kPureFtpd, "MYSQLGetDir", "getpwnam, getspnam", ""},
    {kPureFtpd, "MYSQLGetQTAFS", "", kFtpdsOwn},
    {kPureFtpd, "MYSQLGetQTASZ", "", kFtpdsOwn},
    {kPureFtpd, "MYSQLGetRatioUL", "", kFtpdsOwn},
    {kPureFtpd, "MYSQLGetRatioDL", "", kFtpdsOwn},
    {kPureFtpd, "MYSQLGetBandwidthUL", "", kFtpdsOwn},
    {kPureFtpd, "MYSQLGetBandwidthDL", "", kFtpdsOwn},
    {kPureFtpd, "MYSQLForceTildeExpansion", "", kFtpdsOwn},
    {kPureFtpd, "MYSQLTransactions", "", ""},
};

// The word that a line begins with.
std::string_view KeyIn(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin);
  return line.substr(0, line.find_first_of(" \t\r=:;"));
}

}  // namespace

std::span<const std::string_view> OldDialectNames() { return kDialects; }

std::string_view NameOf(OldDialect dialect) { return kDialects[static_cast<std::size_t>(dialect)]; }

std::optional<OldDialect> OldDialectByName(std::string_view name) {
  const auto* const found = std::ranges::find(kDialects, name);
  if (found == kDialects.end()) return std::nullopt;
  return static_cast<OldDialect>(found - kDialects.begin());
}

std::span<const OldOption> OldOptions() { return kOptions; }

const OldOption* FindOldOption(OldDialect dialect, std::string_view name) {
  const auto* const found = std::ranges::find_if(kOptions, [&](const OldOption& option) {
    return option.dialect == dialect &&
           (dialect == kPureFtpd ? SameIgnoringCase(option.name, name) : option.name == name);
  });
  return found == std::end(kOptions) ? nullptr : found;
}

std::string_view PamMysqlArgument(std::string_view key) {
  const OldOption* const option = FindOldOption(kPamMysql, key);
  return option == nullptr ? std::string_view() : option->becomes;
}

std::optional<OldDialect> RecogniseOldFile(std::string_view text, bool& ambiguous) {
  ambiguous = false;
  std::array<unsigned, kDialects.size()> hits{};
  const auto hit = [&hits](OldDialect dialect) -> unsigned& {
    return hits[static_cast<std::size_t>(dialect)];
  };
  Lines lines(text);
  for (std::string_view line; lines.Next(line);) {
    const std::string_view key = KeyIn(line);
    if (key.empty() || key.front() == '#') continue;
    if (line.find("pam_mysql.so") != std::string_view::npos) return kPamService;
    if (key == "database_settings" || key == "nss_queries") return kLibnssMaria;
    for (const OldDialect dialect : {kLibnssMysql, kNssMysql, kPamMysql, kPureFtpd})
      hit(dialect) += FindOldOption(dialect, key) == nullptr ? 0U : 1U;
  }
  const auto most = std::ranges::max_element(hits);
  if (*most == 0) return std::nullopt;
  ambiguous = std::ranges::count(hits, *most) > 1;
  if (ambiguous) return std::nullopt;
  return static_cast<OldDialect>(most - hits.begin());
}

}  // namespace sqlmap::importing
