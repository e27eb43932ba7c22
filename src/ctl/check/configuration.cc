#include "ctl/check/configuration.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/config/root_files.h"

namespace sqlmap {
namespace {

constexpr char kPrivileged[] = "[privileged]";

bool AnyPrivileged(const Settings& settings) {
  return std::ranges::any_of(QueryDescriptions(), [&](const QueryDescription& query) {
    return query.privileged && settings.query(query.id).configured();
  });
}

// Both accounts are whoever asks: sockets that know him need no passwords.
bool SignsInAsItself(const Settings& settings) {
  const auto sockets = [](const std::vector<ServerAddress>& servers) {
    return std::ranges::all_of(servers, &ServerAddress::is_socket);
  };
  const DatabaseSettings& database = settings.database;
  return settings.privileged.password.empty() && database.password.empty() &&
         sockets(database.servers) && sockets(database.writers);
}

}  // namespace

void JudgeSettings(const Settings& settings, Findings& findings) {
  const DatabaseSettings& database = settings.database;
  const auto configured = std::ranges::count_if(
      settings.queries, [](const QueryTemplate& query) { return query.configured(); });
  std::string servers;
  for (const ServerAddress& server : database.servers)
    servers += (servers.empty() ? "" : ", ") + server.Describe();
  findings.Ok("[database]", "database " + database.name + " on " + servers);
  findings.Ok("[queries]", std::to_string(configured) + " of " +
                               std::to_string(settings.queries.size()) + " are there");
  if (!settings.privileged.configured() && AnyPrivileged(settings)) {
    findings.Warning(kPrivileged, "no user: there is no shadow and no PAM",
                     "name the account in secrets.toml, or write \"\" for its queries");
  } else if (settings.privileged.configured() && settings.privileged.user == database.user &&
             !SignsInAsItself(settings)) {
    findings.Warning(kPrivileged, "its user is that of [database], which then sees the hashes",
                     "give each an account of its own, as in the SQL of sqlmapctl views");
  }
}

std::optional<Settings> CheckConfiguration(const HostPaths& paths, Findings& findings) {
  constexpr char kRemedy[] = "mend it; the file's comments say what is allowed";
  SettingsOrErrors settings =
      LoadSettingsAndIds(paths.config, paths.secrets, paths.passwd, paths.group);
  if (settings) {
    JudgeSettings(*settings, findings);
    AskAsSqlmapd(*settings);
    return *std::move(settings);
  }
  for (const SettingsError& mistake : settings.error()) {
    const std::string line = mistake.line == 0 ? "" : ":" + std::to_string(mistake.line);
    findings.Error(mistake.file + line, mistake.what, kRemedy);
  }
  if (settings.error().empty()) findings.Error(paths.config, "no memory to read it", "try again");
  return std::nullopt;
}

}  // namespace sqlmap
