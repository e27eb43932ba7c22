#include "ctl/check/grants.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <iterator>
#include <set>
#include <utility>

#include "ctl/views/sql_text.h"

namespace sqlmap {
namespace {

std::string Capitals(std::string_view text) {
  std::string capitals(text);
  std::ranges::transform(capitals, capitals.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return capitals;
}

std::string_view Trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

// Reads an identifier, quoted or not, off the front. A doubled quote is one.
std::string TakeIdentifier(std::string_view& text) {
  std::string name;
  const char quote = text.empty() ? '\0' : text.front();
  if (quote != '`' && quote != '"' && quote != '\'') {
    const std::size_t end = std::min(text.find_first_of(" ."), text.size());
    name = text.substr(0, end);
    text.remove_prefix(end);
    return name;
  }
  text.remove_prefix(1);
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c != quote) {
      name += c;
    } else if (text.starts_with(quote)) {
      name += c;
      text.remove_prefix(1);
    } else {
      break;
    }
  }
  return name;
}

// The end of `text` up to " ON ", which no privilege's column list can hold unquoted.
std::size_t FindOn(std::string_view text) {
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != '\0') {
      if (text[i] == quote) quote = '\0';
    } else if (text[i] == '`' || text[i] == '"' || text[i] == '\'') {
      quote = text[i];
    } else if (text.substr(i).starts_with(" ON ")) {
      return i;
    }
  }
  return std::string_view::npos;
}

// What stands between commas that are in no quotes and no brackets.
std::vector<std::string_view> SplitList(std::string_view text) {
  std::vector<std::string_view> items;
  std::size_t begin = 0;
  int depth = 0;
  char quote = '\0';
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && quote != '\0') {
      if (text[i] == quote) quote = '\0';
      continue;
    }
    if (i < text.size() && text[i] == '`') quote = '`';
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    items.push_back(Trimmed(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  return items;
}

std::string Unquoted(std::string_view text) { return TakeIdentifier(text); }

std::vector<Grant::Privilege> ParsePrivileges(std::string_view text) {
  std::vector<Grant::Privilege> privileges;
  for (const std::string_view one : SplitList(text)) {
    const std::size_t bracket = std::min(one.find('('), one.size());
    Grant::Privilege privilege{Capitals(Trimmed(one.substr(0, bracket))), {}};
    if (bracket < one.size()) {
      const std::string_view inside = one.substr(bracket + 1);
      for (const std::string_view column : SplitList(inside.substr(0, inside.rfind(')'))))
        privilege.columns.push_back(Unquoted(column));
    }
    privileges.push_back(std::move(privilege));
  }
  return privileges;
}

// The tables that a query writes to, and the columns that it sets there, in capitals.
struct Written {
  bool inserts = false;
  std::set<std::string> tables;
  std::set<std::string> columns;
};

Written WrittenBy(std::string_view query) {
  enum { kVerb, kTables, kElsewhere, kColumns } at = kVerb;
  Written written;
  std::string name;  // the last token, if it may be one
  for (const SqlToken& token : ReadSql(query)) {
    if (token.kind == SqlToken::Kind::kSpace) continue;
    const std::string before = std::exchange(name, {});
    if (token.kind == SqlToken::Kind::kQuoted) {
      name = Capitals(Unquoted(token.text));
    } else if (token.kind == SqlToken::Kind::kWord) {
      name = Capitals(token.text);
      const std::string& word = name;
      if (at == kVerb) {
        written.inserts = word == "INSERT" || word == "REPLACE";
        at = written.inserts || word == "UPDATE" ? kTables : kElsewhere;
      } else if (word == (written.inserts ? "UPDATE" : "SET")) {
        at = kColumns;
      } else if (word == "VALUES" || word == "VALUE" || word == "SELECT" || word == "SET" ||
                 word == "WHERE") {
        at = kElsewhere;
      }
    } else if (token.text == "(" && at == kTables) {
      at = kElsewhere;
    } else if (token.text == "=" && at == kColumns) {
      written.columns.insert(before);
    }
    if (at == kTables && !name.empty()) written.tables.insert(name);
  }
  return written;
}

// What of a privilege on a table or routine of the accounts is too much; nullopt: nothing.
std::optional<Grant::Privilege> Unfit(Grant::Privilege privilege, AccountRole role,
                                      const std::string& object,
                                      std::span<const std::string> queries) {
  const std::string& name = privilege.name;
  // SHOW VIEW tells how a view is made, which lets this command explain its queries.
  if (name == "SELECT" || name == "EXECUTE" || name == "SHOW VIEW") return std::nullopt;
  if (role == AccountRole::kIdentity) return privilege;
  std::vector<Written> here;
  for (const std::string& query : queries) {
    if (Written written = WrittenBy(query); written.tables.contains(Capitals(object)))
      here.push_back(std::move(written));
  }
  if (name == "INSERT" && std::ranges::any_of(here, &Written::inserts)) return std::nullopt;
  if (name != "UPDATE" || privilege.columns.empty()) return privilege;
  std::erase_if(privilege.columns, [&here](const std::string& column) {
    return std::ranges::any_of(here, [&column](const Written& written) {
      return written.columns.contains(Capitals(column));
    });
  });
  if (privilege.columns.empty()) return std::nullopt;
  return privilege;
}

// On a table, a view or a routine of this database.
bool IsOnOneOf(const Grant& grant, std::string_view database) {
  // A database's name in a grant is a pattern, in which `_` is written `\_`.
  std::string its_database;
  std::ranges::remove_copy(grant.database, std::back_inserter(its_database), '\\');
  return its_database == database && grant.object != "*" && !grant.object.empty();
}

bool Selects(const Grant& grant, std::string_view database, bool columns) {
  return IsOnOneOf(grant, database) &&
         std::ranges::any_of(grant.privileges, [columns](const Grant::Privilege& privilege) {
           const bool all = privilege.name == "ALL PRIVILEGES";
           return (all || privilege.name == "SELECT") && privilege.columns.empty() != columns;
         });
}

}  // namespace

std::optional<Grant> ParseGrant(std::string_view line) {
  constexpr std::string_view kGrant = "GRANT ";
  if (!line.starts_with(kGrant)) return std::nullopt;
  line.remove_prefix(kGrant.size());
  const std::size_t on = FindOn(line);
  if (on == std::string_view::npos) return std::nullopt;
  Grant grant;
  grant.privileges = ParsePrivileges(line.substr(0, on));
  grant.grant_option = line.ends_with("WITH GRANT OPTION");
  std::string_view rest = Trimmed(line.substr(on + 4));
  for (const std::string_view kind :
       {"TABLE ", "PROCEDURE ", "FUNCTION ", "PACKAGE BODY ", "PACKAGE "}) {
    if (rest.starts_with(kind)) rest.remove_prefix(kind.size());
  }
  grant.database = TakeIdentifier(rest);
  if (!rest.starts_with('.')) return grant;
  rest.remove_prefix(1);
  grant.object = TakeIdentifier(rest);
  return grant;
}

std::string RolesIn(std::string_view line) {
  constexpr std::string_view kGrant = "GRANT ";
  if (!line.starts_with(kGrant) || FindOn(line) != std::string_view::npos) return {};
  line.remove_prefix(kGrant.size());
  std::string roles;
  for (const SqlToken& token : ReadSql(line)) {
    if (token.text == "TO") break;
    roles += token.kind == SqlToken::Kind::kQuoted ? Unquoted(token.text) : token.text;
  }
  return std::string(Trimmed(roles));
}

bool Names(std::string_view query, std::string_view object) {
  // As the server does it where it stores all names in small letters: a name that is taken for
  // another one's is one that the query reads too, or a column's.
  return std::ranges::any_of(ReadSql(query), [object](const SqlToken& token) {
    if (token.kind != SqlToken::Kind::kWord && token.kind != SqlToken::Kind::kQuoted) return false;
    const bool quoted = token.kind == SqlToken::Kind::kQuoted;
    return Capitals(quoted ? Unquoted(token.text) : token.text) == Capitals(object);
  });
}

bool IsLikeAPassword(std::string_view column) {
  const std::string name = Capitals(column);
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"PASS", "PW", "HASH", "CRYPT", "SECRET"},
      [&name](std::string_view piece) { return name.find(piece) != std::string::npos; });
}

bool Selects(const Grant& grant, std::string_view database) {
  return Selects(grant, database, false);
}

bool SelectsColumns(const Grant& grant, std::string_view database) {
  return Selects(grant, database, true);
}

std::string TooWide(const Grant& grant, AccountRole role, std::string_view database,
                    std::span<const std::string> queries) {
  const bool ours = IsOnOneOf(grant, database);
  std::string wide;
  for (const Grant::Privilege& privilege : grant.privileges) {
    if (privilege.name == "USAGE") continue;
    const auto unfit = ours ? Unfit(privilege, role, grant.object, queries) : privilege;
    if (!unfit) continue;
    std::string columns;
    for (const std::string& column : unfit->columns)
      columns += (columns.empty() ? "" : ", ") + column;
    wide += (wide.empty() ? "" : ", ") + unfit->name;
    if (!columns.empty()) wide += " (" + columns + ')';
  }
  if (grant.grant_option) wide += wide.empty() ? "GRANT OPTION" : ", GRANT OPTION";
  if (wide.empty()) return {};
  wide += " on " + (grant.database.empty() ? "others" : grant.database);
  if (!grant.object.empty()) wide += '.' + grant.object;
  return wide;
}

}  // namespace sqlmap
