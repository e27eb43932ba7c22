#include "ctl/views/install_plan.h"

#include <algorithm>
#include <set>

#include "ctl/views/sql_text.h"

namespace sqlmap {
namespace {

constexpr std::string_view kTrialPrefix = "sqlmap_trial_";

// A statement without its comments, as words.
std::vector<std::string> WordsOf(const std::string& sql) {
  std::vector<std::string> words;
  for (const SqlToken& token : ReadSql(sql)) {
    if (token.kind != SqlToken::Kind::kSpace) words.emplace_back(token.text);
  }
  return words;
}

// What stands behind `word`, "" if there is none.
std::string Behind(const std::vector<std::string>& words, std::string_view word) {
  const auto at = std::ranges::find(words, word);
  return at == words.end() || at + 1 == words.end() ? std::string() : *(at + 1);
}

// 'name'@'host' behind `word`.
std::string UserBehind(const std::vector<std::string>& words, std::string_view word) {
  const auto at = std::ranges::find(words, word);
  if (words.end() - at < 4) return {};
  return at[1] + at[2] + at[3];
}

struct Statement {
  explicit Statement(std::string text) : sql(std::move(text)), words(WordsOf(sql)) {
    if (words[0] == "GRANT") {
      kind = Kind::kGrant;
      what = Behind(words, "ON");
      user = UserBehind(words, "TO");
      title = "grant on " + what + " to " + user;
    } else if (words[0] == "CREATE" && std::ranges::find(words, "VIEW") != words.end()) {
      kind = Kind::kView;
      what = Behind(words, "VIEW");
      title = "view " + what;
    } else if (words[0] == "CREATE" && words[1] == "TABLE") {
      kind = Kind::kAddition;
      title = "table " + Behind(words, "EXISTS");
    } else if (words[0] == "CREATE" && words[1] == "USER") {
      kind = Kind::kAddition;
      title = "user " + UserBehind(words, "EXISTS");
    } else {
      kind = Kind::kSession;
      title = sql;
    }
  }

  enum class Kind : std::uint8_t {
    kSession,
    kAddition,  // IF NOT EXISTS: nothing that is there changes
    kView,
    kGrant,
  };
  std::string sql;
  std::vector<std::string> words;
  Kind kind;
  std::string what;  // the view, or what the grant is on
  std::string user;
  std::string title;
};

std::string Revoked(const Statement& grant) {
  std::string sql = grant.sql;
  sql.replace(0, std::string_view("GRANT").size(), "REVOKE");
  for (const SqlToken& token : ReadSql(grant.sql)) {
    if (token.text != "TO") continue;
    const auto at = static_cast<std::size_t>(token.text.data() - grant.sql.data());
    return sql.replace(at + 1, token.text.size(), "FROM");  // REVOKE is one letter longer
  }
  return sql;
}

// The columns that a grant names, or 1: "SELECT (a), UPDATE (b, c) ON t" has a, b, c.
std::string ColumnsOf(const Statement& grant) {
  std::string columns;
  bool inside = false;
  for (const std::string& word : grant.words) {
    if (word == "ON") break;
    if (word == "(" || word == ")") {
      inside = word == "(";
    } else if (inside && word != ",") {
      columns += (columns.empty() ? "" : ", ") + word;
    }
  }
  return columns.empty() ? "1" : columns;
}

}  // namespace

InstallPlan PlanInstall(std::string_view sql) {
  std::vector<Statement> statements;
  std::set<std::string> views;
  for (std::string& text : SplitSql(sql)) {
    const Statement& statement = statements.emplace_back(std::move(text));
    if (statement.kind == Statement::Kind::kView) views.insert(statement.what);
  }
  const auto trial = [&](const std::string& text) {
    return PrefixNames(text, views, kTrialPrefix);
  };

  InstallPlan plan;
  for (const Statement& statement : statements) {
    switch (statement.kind) {
      case Statement::Kind::kSession:
        plan.trial.push_back({statement.title, statement.sql});
        break;
      case Statement::Kind::kAddition:
        plan.trial.push_back({statement.title, statement.sql});
        break;
      case Statement::Kind::kView:
        plan.trial.push_back({statement.title, trial(statement.sql)});
        plan.replace.push_back({statement.title, statement.sql});
        break;
      case Statement::Kind::kGrant:
        if (std::ranges::find(plan.users, statement.user) == plan.users.end())
          plan.users.push_back(statement.user);
        plan.replace.push_back({statement.title, statement.sql});
        if (!views.contains(statement.what)) {
          plan.trial.push_back({statement.title, "SELECT " + ColumnsOf(statement) + " FROM " +
                                                     statement.what + " LIMIT 0"});
          break;
        }
        plan.trial.push_back({statement.title, trial(statement.sql)});
        plan.trial.push_back({"the same taken back", trial(Revoked(statement))});
        break;
    }
  }
  for (const std::string& view : views) {
    const std::string name = std::string(kTrialPrefix) + view;
    plan.cleanup.push_back({"view " + name, "DROP VIEW IF EXISTS " + name});
    plan.views.push_back(view);
  }
  return plan;
}

}  // namespace sqlmap
