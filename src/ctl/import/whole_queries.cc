#include "ctl/import/whole_queries.h"

#include <string>
#include <utility>

namespace sqlmap::importing {
namespace {

OldAccount AccountIn(const OldValues& values, const Place& otherwise) {
  OldAccount account;
  account.user = ValueOf(values, "username");
  account.password.assign(ValueOf(values, "password"));
  account.place = PlaceOf(values, "username", otherwise);
  return account;
}

}  // namespace

void TakeWholeQueries(const OldValues& values, Substitution style,
                      OldConfiguration& configuration) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(QueryId::kGidsbymem); ++i) {
    const QueryDescription& query = QueryDescriptions()[i];
    const auto old = values.find(query.key);
    if (old == values.end() || Trimmed(old->second.text).empty()) continue;
    const auto sql = ConvertQuery(old->second.text, style, query.id);
    if (!sql) {
      Remark(configuration, ImportRemark::Kind::kLost, old->second.place, query.key,
             sql.error() + "; write it by hand into [queries] " + std::string(query.key));
      continue;
    }
    configuration.query(query.id) = WithNames(query.id, *sql);
    if (query.id == QueryId::kGetspnam)
      configuration.auth_of_shadow = FirstWithNames(query.id, *sql, "username, password");
  }
}

void TakeAccounts(const OldValues& values, const OldValues& root, OldConfiguration& configuration) {
  configuration.people = AccountIn(values, configuration.database_place);
  if (!ValueOf(root, "username").empty()) {
    configuration.hashes = AccountIn(root, configuration.database_place);
  } else if (root.contains("password")) {
    configuration.hashes = AccountIn(root, configuration.database_place);
    configuration.hashes.user = configuration.people.user;
  }
}

}  // namespace sqlmap::importing
