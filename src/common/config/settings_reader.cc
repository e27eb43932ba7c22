#include "common/config/settings_reader.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "common/config/message_text.h"
#include "common/config/secure_file.h"
#include "common/config/settings_values.h"

namespace sqlmap {
namespace {

constexpr std::size_t kMaxMistakes = 100;
constexpr std::size_t kLongestPassword = 1024;

bool MayStandIn(FileKind file, const KeyDescription& key) {
  return key.place == KeyPlace::kEither ||
         (key.place == KeyPlace::kSecrets) == (file == FileKind::kSecrets);
}

const KeyDescription* FindKey(std::string_view section, std::string_view name) {
  const auto keys = KeyDescriptions();
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const KeyDescription& key) {
    return key.section == section && key.key == name;
  });
  return found == keys.end() ? nullptr : &*found;
}

std::vector<std::string_view> SectionsOf(FileKind file) {
  std::vector<std::string_view> names;
  for (const KeyDescription& key : KeyDescriptions()) {
    if (MayStandIn(file, key) && (names.empty() || names.back() != key.section))
      names.push_back(key.section);
  }
  return names;
}

std::vector<std::string_view> KeysOf(FileKind file, std::string_view section) {
  std::vector<std::string_view> names;
  for (const KeyDescription& key : KeyDescriptions()) {
    if (key.section == section && MayStandIn(file, key)) names.push_back(key.key);
  }
  return names;
}

std::string Heading(std::string_view section, std::string_view key) {
  return "[" + std::string(section) + "] " + std::string(key) + ": ";
}

// What nobody knows may be a secret, where secrets are.
std::string UnknownName(FileKind file, std::string_view name) {
  return file == FileKind::kSecrets ? "(not shown: it may be a secret)" : Quoted(name);
}

// Why a section that may not stand in `file` may not.
std::string WrongSection(FileKind file, std::string_view section) {
  const auto allowed = SectionsOf(file);
  const std::string bracketed = "[" + std::string(section) + "]";
  if (file == FileKind::kConfig && !KeysOf(FileKind::kSecrets, section).empty()) {
    return bracketed +
           ": may stand in the secrets file only, which others cannot read; allowed here: " +
           Joined(allowed);
  }
  if (file == FileKind::kSecrets && !KeysOf(FileKind::kConfig, section).empty()) {
    return bracketed + ": belongs in sqlmapd.toml; allowed here: " + Joined(allowed);
  }
  return UnknownName(file, section) + ": no such section" + Suggestion(section, allowed);
}

}  // namespace

SettingsReader::SettingsReader(std::string_view config_name, std::string_view secrets_name)
    : names_{std::string(config_name), std::string(secrets_name)},
      draft_(DefaultDraft()),
      origins_(KeyDescriptions().size()) {}

void SettingsReader::AddConfig(std::string_view text, bool world_readable) {
  config_is_toml_ = Add(FileKind::kConfig, text);
  if (config_is_toml_) CheckConfig(world_readable);
}

void SettingsReader::AddSecrets(std::string_view text) {
  // A password in the secrets file, in either form, stands in place of one in either form in the
  // other file.
  Secret password = std::exchange(draft_.settings.database.password, {});
  std::string password_file = std::exchange(draft_.database_password_file, {});
  Origin& password_origin = OriginOf("database", "password");
  Origin& file_origin = OriginOf("database", "password_file");
  const Origin former_password_origin = std::exchange(password_origin, {});
  const Origin former_file_origin = std::exchange(file_origin, {});
  if (!Add(FileKind::kSecrets, text)) return;
  CheckOnePassword("database");
  CheckOnePassword("privileged");
  const unsigned line = std::max(OriginOf("privileged", "password").line,
                                 OriginOf("privileged", "password_file").line);
  if (line != 0 && !OriginOf("privileged", "user").set()) {
    Refuse(FileKind::kSecrets, line,
           Heading("privileged", "user") + "is missing; say whose password this is");
  }
  if (password_origin.set() || file_origin.set()) return;
  draft_.settings.database.password = std::move(password);
  draft_.database_password_file = std::move(password_file);
  password_origin = former_password_origin;
  file_origin = former_file_origin;
}

void SettingsReader::Refuse(FileKind file, unsigned line, std::string what) {
  if (mistakes_.size() < kMaxMistakes) mistakes_.push_back({file, line, std::move(what)});
}

SettingsOrErrors SettingsReader::Take() && {
  if (mistakes_.empty()) {
    AuthSettings& auth = draft_.settings.auth;
    if (auth.plain_hash_scheme) auth.schemes.Add(*auth.plain_hash_scheme);
    DatabaseSettings& database = draft_.settings.database;
    database.password_file = std::move(draft_.database_password_file);
    // An authority that is named counts.
    if (database.tls == TlsMode::kRequired && !database.tls_ca.empty())
      database.tls = TlsMode::kVerifyCa;
    return std::move(draft_.settings);
  }
  std::sort(mistakes_.begin(), mistakes_.end(), [](const Mistake& a, const Mistake& b) {
    return std::tie(a.file, a.line, a.what) < std::tie(b.file, b.line, b.what);
  });
  std::vector<SettingsError> errors;
  errors.reserve(mistakes_.size());
  for (Mistake& mistake : mistakes_) {
    errors.push_back(
        {names_[static_cast<std::size_t>(mistake.file)], mistake.line, std::move(mistake.what)});
  }
  return std::unexpected(std::move(errors));
}

bool SettingsReader::Add(FileKind file, std::string_view text) {
  const auto document = ParseToml(text);
  if (!document) {
    Refuse(file, document.error().line, document.error().what);
    return false;
  }
  for (const TomlSection& section : document->sections) {
    if (mistakes_.size() == kMaxMistakes) return true;
    if (KeysOf(file, section.name).empty())
      Refuse(file, section.line, WrongSection(file, section.name));
  }
  for (const TomlKey& key : document->keys) {
    if (mistakes_.size() == kMaxMistakes) return true;
    AddKey(file, key);
  }
  return true;
}

void SettingsReader::AddKey(FileKind file, const TomlKey& key) {
  const unsigned line = key.value.line;
  const KeyDescription* const description = FindKey(key.section, key.name);
  if (description == nullptr || !MayStandIn(file, *description)) return RefuseKey(file, key);
  OriginOf(*description) = {file, line};
  const ValueError error = StoreValue(*description, key.value, draft_);
  if (!error.what.empty()) Refuse(file, error.line, Heading(key.section, key.name) + error.what);
}

void SettingsReader::RefuseKey(FileKind file, const TomlKey& key) {
  const unsigned line = key.value.line;
  const auto allowed = KeysOf(file, key.section);
  if (!allowed.empty() && FindKey(key.section, key.name) != nullptr) {
    Refuse(file, line,
           Heading(key.section, key.name) +
               "belongs in sqlmapd.toml; allowed here: " + Joined(allowed));
  } else if (!allowed.empty()) {
    Refuse(file, line,
           Heading(key.section, UnknownName(file, key.name)) + "no such key" +
               Suggestion(key.name, allowed));
  } else if (key.section.empty() && !KeysOf(file, key.name).empty()) {
    Refuse(file, line,
           Quoted(key.name) + ": is a section, and its keys stand on lines of their own below [" +
               key.name + "]");
  } else if (key.section.empty()) {
    Refuse(file, line,
           UnknownName(file, key.name) +
               ": stands outside of any section; allowed: " + Joined(SectionsOf(file)));
  }
  // Else the section as a whole has been refused.
}

void SettingsReader::CheckConfig(bool world_readable) {
  const Settings& settings = draft_.settings;
  if (!OriginOf("database", "name").set()) {
    Refuse(FileKind::kConfig, 0,
           Heading("database", "name") + "is missing; it names the database that holds the views");
  }
  // Anybody has a certificate of one of the system's authorities, for some name.
  if (settings.database.tls == TlsMode::kVerifyCa && settings.database.tls_ca.empty()) {
    Refuse(FileKind::kConfig, OriginOf("database", "tls").line,
           Heading("database", "tls") +
               "\"verify-ca\" without tls_ca lets anybody be the server; allowed: with tls_ca, the "
               "file of the server's own authority, or \"verify\"");
  }
  const AccountSettings& accounts = settings.accounts;
  CheckLimits("min_uid", accounts.min_uid, "max_uid", accounts.max_uid);
  CheckLimits("min_gid", accounts.min_gid, "max_gid", accounts.max_gid);
  CheckNewPasswords();
  CheckRequiredRow(settings.log_rows.auth_success, QueryId::kAuthSuccess);
  CheckRequiredRow(settings.log_rows.session_open, QueryId::kSessionOpen);
  CheckOnePassword("database");
  if (world_readable && !settings.direct.enabled && !settings.database.password.empty()) {
    Refuse(FileKind::kConfig, OriginOf("database", "password").line,
           Heading("database", "password") +
               "stands in a file that every user can read; allowed: in the secrets file, in a file "
               "that password_file names, "
               "after chmod o-r, or with [direct] enabled = true, which means that every user may "
               "know it");
  }
}

// What is stored must open the account at the next login.
void SettingsReader::CheckNewPasswords() {
  const PasswordSettings& password = draft_.settings.password;
  const AuthSettings& auth = draft_.settings.auth;
  const std::string name(NameOf(password.scheme));
  if (draft_.settings.query(QueryId::kPasswordUpdate).configured() &&
      !auth.schemes.Contains(password.scheme) && auth.plain_hash_scheme != password.scheme) {
    const unsigned line =
        std::max(OriginOf("password", "scheme").line, OriginOf("auth", "schemes").line);
    Refuse(FileKind::kConfig, line,
           Heading("password", "scheme") + Quoted(name) +
               " is not among auth.schemes, so that nobody could log in with a new password; "
               "allowed: one of those");
  }
  const NewHashes& made = NewHashesOf(password.scheme);
  if (password.cost == 0 || (password.cost >= made.least && password.cost <= made.most)) return;
  const std::string allowed = made.most == 0 ? "0, since " + name + " has none"
                                             : "for " + name + " " + std::to_string(made.least) +
                                                   " to " + std::to_string(made.most) + " (" +
                                                   std::string(made.unit) + ")";
  Refuse(FileKind::kConfig, OriginOf("password", "cost").line,
         Heading("password", "cost") + std::to_string(password.cost) +
             " is out of range; allowed: " + allowed);
}

// A row that nothing writes would keep everybody out.
void SettingsReader::CheckRequiredRow(bool required, QueryId id) {
  if (!required || draft_.settings.query(id).configured()) return;
  const std::string name(QueryDescriptions()[static_cast<std::size_t>(id)].key);
  Refuse(FileKind::kConfig, OriginOf("log_rows", "required").line,
         Heading("log_rows", "required") + Quoted(name) + " names a query that is not there; set " +
             name + " in [queries], or leave it out here");
}

void SettingsReader::CheckLimits(std::string_view low_key, std::uint32_t low,
                                 std::string_view high_key, std::uint32_t high) {
  if (low <= high) return;
  const unsigned line =
      std::max(OriginOf("accounts", low_key).line, OriginOf("accounts", high_key).line);
  Refuse(FileKind::kConfig, line,
         Heading("accounts", low_key) + std::to_string(low) +
             " is out of range; allowed: at most " + std::string(high_key) + ", which is " +
             std::to_string(high));
}

void SettingsReader::CheckOnePassword(std::string_view section) {
  const Origin file = OriginOf(section, "password_file");
  if (!file.set() || !OriginOf(section, "password").set()) return;
  Refuse(file.file, file.line,
         Heading(section, "password_file") + "stands beside password; allowed: one of the two");
}

void SettingsReader::ReadPasswordFiles() {
  if (!config_is_toml_) return;
  Settings& settings = draft_.settings;
  ReadPasswordFile("database", draft_.database_password_file, settings.direct.enabled,
                   settings.database.password);
  ReadPasswordFile("privileged", draft_.privileged_password_file, false,
                   settings.privileged.password);
}

void SettingsReader::ReadPasswordFile(std::string_view section, const std::string& path,
                                      bool may_be_public, std::string& password) {
  if (path.empty()) return;
  const Origin origin = OriginOf(section, "password_file");
  const auto refuse = [&](std::string_view what) {
    Refuse(origin.file, origin.line,
           Heading(section, "password_file") + Quoted(path) + " " + std::string(what));
  };
  const auto file =
      ReadSecureFile(path, may_be_public ? FilePrivacy::kPublic : FilePrivacy::kSecret);
  if (!file) return refuse(file.error().what);
  std::string_view line = file->text;
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line.empty()) return refuse("has an empty first line; allowed: the password");
  if (line.size() > kLongestPassword) return refuse("has a first line of more than 1024 bytes");
  if (line.find('\0') != std::string_view::npos) return refuse("has a NUL byte in its first line");
  password = line;
}

SettingsReader::Origin& SettingsReader::OriginOf(const KeyDescription& key) {
  return origins_[static_cast<std::size_t>(&key - KeyDescriptions().data())];
}

SettingsReader::Origin& SettingsReader::OriginOf(std::string_view section, std::string_view key) {
  return OriginOf(*FindKey(section, key));
}

}  // namespace sqlmap
