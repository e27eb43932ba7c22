// What the old modules were told, in sqlmap's own terms: each reader makes one, Merge puts them
// together, and new_configuration.h writes it as TOML.
#ifndef SQLMAP_CTL_IMPORT_OLD_CONFIGURATION_H_
#define SQLMAP_CTL_IMPORT_OLD_CONFIGURATION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/password_scheme.h"
#include "common/config/settings.h"
#include "common/config/wipe.h"

namespace sqlmap::importing {

// Where something stands. Line 0: the file as a whole.
struct Place {
  std::string file;
  unsigned line = 0;

  std::string Text() const;  // "/etc/libnss-mysql.cfg:12"
};

// What could not be taken as it was. Never holds a value: any may be a password, or a piece of one.
struct ImportRemark {
  enum class Kind : std::uint8_t {
    kChanged,  // carried over, but not quite as it was
    kLost,     // not carried over
    kMistake,  // nothing can be imported before it is mended
  };

  Place place;
  Kind kind = Kind::kLost;
  std::string option;  // as the old module calls it; "" if it is none
  std::string what;    // why, and what to do
};

// "changed", "left out", "mistake".
std::string_view NameOf(ImportRemark::Kind kind);

using ImportRemarks = std::vector<ImportRemark>;

// An account of the database server.
struct OldAccount {
  std::string user;
  Secret password;
  Place place;
};

struct OldConfiguration {
  std::vector<std::string> servers;  // as [database] servers has them
  std::string database;
  Place database_place;
  std::string tls;  // "" if all servers are sockets
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  OldAccount people;  // sees who has an account
  OldAccount hashes;  // sees what opens it; without a user: the one of `people`
  std::array<std::string, static_cast<std::size_t>(QueryId::kCount)> queries;  // "": none
  // Queries that stand in for missing ones, once all files are together: the passwords of shadow(5)
  // for `auth`, and pam_mysql's "change it now" for getspnam.
  std::string auth_of_shadow;
  // The old module asked for passwords in a way that is not carried over: nothing stands in for it.
  bool auth_by_hand = false;
  std::string shadow_of_status;
  Place status_place;
  PasswordSchemeSet schemes;  // of the query `auth`
  std::optional<PasswordScheme> plain_hash_scheme;
  std::optional<PasswordScheme> new_scheme;  // of password_update
  std::vector<std::uint32_t> allow_uids;
  std::vector<std::uint32_t> allow_gids;
  // Whether each query returns the account's name as the database has it. If not, a name that is
  // equal only to the collation would be another account.
  bool names_come_back = true;
  std::vector<std::string> pam_lines;
  // In the queries, and not for everybody to read: see secret_texts.h.
  std::vector<Secret> secret_texts;
  ImportRemarks remarks;

  std::string& query(QueryId id) { return queries[static_cast<std::size_t>(id)]; }
  const std::string& query(QueryId id) const { return queries[static_cast<std::size_t>(id)]; }
};

// Both as one configuration. What cannot be in one is a mistake in its remarks: another server,
// another database, the same query with another text.
void Merge(OldConfiguration&& from, OldConfiguration& into);

// A key, or an argument, and what it was set to.
struct OldValue {
  Secret text;
  Place place;
};
using OldValues = std::map<std::string, OldValue, std::less<>>;

}  // namespace sqlmap::importing

#endif  // SQLMAP_CTL_IMPORT_OLD_CONFIGURATION_H_
