// sqlmapd: login accounts from a SQL database, for the processes of this host.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <utility>

#include "daemon/child.h"
#include "daemon/daemon_log.h"
#include "daemon/load_settings.h"
#include "daemon/own_module.h"
#include "daemon/paths.h"
#include "daemon/privileges.h"
#include "daemon/supervisor.h"

namespace sqlmap {
namespace {

int Start(bool foreground, bool check_only) {
  DaemonPaths paths;
  if (geteuid() != 0) {
    (void)std::fputs("sqlmapd: must be started by root\n", stderr);
    return EXIT_FAILURE;
  }
  ProtectSelf();
  // What goes wrong before all is well is for whoever started it.
  DaemonLog log(DaemonLog::Target::kStandardError);
  SettingsOrErrors settings = LoadDaemonSettings(paths, log);
  if (!settings) {
    for (const SettingsError& error : settings.error())
      (void)std::fprintf(stderr, "%s\n", error.Describe().c_str());
    return EXIT_FAILURE;
  }
  if (check_only) {
    (void)std::printf("%s: no mistakes\n", paths.config.c_str());
    return EXIT_SUCCESS;
  }
  SwitchOwnModuleOff();
  Supervisor supervisor({std::move(paths), foreground, RunChild}, *std::move(settings), log);
  return supervisor.Run();
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Login accounts from a SQL database, for the processes of this host. It never goes "
      "to the background by itself.",
      "sqlmapd");
  bool foreground = false;
  bool check_only = false;
  app.add_flag("--foreground", foreground, "log to standard error instead of the system log");
  app.add_flag("--check-config", check_only,
               "print every mistake in " SQLMAP_CONFIG_FILE " and " SQLMAP_SECRETS_FILE
               ", and exit");
  app.set_version_flag("--version", "sqlmapd " SQLMAP_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? EXIT_SUCCESS : 2;
  }
  return Start(foreground, check_only);
}

}  // namespace
}  // namespace sqlmap

int main(int argc, char** argv) {
  try {
    return sqlmap::Main(argc, argv);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "sqlmapd: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
