// views: the SQL of a shipped set of views, printed or run.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "common/config/secure_file.h"
#include "common/config/server_address.h"
#include "ctl/commands.h"
#include "ctl/host.h"
#include "ctl/no_signals.h"
#include "ctl/password_input.h"
#include "ctl/views/administrator.h"
#include "ctl/views/install_plan.h"
#include "ctl/views/sql_text.h"
#include "ctl/views/view_set.h"

namespace sqlmap {
namespace {

using Json = nlohmann::ordered_json;
using Values = std::vector<std::string>;

struct ViewsOptions {
  std::string name;
  bool list = false;
  ViewValues values;
  bool install = false;
  std::string database;
  std::string server;
  std::string user = "root";
  bool password_stdin = false;
};

std::filesystem::path FileOf(const std::string& name) {
  return std::filesystem::path(SQLMAP_VIEWS_DIR) / (name + ".sql");
}

std::set<std::string> Names() {
  std::set<std::string> names;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(SQLMAP_VIEWS_DIR, error)) {
    if (entry.path().extension() == ".sql") names.insert(entry.path().stem());
  }
  if (error || names.empty())
    throw Failure(ExitStatus::kUnknown,
                  SQLMAP_VIEWS_DIR ": there are no views; install sqlmap again");
  return names;
}

std::string ReadFile(const std::string& name) {
  const std::set<std::string> names = Names();
  if (!names.contains(name)) {
    std::string what = "there are no views called \"" + Printable(name) + "\"; there are:";
    for (const std::string& known : names) what += " " + known;
    throw Failure(ExitStatus::kUsage, what);
  }
  const std::string path = FileOf(name);
  auto file = ReadSecureFile(path, FilePrivacy::kPublic);
  if (!file) throw Failure(ExitStatus::kUnknown, path + ": " + file.error().what);
  return file->text;
}

Json SettingsJson(const ViewSet& set) {
  Json settings = Json::object();
  for (const auto& [setting, value] : set.settings) settings[setting] = value;
  return settings;
}

ExitStatus List(Screen& screen) {
  Table table;
  Json all = Json::array();
  for (const std::string& name : Names()) {
    const ViewSet set = ReadViewSet(ReadFile(name));
    table.Add({name, set.does});
    all.push_back({{"name", name},
                   {"does", set.does},
                   {"settings", SettingsJson(set)},
                   {"file", FileOf(name).string()}});
  }
  screen.Lines(table);
  screen.Json(all);
  return ExitStatus::kDone;
}

// The configuration says what the command line does not, and always how TLS is to be.
struct Target {
  ServerAddress server;
  DatabaseSettings database;
};

bool IsThere(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 || errno != ENOENT;
}

Target ReadTarget(const ViewsOptions& options) {
  Target target;
  if (!options.server.empty()) {
    const auto server = ParseServerAddress(options.server);
    if (!server)
      throw Failure(ExitStatus::kUsage, "--server \"" + options.server + "\" " + server.error());
    target.server = *server;
  }
  // Over a network a server is verified as the configuration has it, and as its defaults have it on
  // a host that has none yet.
  if (options.server.empty() || options.database.empty() ||
      (!target.server.is_socket() && IsThere(HostPaths().config))) {
    target.database = ReadSettings().database;
    const auto& writers = target.database.writers;
    if (options.server.empty())
      target.server = (writers.empty() ? target.database.servers : writers).front();
  }
  if (!options.database.empty()) target.database.name = options.database;
  target.database.user = options.user;
  target.database.password.clear();
  // Root's own socket needs none: the server asks the kernel who we are.
  if (options.password_stdin || !target.server.is_socket() || options.user != "root") {
    target.database.password =
        ReadPassword(options.password_stdin ? PasswordFrom::kStdin : PasswordFrom::kTerminal,
                     "Password of " + options.user + " on " + target.server.Describe() + ": ");
  }
  return target;
}

std::string Titles(const std::vector<InstallStep>& steps, std::size_t from, std::size_t to) {
  std::string titles;
  for (std::size_t i = from; i < to; ++i) titles += (titles.empty() ? "" : ", ") + steps[i].words;
  return titles.empty() ? "nothing" : titles;
}

// What stands in the way of a view, "" if nothing: only its real name can tell.
std::string InTheWay(Administrator& administrator, const std::string& view) {
  const auto kinds = administrator.Ask(
      "SELECT TABLE_TYPE FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND "
      "TABLE_NAME = " +
      SqlLiteral(view));
  if (!kinds) return "view " + view + ": " + kinds.error();
  if (kinds->empty() || kinds->front() == "VIEW") return {};
  return "view " + view + ": a table has this name; rename it";
}

// Tries the plan beside what is there. The error says what failed; nothing was replaced then.
std::string Try(Administrator& administrator, const InstallPlan& plan, Screen& screen) {
  const NoSignals uncut;
  std::string failed;
  for (const std::string& view : plan.views) {
    if (failed = InTheWay(administrator, view); !failed.empty()) return failed;
  }
  for (const InstallStep& step : plan.trial) {
    screen.Progress("trying " + step.words);
    if (const auto done = administrator.Run(step.sql); !done) {
      failed = step.words + ": " + done.error();
      break;
    }
  }
  std::string left;
  for (const InstallStep& step : plan.cleanup) {
    if (!administrator.Run(step.sql)) left += (left.empty() ? "" : ", ") + step.words;
  }
  screen.Progress("");
  if (!left.empty())
    failed +=
        (failed.empty() ? "" : "\n") + ("left behind, and taken away by the next run: " + left);
  return failed;
}

void Replace(Administrator& administrator, const InstallPlan& plan, Screen& screen) {
  const NoSignals uncut;
  const std::vector<InstallStep>& steps = plan.replace;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    screen.Progress("putting in place " + steps[i].words);
    const auto done = administrator.Run(steps[i].sql);
    if (done) continue;
    throw Failure(ExitStatus::kNo, steps[i].words + ": " + done.error() +
                                       "\nin place: " + Titles(steps, 0, i) +
                                       "\nnot in place: " + Titles(steps, i, steps.size()) +
                                       "\nMend what the server says and run it again.");
  }
  screen.Progress("");
}

[[noreturn]] void FailInstalled(const std::string& what) {
  throw Failure(ExitStatus::kNo, std::string("the settings that are installed, in ") +
                                     kSettingsView + ": " + what +
                                     "\nNo view and no right has changed.");
}

// The settings of `set` that are installed; none: it is not installed. What is `given` need not be
// readable there.
ViewValues Installed(Administrator& administrator, const ViewSet& set, const ViewValues& given) {
  ViewValues values;
  if (set.settings.empty()) return values;
  const auto columns = administrator.Ask(
      std::string("SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
                  "DATABASE() AND TABLE_NAME = '") +
      kSettingsView + "'");
  if (!columns) FailInstalled(columns.error());
  for (const auto& [setting, value] : set.settings) {
    // Those of an older set may be fewer.
    if (std::ranges::find(*columns, setting) == columns->end()) continue;
    const auto rows = administrator.Ask("SELECT CAST(" + setting + " AS CHAR) FROM " +
                                        std::string(kSettingsView));
    if (rows && rows->size() == 1) {
      values[setting] = rows->front();
    } else if (!given.contains(setting)) {
      FailInstalled(rows ? "there are " + std::to_string(rows->size()) +
                               " rows, and not one; give " + setting + " and all others as options"
                         : setting + ": " + rows.error() + "; give " + setting +
                               " and all others as options");
    }
  }
  return values;
}

void ShowSettings(Screen& screen, const ViewSet& set, const ViewValues& before) {
  if (set.settings.empty()) return;
  const auto shown = [](const std::string& value) {
    return value.empty() ? "''" : Printable(value);
  };
  Table table;
  table.Add({{"SETTING", Tone::kFaint}, {"BEFORE", Tone::kFaint}, {"NOW", Tone::kFaint}});
  for (const auto& [setting, value] : set.settings) {
    const auto old = before.find(setting);
    const bool changed = old != before.end() && old->second != value;
    table.Add({setting,
               old == before.end() ? "-" : shown(old->second),
               {shown(value), changed ? Tone::kWarning : Tone::kPlain}});
  }
  screen.Lines(table);
  screen.Line("");
}

// What is installed stays, unless the command line says something else.
std::string FillInOrFail(const ViewsOptions& options, const ViewValues& installed) {
  const std::string file = ReadFile(options.name);
  const auto given = FillIn(file, options.name, options.values);
  if (!given) throw Failure(ExitStatus::kUsage, Printable(given.error()));
  ViewValues values = options.values;
  values.insert(installed.begin(), installed.end());
  auto sql = FillIn(file, options.name, values);
  if (!sql) {
    throw Failure(ExitStatus::kNo, std::string("what is installed, in ") + kSettingsView +
                                       ", cannot stay: " + Printable(sql.error()) +
                                       "; give this option. No view and no right has changed.");
  }
  return *std::move(sql);
}

ExitStatus Install(const ViewsOptions& options, Screen& screen) {
  const ViewSet given = ReadViewSet(FillInOrFail(options, {}));
  const Target target = ReadTarget(options);
  Administrator administrator(target.server, target.database);
  const ViewValues before = Installed(administrator, given, options.values);
  const std::string sql = FillInOrFail(options, before);
  const ViewSet set = ReadViewSet(sql);
  const InstallPlan plan = PlanInstall(sql);
  if (const std::string failed = Try(administrator, plan, screen); !failed.empty()) {
    throw Failure(ExitStatus::kNo, failed +
                                       "\nThis was a trial: no view and no right of database " +
                                       target.database.name + " has changed.");
  }
  Replace(administrator, plan, screen);

  Json done = Json::array();
  Table table;
  for (const InstallStep& step : plan.replace) {
    done.push_back(step.words);
    table.Add({step.words, {"in place", Tone::kGood}});
  }
  screen.Line("Database " + target.database.name + " on " + target.server.Describe() + ":");
  screen.Lines(table);
  screen.Line("");
  ShowSettings(screen, set, before);
  Json grants = Json::object();
  for (const std::string& user : plan.users) {
    auto lines = administrator.Ask("SHOW GRANTS FOR " + user);
    if (!lines)
      throw Failure(ExitStatus::kNo,
                    "all is in place, but SHOW GRANTS FOR " + user + ": " + lines.error());
    std::ranges::sort(*lines);  // the server has no order
    if (user != plan.users.front()) screen.Line("");
    screen.Line("What " + user + " may do:");
    for (const std::string& line : *lines) {
      // MariaDB shows the hash of an account's password here.
      const std::string shown = line.substr(0, line.find(" IDENTIFIED "));
      grants[user].push_back(shown);
      screen.Line("  " + Printable(shown));
    }
  }
  screen.Json({{"name", options.name},
               {"database", target.database.name},
               {"server", target.server.Describe()},
               {"settings_before", before.empty() ? Json() : Json(before)},
               {"settings", SettingsJson(set)},
               {"done", done},
               {"grants", grants}});
  return ExitStatus::kDone;
}

ExitStatus Views(const ViewsOptions& options, Screen& screen) {
  if (options.list || options.name.empty()) {
    if (options.install || !options.values.empty())
      throw Failure(ExitStatus::kUsage, "which views? Name them: sqlmapctl views NAME ...");
    return List(screen);
  }
  if (options.install) return Install(options, screen);
  const std::string sql = FillInOrFail(options, {});
  if (!screen.json()) screen.Raw(sql);
  screen.Json({{"name", options.name}, {"settings", SettingsJson(ReadViewSet(sql))}, {"sql", sql}});
  return ExitStatus::kDone;
}

}  // namespace

void AddViews(CommandLine& line) {
  const auto options = std::make_shared<ViewsOptions>();
  CLI::App& command = line.Add(
      "views", "prints the SQL of a set of views that comes with sqlmap, or puts it in place",
      "Without --install nothing is asked or changed. With it, the statements are tried under "
      "other "
      "names first;\nonly if all of them went well are the views replaced. Twice does no harm: a "
      "setting that is not given stays as it is installed.\n"
      "Exit status 1: the database said no; what it has of it is said.\n"
      "Examples: sqlmapctl views\n"
      "          sqlmapctl views aegir --uid 998 --gid 998 --install --database aegir",
      [options](Screen& screen) { return Views(*options, screen); });
  command.add_option("NAME", options->name, "which views; without it: what there is");
  command.add_flag("--list", options->list, "what there is, one line each");
  for (const ViewOption& option : ViewOptions()) {
    command
        .add_option_function<std::string>(
            option.option,
            [options, setting = option.setting](const std::string& value) {
              options->values[setting] = value;
            },
            option.does)
        ->type_name(option.value);
  }
  CLI::Option* const install = command.add_flag(
      "--install", options->install, "put them in place, as the database's administrator");
  command
      .add_option("--database", options->database,
                  "where; default: [database] name of sqlmapd.toml")
      ->type_name("NAME")
      ->needs(install);
  command
      .add_option(
          "--server", options->server,
          "a socket, or HOST[:PORT], with TLS as sqlmapd.toml has it; default: the first of "
          "sqlmapd.toml")
      ->type_name("SERVER")
      ->needs(install);
  command
      .add_option("--user", options->user,
                  "the administrator; root on a socket needs no password, all others are asked")
      ->type_name("NAME")
      ->capture_default_str()
      ->needs(install);
  command
      .add_flag("--stdin", options->password_stdin, "read the password from standard input instead")
      ->needs(install);
}

}  // namespace sqlmap
