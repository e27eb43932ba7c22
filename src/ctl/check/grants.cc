#include "ctl/check/grants.h"

#include <algorithm>
#include <cctype>
#include <initializer_list>
#include <iterator>

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

std::vector<Grant::Privilege> ParsePrivileges(std::string_view text) {
  std::vector<Grant::Privilege> privileges;
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
    const std::string_view one = Trimmed(text.substr(begin, i - begin));
    const std::size_t columns = one.find('(');
    privileges.push_back(
        {Capitals(Trimmed(one.substr(0, columns))), columns != std::string_view::npos});
    begin = i + 1;
  }
  return privileges;
}

// What may be granted on a table or routine of the accounts.
bool Fits(const Grant::Privilege& privilege, AccountRole role) {
  const std::string& name = privilege.name;
  // SHOW VIEW tells how a view is made, which lets this command explain its queries.
  if (name == "SELECT" || name == "EXECUTE" || name == "SHOW VIEW" || name == "USAGE") return true;
  if (role == AccountRole::kIdentity) return false;
  return name == "INSERT" || (name == "UPDATE" && privilege.columns);
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
           return (all || privilege.name == "SELECT") && privilege.columns == columns;
         });
}

std::string Unquoted(std::string_view text) { return TakeIdentifier(text); }

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

std::string TooWide(const Grant& grant, AccountRole role, std::string_view database) {
  const bool ours = IsOnOneOf(grant, database);
  std::string wide;
  for (const Grant::Privilege& privilege : grant.privileges) {
    if (privilege.name == "USAGE" || (ours && Fits(privilege, role))) continue;
    wide += (wide.empty() ? "" : ", ") + privilege.name;
  }
  if (grant.grant_option) wide += wide.empty() ? "GRANT OPTION" : ", GRANT OPTION";
  if (wide.empty()) return {};
  wide += " on " + (grant.database.empty() ? "others" : grant.database);
  if (!grant.object.empty()) wide += '.' + grant.object;
  return wide;
}

}  // namespace sqlmap
