#include "ctl/import/old_configuration.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sqlmap::importing {
namespace {

// Nothing, or the same, on either side.
template <class Value>
bool Take(Value& from, Value& into) {
  if (from == Value{} || from == into) return true;
  if (into != Value{}) return false;
  into = std::move(from);
  return true;
}

template <class Value>
void Append(std::vector<Value>& from, std::vector<Value>& into) {
  for (Value& value : from) {
    if (std::ranges::find(into, value) == into.end()) into.push_back(std::move(value));
  }
}

void MergeServers(OldConfiguration& from, OldConfiguration& into) {
  const Place place = from.database_place;
  const auto refuse = [&](const char* option, const char* what) {
    into.remarks.push_back({place, ImportRemark::Kind::kMistake, option, what});
  };
  if (!Take(from.servers, into.servers)) {
    refuse("host", "the other files name another server: import the two one by one");
  }
  if (!Take(from.database, into.database)) {
    refuse("database", "the other files name another database: import the two one by one");
  }
  if (into.database_place.file.empty()) into.database_place = place;
  bool tls = Take(from.tls, into.tls);
  tls = Take(from.tls_ca, into.tls_ca) && tls;
  tls = Take(from.tls_cert, into.tls_cert) && tls;
  tls = Take(from.tls_key, into.tls_key) && tls;
  if (!tls) refuse("host", "the other files ask for other TLS: import the two one by one");
}

void MergeAccounts(OldConfiguration& from, OldConfiguration& into) {
  if (into.people.user.empty()) into.people = std::move(from.people);
  if (from.hashes.user.empty() || from.hashes.user == into.hashes.user) return;
  if (into.hashes.user.empty()) {
    into.hashes = std::move(from.hashes);
    return;
  }
  into.remarks.push_back({from.hashes.place, ImportRemark::Kind::kChanged, "",
                          "the account for passwords is the one of " + into.hashes.place.Text() +
                              " for all queries: grant it what this one may do"});
}

void MergeSchemes(const OldConfiguration& from, OldConfiguration& into) {
  if (from.schemes == PasswordSchemeSet()) return;
  const bool first = into.schemes == PasswordSchemeSet();
  if (!first &&
      (from.schemes != into.schemes || from.plain_hash_scheme != into.plain_hash_scheme)) {
    into.remarks.push_back({from.hashes.place, ImportRemark::Kind::kMistake, "crypt",
                            "the other files have hashes of another kind, and the same query: "
                            "import the two one by one"});
    return;
  }
  into.schemes = from.schemes;
  into.plain_hash_scheme = from.plain_hash_scheme;
  if (from.new_scheme) into.new_scheme = from.new_scheme;
}

}  // namespace

std::string Place::Text() const { return line == 0 ? file : file + ":" + std::to_string(line); }

std::string_view NameOf(ImportRemark::Kind kind) {
  switch (kind) {
    case ImportRemark::Kind::kChanged:
      return "changed";
    case ImportRemark::Kind::kLost:
      return "left out";
    case ImportRemark::Kind::kMistake:
      break;
  }
  return "mistake";
}

void Merge(OldConfiguration&& from, OldConfiguration& into) {
  std::ranges::move(from.remarks, std::back_inserter(into.remarks));
  const Place place = from.database_place;
  MergeServers(from, into);
  MergeAccounts(from, into);
  for (const QueryDescription& query : QueryDescriptions()) {
    if (Take(from.query(query.id), into.query(query.id))) continue;
    into.remarks.push_back({place, ImportRemark::Kind::kMistake, std::string(query.key),
                            "the other files ask something else for the same thing: import the "
                            "two one by one"});
  }
  Take(from.auth_of_shadow, into.auth_of_shadow);
  into.auth_by_hand = into.auth_by_hand || from.auth_by_hand;
  if (Take(from.shadow_of_status, into.shadow_of_status) && into.status_place.file.empty())
    into.status_place = std::move(from.status_place);
  MergeSchemes(from, into);
  Append(from.allow_uids, into.allow_uids);
  Append(from.allow_gids, into.allow_gids);
  Append(from.pam_lines, into.pam_lines);
  into.names_come_back = into.names_come_back && from.names_come_back;
}

}  // namespace sqlmap::importing
