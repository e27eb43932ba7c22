#include "ctl/import/new_configuration.h"

#include <cstdint>
#include <sstream>
#include <utility>

#include "ctl/import/secret_texts.h"

// What it shares with common/config/toml_document.cc, which may be in the same program, is the
// same.
#define TOML_EXCEPTIONS 0
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_MAX_NESTED_VALUES 4
#include <toml++/toml.h>

namespace sqlmap::importing {
namespace {

// As TOML has it, on one line. Any text may be a password.
Secret Written(const toml::node& value) {
  std::ostringstream stream;
  stream << toml::toml_formatter(value, toml::format_flags::none);
  std::string text = std::move(stream).str();
  Secret written;
  written.assign(text);
  Wipe(text);
  return written;
}

Secret Written(std::string_view text) {
  toml::value<std::string> value(text);
  Secret written = Written(static_cast<const toml::node&>(value));
  Wipe(value.get());
  return written;
}

Secret Written(std::uint32_t number) {
  return Written(static_cast<const toml::node&>(toml::value<std::int64_t>(number)));
}

template <class Item>
std::string WrittenList(const std::vector<Item>& items) {
  std::string list;
  for (const Item& item : items) list.append(list.empty() ? "" : ", ").append(Written(item));
  return "[" + list + "]";
}

std::vector<std::string> NamesOf(const PasswordSchemeSet& schemes) {
  std::vector<std::string> names;
  for (const PasswordSchemeName& row : kPasswordSchemes) {
    if (schemes.Contains(row.scheme)) names.emplace_back(row.name);
  }
  return names;
}

std::string Line(std::string_view key, std::string_view written) {
  return std::string(key).append(" = ").append(written).append("\n");
}

// A key that has a default is written only if it is set.
std::string TextLine(std::string_view key, const std::string& text) {
  return text.empty() ? std::string() : Line(key, Written(text));
}

std::string Database(const OldConfiguration& old) {
  std::string text = "[database]\n" + Line("servers", WrittenList(old.servers)) +
                     Line("name", Written(old.database)) + Line("user", Written(old.people.user));
  text += TextLine("tls", old.tls) + TextLine("tls_ca", old.tls_ca) +
          TextLine("tls_cert", old.tls_cert) + TextLine("tls_key", old.tls_key);
  return text;
}

std::string Accounts(const OldConfiguration& old) {
  std::string text;
  if (!old.allow_uids.empty()) text += Line("allow_uids", WrittenList(old.allow_uids));
  if (!old.allow_gids.empty()) text += Line("allow_gids", WrittenList(old.allow_gids));
  if (old.names_come_back) {
    text += "# The old modules had no rules for names; these are the characters that are safe.\n" +
            Line("name_first", Written("A-Za-z0-9_")) + Line("name_rest", Written("A-Za-z0-9._@-"));
  }
  return text.empty() ? text : "\n[accounts]\n" + text;
}

// A query whose default would ask for views that are not there is switched off.
std::string Queries(const OldConfiguration& old, bool shown) {
  std::string text = "\n[queries]\n";
  for (const QueryDescription& query : QueryDescriptions()) {
    const std::string sql =
        shown ? Masked(old.query(query.id), old.secret_texts) : old.query(query.id);
    if (!sql.empty() || !query.default_text.empty()) text += Line(query.key, Written(sql));
  }
  return text;
}

std::string Auth(const OldConfiguration& old) {
  if (old.query(QueryId::kAuth).empty()) return {};
  std::string text = "\n[auth]\n" + Line("schemes", WrittenList(NamesOf(old.schemes)));
  if (old.plain_hash_scheme)
    text += Line("plain_hash_scheme", Written(NameOf(*old.plain_hash_scheme)));
  if (old.new_scheme && !old.query(QueryId::kPasswordUpdate).empty())
    text += "\n[password]\n" + Line("scheme", Written(NameOf(*old.new_scheme)));
  return text;
}

std::string Snapshot(const OldConfiguration& old) {
  const bool lists =
      !old.query(QueryId::kGetpwent).empty() && !old.query(QueryId::kGetgrent).empty();
  return lists ? "" : "\n# Needs getpwent and getgrent.\n[snapshot]\nenabled = false\n";
}

std::string Config(const OldConfiguration& old, bool shown) {
  std::string text =
      "# Made by sqlmapctl import. What is not here has its default: see the sqlmapd.toml that "
      "comes "
      "with sqlmap.\n";
  if (!old.secret_texts.empty()) text += "# Mode 0600: a query has a text that is a secret.\n";
  return text + "\n" + Database(old) + Accounts(old) + Queries(old, shown) + Auth(old) +
         Snapshot(old);
}

Secret Secrets(const OldConfiguration& old, bool shown) {
  const auto password = [shown](const Secret& secret) {
    return Written(shown && !secret.empty() ? std::string_view("***") : std::string_view(secret));
  };
  Secret text;
  text = "# Made by sqlmapctl import. Mode 0600, owned by root.\n\n[privileged]\nuser = ";
  text.append(Written(old.hashes.user)).append("\npassword = ");
  text.append(password(old.hashes.password)).append("\n\n[database]\npassword = ");
  text.append(password(old.people.password)).append("\n");
  return text;
}

std::string Pam(const OldConfiguration& old) {
  if (old.query(QueryId::kAuth).empty()) return "# No query for passwords: nobody can log in.\n";
  if (old.pam_lines.empty()) {
    return "# In front of the first @include of a service's file in /etc/pam.d:\n"
           "@include common-sqlmap\n";
  }
  std::string text =
      "# In place of the lines with pam_mysql.so. For accounts that the queries getpwnam and "
      "getspnam know, too,\n"
      "# this is better, since nobody in the database can then stand in for an account of "
      "/etc/passwd:\n"
      "# one line \"@include common-sqlmap\" in front of the first @include of the service's file. "
      "pam_unix\n"
      "# in common-account refuses all others.\n";
  for (const std::string& line : old.pam_lines) text += line + "\n";
  return text;
}

}  // namespace

NewConfiguration MakeConfiguration(const OldConfiguration& old) {
  NewConfiguration configuration;
  configuration.config = Config(old, false);
  configuration.config_shown = Config(old, true);
  configuration.config_is_secret = !old.secret_texts.empty();
  configuration.secrets = Secrets(old, false);
  configuration.secrets_shown = Secrets(old, true);
  configuration.pam = Pam(old);
  return configuration;
}

std::vector<SettingsError> MistakesIn(const NewConfiguration& configuration) {
  const SettingsOrErrors settings =
      ParseSettings({configuration.config, "new sqlmapd.toml", true},
                    {configuration.secrets, "new secrets.toml", false});
  return settings ? std::vector<SettingsError>() : settings.error();
}

}  // namespace sqlmap::importing
