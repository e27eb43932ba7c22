#include "common/config/settings_keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/account/password_scheme.h"
#include "common/config/field_template.h"
#include "common/config/query_descriptions.h"
#include "common/config/query_template.h"

namespace sqlmap {
namespace {

constexpr std::uint32_t kMaxId = 4294967293U;
constexpr std::uint32_t kDay = 86400;

template <auto group, auto member>
auto& Member(SettingsDraft& draft) {
  return draft.settings.*group.*member;
}

template <auto group, auto member>
void StoreNumber(SettingsDraft& draft, std::uint32_t number) {
  Member<group, member>(draft) = number;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= '\0' && c < ' ') || c == 0x7f; });
}

std::string CheckName(std::string_view text, std::size_t max) {
  if (text.empty()) return "is empty";
  if (text.size() > max) return "is too long";
  return HasControl(text) ? "holds a control character" : "";
}
std::string CheckDatabaseName(std::string_view text) { return CheckName(text, 64); }
std::string CheckDatabaseUser(std::string_view text) { return CheckName(text, 128); }

std::string CheckPassword(std::string_view text) {
  if (text.size() > 1024) return "is too long";
  return text.find('\0') != std::string_view::npos ? "holds a NUL byte" : "";
}

std::string CheckPath(std::string_view text) {
  if (text.empty()) return {};
  if (text[0] != '/') return "is no absolute path";
  if (text.size() > 4095) return "is too long";
  return HasControl(text) ? "holds a control character" : "";
}

std::string CheckTemplate(std::string_view text) {
  return text.empty() ? std::string() : CheckFieldTemplate(text);
}

// Stores what passes Check.
template <auto check, auto group, auto member>
std::string SetText(SettingsDraft& draft, const std::string& text) {
  std::string wrong = check(text);
  if (wrong.empty()) Member<group, member>(draft) = text;
  return wrong;
}

template <auto member>
std::string SetPasswordFile(SettingsDraft& draft, const std::string& text) {
  std::string wrong = CheckPath(text);
  if (wrong.empty()) draft.*member = text;
  return wrong;
}

std::string SetTls(SettingsDraft& draft, const std::string& text) {
  constexpr std::array<std::pair<std::string_view, TlsMode>, 4> kModes{
      {{"verify", TlsMode::kVerify},
       {"verify-ca", TlsMode::kVerifyCa},
       {"required", TlsMode::kRequired},
       {"off", TlsMode::kOff}}};
  for (const auto& [name, mode] : kModes) {
    if (name != text) continue;
    draft.settings.database.tls = mode;
    return {};
  }
  return "is none of the modes";
}

std::string SetNameCase(SettingsDraft& draft, const std::string& text) {
  if (text != "exact" && text != "lower") return "is neither";
  draft.settings.accounts.name_case = text == "lower" ? NameCase::kLower : NameCase::kExact;
  return {};
}

template <auto set>
std::string SetNameCharacters(SettingsDraft& draft, const std::string& text) {
  if (ParseByteSet(text, draft.settings.accounts.names.*set)) return {};
  return "is empty, has a range that runs backwards, or holds a character that no name may have";
}

std::string SetPlainHashScheme(SettingsDraft& draft, const std::string& text) {
  using enum PasswordScheme;
  constexpr PasswordScheme kPlainHashes[] = {kMd5, kSha1, kSha256, kSha512, kDes, kMysqlOld, kNt};
  if (text.empty()) {
    draft.settings.auth.plain_hash_scheme.reset();
    return {};
  }
  const auto* const scheme =
      std::find_if(std::begin(kPlainHashes), std::end(kPlainHashes),
                   [&text](PasswordScheme candidate) { return NameOf(candidate) == text; });
  if (scheme == std::end(kPlainHashes)) return "is none of them";
  draft.settings.auth.plain_hash_scheme = *scheme;
  return {};
}

template <auto member>
std::string AddName(SettingsDraft& draft, const std::string& name) {
  std::string wrong = CheckName(name, 255);
  if (wrong.empty()) (draft.settings.access.*member).push_back(name);
  return wrong;
}
template <auto member>
void ClearNames(SettingsDraft& draft) {
  (draft.settings.access.*member).clear();
}

std::string SetNewScheme(SettingsDraft& draft, const std::string& text) {
  const auto scheme = PasswordSchemeByName(text);
  if (!scheme) return "is no password scheme";
  if (!NewHashesOf(*scheme).made)
    return "is a scheme that passwords are verified by, but not stored by";
  draft.settings.password.scheme = *scheme;
  return {};
}

std::string RequireLogRow(SettingsDraft& draft, const std::string& name) {
  if (name == "auth_success") return draft.settings.log_rows.auth_success = true, std::string();
  if (name == "session_open") return draft.settings.log_rows.session_open = true, std::string();
  return "is none of the two";
}
void RequireNoLogRow(SettingsDraft& draft) { draft.settings.log_rows = {}; }

constexpr auto kDatabase = &Settings::database;
constexpr auto kAccounts = &Settings::accounts;
constexpr auto kAuth = &Settings::auth;
constexpr auto kPassword = &Settings::password;
constexpr auto kThrottle = &Settings::throttle;
constexpr auto kSnapshot = &Settings::snapshot;
constexpr auto kCache = &Settings::cache;

using enum KeyPlace;

constexpr std::string_view kServerForms =
    "\"/path/of/socket\" (at most 107 bytes), \"host\", \"host:port\", \"192.0.2.1\", "
    "\"[2001:db8::1]\", \"[2001:db8::1]:port\"";
constexpr std::string_view kAbsolutePath = "an absolute path, or \"\" for none";
constexpr std::string_view kPasswordForms = "at most 1024 bytes, no NUL";
constexpr std::string_view kTemplateForms =
    "an absolute path with %n (name), %u (uid), %h (home in the row) and %% in it, or \"\" to keep "
    "what the row says";
constexpr std::string_view kNameCharacters =
    "characters and ranges such as \"a-z0-9._@-\", without control characters, white space, ':' "
    "',' '/' '*' and non-ASCII";
constexpr std::string_view kIds = "1 to 4294967293, without 65534 and 65535; 400 at most";

constexpr std::string_view kAccessNames = "names of 1 to 255 bytes without control characters";

constexpr auto kKeysBeforeQueries = std::to_array<KeyDescription>({
    {"database", "servers", kConfig, false,
     ServersKey{Member<kDatabase, &DatabaseSettings::servers>, false},
     R"(["/run/mysqld/mysqld.sock"])", kServerForms, "The servers, tried in this order."},
    {"database", "writers", kConfig, false,
     ServersKey{Member<kDatabase, &DatabaseSettings::writers>, true}, "[]", kServerForms,
     "The servers for new passwords and log rows; none: those of servers."},
    {"database", "name", kConfig, false,
     TextKey{SetText<CheckDatabaseName, kDatabase, &DatabaseSettings::name>}, "", "1 to 64 bytes",
     "The database that holds the views."},
    {"database", "user", kConfig, false,
     TextKey{SetText<CheckDatabaseUser, kDatabase, &DatabaseSettings::user>}, R"("sqlmap")",
     "1 to 128 bytes",
     "The database account that sees the passwd and group views, and nothing else."},
    {"database", "password", kEither, true,
     TextKey{SetText<CheckPassword, kDatabase, &DatabaseSettings::password>}, R"("")",
     kPasswordForms,
     "Its password; with none, and a socket, the server asks the kernel who we are (unix_socket)."},
    {"database", "password_file", kEither, false,
     TextKey{SetPasswordFile<&SettingsDraft::database_password_file>}, R"("")", kAbsolutePath,
     "A file whose first line is that password, instead of it."},
    {"database", "tls", kConfig, false, TextKey{SetTls}, R"("verify")",
     R"("verify", "verify-ca", "required", "off")",
     "What is asked of a TCP server: a certificate for its name, a certificate of an authority of "
     "tls_ca, encryption, or nothing; a socket needs no TLS."},
    {"database", "tls_ca", kConfig, false,
     TextKey{SetText<CheckPath, kDatabase, &DatabaseSettings::tls_ca>}, R"("")", kAbsolutePath,
     "The authorities that servers are checked against; none: those of the system."},
    {"database", "tls_cert", kConfig, false,
     TextKey{SetText<CheckPath, kDatabase, &DatabaseSettings::tls_cert>}, R"("")", kAbsolutePath,
     "Our own certificate, if the server wants one."},
    {"database", "tls_key", kEither, false,
     TextKey{SetText<CheckPath, kDatabase, &DatabaseSettings::tls_key>}, R"("")", kAbsolutePath,
     "The file of its private key."},
    {"database", "connect_timeout_ms", kConfig, false,
     NumberKey{StoreNumber<kDatabase, &DatabaseSettings::connect_timeout_ms>, 10, 1000}, "500", "",
     "Milliseconds until a server that does not answer is given up."},
    {"database", "query_timeout_ms", kConfig, false,
     NumberKey{StoreNumber<kDatabase, &DatabaseSettings::query_timeout_ms>, 10, 1000}, "800", "",
     "Milliseconds for a whole look-up, connecting included."},
    {"database", "pool_size", kConfig, false,
     NumberKey{StoreNumber<kDatabase, &DatabaseSettings::pool_size>, 1, 64}, "4", "",
     "Connections that may be open at once."},

    {"privileged", "user", kSecrets, false,
     TextKey{SetText<CheckDatabaseUser, &Settings::privileged, &PrivilegedSettings::user>}, "",
     "1 to 128 bytes",
     "The database account that may read the shadow and auth views; without it there is no shadow "
     "and no PAM."},
    {"privileged", "password", kSecrets, true,
     TextKey{SetText<CheckPassword, &Settings::privileged, &PrivilegedSettings::password>}, R"("")",
     kPasswordForms,
     "Its password; with none, and a socket, the server asks the kernel who we are (unix_socket)."},
    {"privileged", "password_file", kSecrets, false,
     TextKey{SetPasswordFile<&SettingsDraft::privileged_password_file>}, R"("")", kAbsolutePath,
     "A file whose first line is that password, instead of it."},

    {"accounts", "min_uid", kConfig, false,
     NumberKey{StoreNumber<kAccounts, &AccountSettings::min_uid>, 1, kMaxId}, "1000", "",
     "Rows with a smaller uid are refused; 0, 65534, 65535, 4294967294 and 4294967295 always are."},
    {"accounts", "max_uid", kConfig, false,
     NumberKey{StoreNumber<kAccounts, &AccountSettings::max_uid>, 1, kMaxId}, "4294967293", "",
     "Rows with a larger uid are refused."},
    {"accounts", "min_gid", kConfig, false,
     NumberKey{StoreNumber<kAccounts, &AccountSettings::min_gid>, 1, kMaxId}, "1000", "",
     "Rows with a smaller gid are refused."},
    {"accounts", "max_gid", kConfig, false,
     NumberKey{StoreNumber<kAccounts, &AccountSettings::max_gid>, 1, kMaxId}, "4294967293", "",
     "Rows with a larger gid are refused."},
    {"accounts", "allow_uids", kConfig, false,
     IdsKey{Member<kAccounts, &AccountSettings::allow_uids>}, "[]", kIds,
     "Single uids outside the limits that rows may use: Aegir is often a system user."},
    {"accounts", "allow_gids", kConfig, false,
     IdsKey{Member<kAccounts, &AccountSettings::allow_gids>}, "[]", kIds,
     "Single gids outside the limits that rows may use."},
    {"accounts", "uid_offset", kConfig, false,
     NumberKey{StoreNumber<kAccounts, &AccountSettings::uid_offset>, 0, kMaxId}, "0", "",
     "Added to every uid and gid from the database, before the limits are applied."},
    {"accounts", "name_case", kConfig, false, TextKey{SetNameCase}, R"("exact")",
     R"("exact", "lower")", "Whether names are asked and compared as they are, or in lower case."},
    {"accounts", "name_first", kConfig, false, TextKey{SetNameCharacters<&NameRules::first>},
     R"("a-z0-9_")", kNameCharacters,
     "What a name may begin with; tested on requests before the database is asked, and again on "
     "rows."},
    {"accounts", "name_rest", kConfig, false, TextKey{SetNameCharacters<&NameRules::rest>},
     R"("a-z0-9._@-")", kNameCharacters, "What a name may go on with."},
    {"accounts", "name_max", kConfig, false,
     NumberKey{[](SettingsDraft& draft, std::uint32_t number) {
                 draft.settings.accounts.names.max = number;
               },
               1, 255},
     "255", "", "Bytes that a name may have."},
    {"accounts", "home", kConfig, false,
     TextKey{SetText<CheckTemplate, kAccounts, &AccountSettings::home>}, R"("")", kTemplateForms,
     "The home directory of every user, in place of the row's."},
    {"accounts", "shell", kConfig, false,
     TextKey{SetText<CheckTemplate, kAccounts, &AccountSettings::shell>}, R"("")", kTemplateForms,
     "The shell of every user, in place of the row's."},
    {"accounts", "shells", kConfig, false, PathsKey{Member<kAccounts, &AccountSettings::shells>},
     "[]", "absolute paths without ':' and control characters",
     "If not empty, any shell but these becomes /usr/sbin/nologin."},
    {"accounts", "enumerate", kConfig, false,
     FlagKey{Member<kAccounts, &AccountSettings::enumerate>}, "true", "",
     "Whether getent passwd and its like list the accounts."},
});

constexpr auto kKeysAfterQueries = std::to_array<KeyDescription>({
    {"auth", "schemes", kConfig, false, SchemesKey{Member<kAuth, &AuthSettings::schemes>},
     R"("strong")", "",
     "The password schemes that open an account; a row with another one is refused, and the log "
     "says why."},
    {"auth", "plain_hash_scheme", kConfig, false, TextKey{SetPlainHashScheme}, R"("")",
     R"("md5", "sha1", "sha256", "sha512", "des", "mysql-old", "nt", or "" for nothing)",
     "What a hash that does not say its scheme is (bare hex digits; for des 13 characters); a "
     "scheme named here need not stand "
     "in schemes too."},
    {"auth", "max_rows", kConfig, false,
     NumberKey{StoreNumber<kAuth, &AuthSettings::max_rows>, 1, 256}, "16", "",
     "Rows of one account that a password is tried against."},

    {"access", "allow_users", kConfig, false,
     NamesKey{AddName<&AccessSettings::allow_users>, ClearNames<&AccessSettings::allow_users>},
     "[]", kAccessNames,
     "The accounts that may use this host, beside those of allow_groups; both empty: all."},
    {"access", "deny_users", kConfig, false,
     NamesKey{AddName<&AccessSettings::deny_users>, ClearNames<&AccessSettings::deny_users>}, "[]",
     kAccessNames, "The accounts that may not, whatever else allows it."},
    {"access", "allow_groups", kConfig, false,
     NamesKey{AddName<&AccessSettings::allow_groups>, ClearNames<&AccessSettings::allow_groups>},
     "[]", kAccessNames, "The groups, of the database or of this host, whose members may use it."},
    {"access", "deny_groups", kConfig, false,
     NamesKey{AddName<&AccessSettings::deny_groups>, ClearNames<&AccessSettings::deny_groups>},
     "[]", kAccessNames, "The groups whose members may not, whatever else allows it."},

    {"password", "scheme", kConfig, false, TextKey{SetNewScheme}, R"("yescrypt")", "",
     "The scheme of a password that is changed here; auth.schemes must have it."},
    {"password", "cost", kConfig, false,
     NumberKey{StoreNumber<kPassword, &PasswordSettings::cost>, 0, 5'000'000}, "0", "",
     "What its hash costs, in the scheme's own measure; 0 is the usual one."},
    {"password", "update_rows", kConfig, false,
     NumberKey{StoreNumber<kPassword, &PasswordSettings::update_rows>, 1, 256}, "1", "",
     "Rows that password_update changes; if it is another number, nothing is changed."},

    {"log_rows", "required", kConfig, false, NamesKey{RequireLogRow, RequireNoLogRow}, "[]",
     R"("auth_success", "session_open")",
     "The queries without whose row in the database nobody gets in; the others never hold up a "
     "login."},

    {"throttle", "failures", kConfig, false,
     NumberKey{StoreNumber<kThrottle, &ThrottleSettings::failures>, 0, 1000}, "5", "",
     "Failed logins, of an account or from an address, after which the next ones are slowed down; "
     "0: never."},
    {"throttle", "longest_seconds", kConfig, false,
     NumberKey{StoreNumber<kThrottle, &ThrottleSettings::longest_seconds>, 1, 10}, "10", "",
     "Seconds that such a login waits at most; what would wait longer is refused."},
    {"throttle", "forget_seconds", kConfig, false,
     NumberKey{StoreNumber<kThrottle, &ThrottleSettings::forget_seconds>, 1, kDay}, "900", "",
     "Seconds after which failures count half."},

    {"snapshot", "enabled", kConfig, false, FlagKey{Member<kSnapshot, &SnapshotSettings::enabled>},
     "true", "", "Whether sqlmapd publishes all accounts for all processes to read."},
    {"snapshot", "refresh_seconds", kConfig, false,
     NumberKey{StoreNumber<kSnapshot, &SnapshotSettings::refresh_seconds>, 1, kDay}, "30", "",
     "Seconds between two snapshots."},
    {"snapshot", "max_shrink_percent", kConfig, false,
     NumberKey{StoreNumber<kSnapshot, &SnapshotSettings::max_shrink_percent>, 0, 100}, "50", "",
     "A snapshot that lost more than this part of its accounts is not published unless forced."},

    {"cache", "found_seconds", kConfig, false,
     NumberKey{StoreNumber<kCache, &CacheSettings::found_seconds>, 0, kDay}, "300", "",
     "Seconds that sqlmapd remembers an account."},
    {"cache", "absent_seconds", kConfig, false,
     NumberKey{StoreNumber<kCache, &CacheSettings::absent_seconds>, 0, 3600}, "15", "",
     "Seconds that sqlmapd remembers that there is no such account."},
    {"cache", "stale_seconds", kConfig, false,
     NumberKey{StoreNumber<kCache, &CacheSettings::stale_seconds>, 0, 365 * kDay}, "86400", "",
     "Seconds that a remembered account is still served while the database is down."},
    {"cache", "entries", kConfig, false,
     NumberKey{StoreNumber<kCache, &CacheSettings::entries>, 1, 10000000}, "100000", "",
     "Accounts that are remembered; the least recently used goes first."},
    {"cache", "offline_auth_seconds", kConfig, false,
     NumberKey{StoreNumber<kCache, &CacheSettings::offline_auth_seconds>, 0, 7 * kDay}, "0", "",
     "Seconds that a verified password is accepted while the database is down."},

    {"direct", "enabled", kConfig, false,
     FlagKey{Member<&Settings::direct, &DirectSettings::enabled>}, "false", "",
     "Whether a process may ask the database itself where there is no sqlmapd."},
});

constexpr KeyDescription QueryRow(const QueryDescription& query) {
  return {"queries", query.key, kConfig, false, QueryKey{query.id}, "", "", query.meaning};
}

constexpr auto kKeys = [] {
  std::array<KeyDescription,
             kKeysBeforeQueries.size() + kQueryDescriptions.size() + kKeysAfterQueries.size()>
      keys{};
  auto* next = std::copy(kKeysBeforeQueries.begin(), kKeysBeforeQueries.end(), keys.begin());
  next = std::transform(kQueryDescriptions.begin(), kQueryDescriptions.end(), next, QueryRow);
  std::copy(kKeysAfterQueries.begin(), kKeysAfterQueries.end(), next);
  return keys;
}();

std::string ParametersIn(const QueryParameterSet& set) {
  std::string text;
  for (std::size_t i = 0; i < static_cast<std::size_t>(QueryParameter::kCount); ++i) {
    const auto parameter = static_cast<QueryParameter>(i);
    if (set.Contains(parameter)) text += " :" + std::string(NameOf(parameter));
  }
  return text;
}

std::string SchemeRange() {
  std::string text = "\"strong\", \"all\", or a list of \"strong\" and any of";
  for (const PasswordSchemeName& row : kPasswordSchemes)
    text += " \"" + std::string(row.name) + "\"";
  return text;
}

std::string NewSchemeRange() {
  std::string names;
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (row.new_hashes.made) names += (names.empty() ? "\"" : ", \"") + std::string(row.name) + '"';
  }
  return names;
}

}  // namespace

const std::array<QueryDescription, static_cast<std::size_t>(QueryId::kCount)>& QueryDescriptions() {
  return kQueryDescriptions;
}

std::span<const KeyDescription> KeyDescriptions() { return kKeys; }

std::string KeyDescription::TypeText() const {
  constexpr std::array<std::string_view, std::variant_size_v<KeyTarget>> kTypes{
      "number",          "true or false",        "text",
      "list of text",    "list of text",         "list of text",
      "list of numbers", "text or list of text", "text"};
  return std::string(kTypes[target.index()]);
}

std::string KeyDescription::DefaultText() const {
  const auto* const query = std::get_if<QueryKey>(&target);
  if (query == nullptr) return std::string(default_text);
  return "\"" + std::string(kQueryDescriptions[static_cast<std::size_t>(query->id)].default_text) +
         "\"";
}

std::string KeyDescription::RangeText() const {
  if (const auto* const number = std::get_if<NumberKey>(&target)) {
    return std::to_string(number->min) + " to " + std::to_string(number->max);
  }
  if (std::holds_alternative<FlagKey>(target)) return "true, false";
  if (std::holds_alternative<SchemesKey>(target)) return SchemeRange();
  if (const auto* const text = std::get_if<TextKey>(&target); text && text->set == SetNewScheme) {
    return NewSchemeRange();
  }
  const auto* const query = std::get_if<QueryKey>(&target);
  if (query == nullptr) return std::string(allowed);
  const QueryDescription& description = kQueryDescriptions[static_cast<std::size_t>(query->id)];
  std::string text =
      "one SQL statement that may have the parameters" + ParametersIn(description.parameters);
  const std::string required = ParametersIn(description.required);
  if (!required.empty()) text += " and must have" + required;
  return text + ", or \"\" for none";
}

SettingsDraft DefaultDraft() {
  SettingsDraft draft;
  draft.settings.database.servers.push_back({.socket = "/run/mysqld/mysqld.sock", .host = {}});
  draft.settings.database.user = "sqlmap";
  for (const QueryDescription& query : kQueryDescriptions) {
    auto parsed = ParseQueryTemplate(query.default_text, query.parameters);
    if (parsed) draft.settings.queries[static_cast<std::size_t>(query.id)] = *std::move(parsed);
  }
  return draft;
}

}  // namespace sqlmap
