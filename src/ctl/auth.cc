#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "ctl/auth/examine.h"
#include "ctl/auth/show.h"
#include "ctl/commands.h"
#include "ctl/host.h"
#include "ctl/password_input.h"

namespace sqlmap {
namespace {

struct AuthOptions {
  auth::Attempt attempt{.name = {}, .service = "sqlmapctl", .rhost = {}, .tty = {}};
  bool from_stdin = false;
  bool through_daemon = false;
};

ExitStatus Explain(const AuthOptions& options, Screen& screen) {
  if (geteuid() != 0) {
    throw Failure(ExitStatus::kUnknown,
                  "only root may do this: it asks with the account of secrets.toml");
  }
  KeptLog log;
  const std::unique_ptr<Backend> backend = OpenBackend(ReadSettings(), log);
  const PasswordFrom from = options.from_stdin ? PasswordFrom::kStdin : PasswordFrom::kTerminal;
  const Secret password =
      ReadPassword(from, "Password of " + Printable(options.attempt.name) + ": ");
  const auto progress = [&screen](std::string_view doing) { screen.Progress(doing); };
  auth::Explanation explanation = auth::Examine(*backend, log, options.attempt, password, progress);
  explanation.daemon.answer = auth::PingDaemon();
  // PAM asks nobody about an account of the system.
  if (options.through_daemon && !explanation.name.of_system) {
    if (!explanation.daemon.answer.found())
      throw Failure(ExitStatus::kUnknown, "sqlmapd cannot be asked: it is not there, or silent");
    progress("asking sqlmapd");
    explanation.daemon.says = auth::AskDaemon(options.attempt, password);
  }
  progress({});
  auth::Show(explanation, screen);
  if (screen.json()) screen.Json(auth::ToJson(explanation));
  return auth::StatusOf(explanation.daemon.says.value_or(explanation.stages));
}

}  // namespace

void AddAuth(CommandLine& line) {
  const auto options = std::make_shared<AuthOptions>();
  CLI::App& command = line.Add(
      "auth", "why a login is let in or refused, step by step (root only)",
      "Asks for a password and shows what the database says, what comes of it, and what pam_sqlmap "
      "would return without options in its PAM file. Nothing is noted in the database, and nothing "
      "counts as a failed login, unless --through-daemon is given. Shows no password and no hash.\n"
      "Exit status: 0 both stages accept; 1 one refuses; 3 nobody could say. With --through-daemon "
      "it is by what sqlmapd says.\n"
      "Example: sqlmapctl auth alice --service sshd --rhost 192.0.2.1",
      [options](Screen& screen) { return Explain(*options, screen); });
  command.add_option("NAME", options->attempt.name, "the account")->required();
  command.add_option("--service", options->attempt.service, "the PAM service")
      ->capture_default_str();
  command.add_option("--rhost", options->attempt.rhost, "from which host");
  command.add_option("--tty", options->attempt.tty, "on which terminal");
  command.add_flag("--stdin", options->from_stdin, "read the password from standard input");
  command.add_flag("--through-daemon", options->through_daemon,
                   "ask sqlmapd, too: that counts, and is noted, like any other login");
}

}  // namespace sqlmap
