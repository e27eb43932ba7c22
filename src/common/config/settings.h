// What the administrator decided: sqlmapd.toml and secrets.toml, read, checked and typed. Plain
// values; nothing in here is ever half valid.
#ifndef SQLMAP_COMMON_CONFIG_SETTINGS_H_
#define SQLMAP_COMMON_CONFIG_SETTINGS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/local_ids.h"
#include "common/account/password_scheme.h"
#include "common/account/rules.h"
#include "common/config/query_template.h"
#include "common/config/wipe.h"

namespace sqlmap {

// The user of the system that sqlmapd is.
inline constexpr char kServiceUser[] = "_sqlmapd";

// One of database.servers: a socket path, or a host (name, IPv4 or IPv6 address without brackets)
// and a port.
struct ServerAddress {
  std::string socket;  // absolute path; empty for TCP
  std::string host;
  std::uint16_t port = 3306;

  bool is_socket() const { return !socket.empty(); }
  std::string Describe()
      const;  // as one writes it: "db1:3306", "[::1]:3306", "/run/mysqld/mysqld.sock"
  friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

// TCP only: a socket needs no TLS. As settings are read, kVerifyCa is never without a tls_ca, and
// kRequired never with one.
enum class TlsMode : std::uint8_t { kOff, kRequired, kVerifyCa, kVerify };

struct DatabaseSettings {
  std::vector<ServerAddress> servers;  // never empty
  std::vector<ServerAddress> writers;  // empty: servers
  std::string name;                    // never empty
  std::string user;
  Secret password;
  std::string password_file;  // where it was read from, "" if it stands in the files themselves
  TlsMode tls = TlsMode::kVerify;
  std::string tls_ca;  // absolute paths; "" = the system's authorities
  std::string tls_cert;
  std::string tls_key;
  std::uint32_t connect_timeout_ms = 500;
  std::uint32_t query_timeout_ms = 800;
  std::uint32_t pool_size = 4;
  // In no file: the uid by which a server knows this process, which is root, over a socket.
  std::optional<std::uint32_t> socket_uid;
};

// The account that may read shadow and auth views: from secrets.toml only.
struct PrivilegedSettings {
  std::string user;  // empty: not configured, and then shadow and PAM are unavailable
  Secret password;

  bool configured() const { return !user.empty(); }
};

enum class NameCase : std::uint8_t { kExact, kLower };

struct AccountSettings {
  std::uint32_t min_uid = 1000;
  std::uint32_t max_uid = 4294967293U;
  std::uint32_t min_gid = 1000;
  std::uint32_t max_gid = 4294967293U;
  std::vector<std::uint32_t> allow_uids;
  std::vector<std::uint32_t> allow_gids;
  std::uint32_t uid_offset = 0;
  NameCase name_case = NameCase::kExact;
  NameRules names = NameRules::Default();
  std::string home;                 // template with %n %u %h %%; "" keeps the row's
  std::string shell;                // likewise
  std::vector<std::string> shells;  // not empty: any other shell becomes /usr/sbin/nologin
  bool enumerate = true;
  // No keys: the host's own ids and names, filled in by whoever reads /etc/passwd and /etc/group.
  // Rows may have only those of them whose ids allow_uids and allow_gids name.
  LocalIds local_uids;
  LocalIds local_gids;

  IdRules uid_rules() const { return {min_uid, max_uid, allow_uids, &local_uids}; }
  IdRules gid_rules() const { return {min_gid, max_gid, allow_gids, &local_gids}; }
};

enum class QueryId : std::uint8_t {
  kGetpwnam,
  kGetpwuid,
  kGetpwent,
  kGetspnam,
  kGetspent,
  kGetgrnam,
  kGetgrgid,
  kGetgrent,
  kMemsbygid,
  kGidsbymem,
  kAuth,
  kAccess,
  kPasswordUpdate,
  kSessionOpen,
  kSessionClose,
  kAuthSuccess,
  kAuthFailure,
  kSshKeys,
  kVersion,
  kCount,
};

// One row per query: the key in [queries], its default text, and the parameters that it may and
// must have. The one table that the parser, the documentation test and the SQL layer read.
struct QueryDescription {
  QueryId id;
  std::string_view key;
  std::string_view default_text;
  QueryParameterSet parameters;
  QueryParameterSet required;  // a query without one of these, unless it is empty, is a mistake
  bool privileged;             // asked with the account of [privileged]
  std::string_view meaning;    // one sentence for the manual
};
const std::array<QueryDescription, static_cast<std::size_t>(QueryId::kCount)>& QueryDescriptions();

struct AuthSettings {
  PasswordSchemeSet schemes = PasswordSchemeSet::Strong();
  std::optional<PasswordScheme> plain_hash_scheme;  // what bare hex means
  std::uint32_t max_rows = 16;
};

// Who may use this host at all. Deny wins; with any of the allow lists, one of them must name the
// account or a group of its. A group is one that the database, or this host, has.
struct AccessSettings {
  std::vector<std::string> allow_users;
  std::vector<std::string> deny_users;
  std::vector<std::string> allow_groups;
  std::vector<std::string> deny_groups;

  bool configured() const { return !allow_users.empty() || !deny_users.empty() || names_groups(); }
  bool names_groups() const { return !allow_groups.empty() || !deny_groups.empty(); }
};

// How a new password is stored, and that it was.
struct PasswordSettings {
  PasswordScheme scheme = PasswordScheme::kYescrypt;
  std::uint32_t cost = 0;  // 0: the scheme's usual one, see NewHashes
  std::uint32_t update_rows = 1;
};

// Log rows without which nobody gets in.
struct LogRowSettings {
  bool auth_success = false;
  bool session_open = false;
};

// How failed logins slow down the next ones.
struct ThrottleSettings {
  std::uint32_t failures = 5;  // that cost nothing; 0: nothing is ever slowed down
  std::uint32_t longest_seconds = 10;
  std::uint32_t forget_seconds = 900;
};

struct SnapshotSettings {
  bool enabled = true;
  std::uint32_t refresh_seconds = 30;
  std::uint32_t max_shrink_percent = 50;
};

struct CacheSettings {
  std::uint32_t found_seconds = 300;
  std::uint32_t absent_seconds = 15;
  std::uint32_t stale_seconds = 86400;
  std::uint32_t entries = 100000;
  std::uint32_t offline_auth_seconds = 0;
};

struct DirectSettings {
  bool enabled = false;
};

struct Settings {
  DatabaseSettings database;
  PrivilegedSettings privileged;
  AccountSettings accounts;
  std::array<QueryTemplate, static_cast<std::size_t>(QueryId::kCount)> queries;
  AuthSettings auth;
  AccessSettings access;
  PasswordSettings password;
  LogRowSettings log_rows;
  ThrottleSettings throttle;
  SnapshotSettings snapshot;
  CacheSettings cache;
  DirectSettings direct;

  const QueryTemplate& query(QueryId id) const { return queries[static_cast<std::size_t>(id)]; }
};

// One mistake, for the person who must mend it: "/etc/sqlmapd/sqlmapd.toml:12: [database]
// pool_size: 0 is out of range; allowed: 1 to 64".
struct SettingsError {
  std::string file;
  unsigned line = 0;  // 0: the file as a whole
  std::string what;   // what is wrong and what is allowed; never a secret

  std::string Describe() const;
};

using SettingsOrErrors = std::expected<Settings, std::vector<SettingsError>>;

// Reads both files. `secrets_path` may be empty (a process that may not read it): then `privileged`
// stays unconfigured. All mistakes are collected (up to 100), in the order of the files; with any,
// there are no Settings. A value in the secrets file stands in place of the same key in the other.
//
// Refused as a whole: a file that is missing (the secrets file may be), unreadable, not regular,
// larger than 1 MiB, owned by another than root (or than the caller's effective uid when that is
// not root), or writable by group or others; a secrets file that others than its owner can read
// (its group may, if root owns the file). Links are followed; what they lead to is judged. Whoever
// may be in a chroot asks trusted_path.h about the path first. Refused keys: [privileged] in
// sqlmapd.toml; database.password in a world-readable sqlmapd.toml unless direct.enabled is true.
//
// password_file is read here, with the rules of the secrets file; database.password_file may be
// world-readable if direct.enabled is true.
//
// Thread safe; opens no descriptor below 3 (beyond a moment) and leaves none open; reads no
// environment; never blocks on a fifo. A lack of memory is an error too (perhaps with an empty
// list).
SettingsOrErrors LoadSettings(const std::string& config_path,
                              const std::string& secrets_path) noexcept;

// [privileged] of the secrets file alone, read at each use so that it need not be kept: a mistake
// that was made in sqlmapd.toml meanwhile does not matter to it. The rules for the file are the
// same.
std::expected<PrivilegedSettings, std::vector<SettingsError>> LoadPrivileged(
    const std::string& secrets_path) noexcept;

// The same on text, for tests and for sqlmapctl: `name` is only for the messages. Empty secrets are
// none. Does no I/O: a password_file is checked as a path, and not read.
struct SettingsText {
  std::string_view text;
  std::string_view name;
  bool world_readable = false;
};
SettingsOrErrors ParseSettings(const SettingsText& config, const SettingsText& secrets) noexcept;

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_CONFIG_SETTINGS_H_
