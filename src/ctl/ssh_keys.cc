#include "common/backend/ssh_keys.h"

#include <syslog.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/rules.h"
#include "common/backend/reason_words.h"
#include "common/config/root_files.h"
#include "common/login/authorized_key.h"
#include "common/wire/client.h"
#include "ctl/commands.h"
#include "ctl/host.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

constexpr int kWaitMs = 2 * kLookUpBudgetMs;
constexpr int kTries = 2;
constexpr std::size_t kLongestName = 255;  // that sqlmapd can be asked for

struct SshKeysOptions {
  std::string name;
  std::string type;
  std::string fingerprint;
};

// sshd throws away what its command says on standard error.
class SystemLog final : public Log {
 public:
  void Write(LogLevel level, std::string_view line) noexcept override {
    if (level == LogLevel::kDebug) return;
    try {
      syslog(LOG_AUTHPRIV | (level == LogLevel::kError ? LOG_ERR : LOG_WARNING), "%s",
             Printable(line).c_str());
    } catch (...) {
      // A log may drop lines.
    }
  }
};

bool Names(const std::vector<std::uint32_t>& ids, std::uint32_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Of this host's own accounts, whom no row opens: those of the system, as in PAM, and all others
// that the configuration does not name. Asked here and now, since whoever answers on the socket
// talks to the network.
bool IsTheHosts(const std::string& name) {
  const HostPaths paths;
  AccountSettings accounts;
  if (const auto mistake = ReadLocalIds(paths.passwd, paths.group, accounts))
    throw Failure(ExitStatus::kUnknown, mistake->Describe());
  const auto uid = accounts.local_uids.IdOf(name);
  if (!uid) return false;
  return IsSystemUid(*uid) || !Names(ReadSettings().accounts.allow_uids, *uid);
}

Answer AskDaemon(SocketControl& daemon, const std::string& name, std::string& text) {
  const auto keep = [&text](std::string_view said) { text = said; };
  Answer answer;
  // Once more if sqlmapd's child ended over it: the next one is there in a moment.
  for (int tries = 0; tries < kTries; ++tries) {
    text.clear();
    answer = daemon.SshKeys(name, keep);
    if (answer != Answer::Unavailable(Reason::kUnreachable)) break;
  }
  if (answer.unavailable() && text.empty()) text = "sqlmapd did not answer; its log says why";
  return answer;
}

// Without sqlmapd, on a host in direct mode.
Answer AskDatabase(const std::string& name, std::string& text) {
  if (geteuid() != 0) {
    throw Failure(ExitStatus::kUnknown,
                  "sqlmapd is not running, and only root can ask the database itself: set "
                  "AuthorizedKeysCommandUser to root");
  }
  Settings settings = ReadSettings();
  if (!settings.direct.enabled)
    throw Failure(ExitStatus::kUnknown, "sqlmapd is not running, and direct mode is off");
  SystemLog log;
  const std::unique_ptr<Backend> backend = OpenBackend(std::move(settings), log);
  const Answer answer = backend->ssh_keys().Find(name, text);
  if (answer.unavailable()) text = WordsFor(answer.reason);
  return answer;
}

// Of `lines` those that may let in the offered key.
std::string Matching(std::string_view lines, const OfferedKey& offered) {
  std::string matching;
  for (const std::string_view line : LinesOf(lines)) {
    const auto key = ParseKeyLine(line);
    if (key && MayAuthorise(*key, offered)) matching.append(line) += '\n';
  }
  return matching;
}

// sshd gets the bytes as they are; what a customer wrote into a comment does not command a person's
// terminal.
void Print(std::string_view lines, Screen& screen) {
  if (!screen.out_is_terminal()) return screen.Raw(lines);
  for (const std::string_view line : LinesOf(lines)) screen.Line(Printable(line, line.size()));
}

ExitStatus ShowKeys(const SshKeysOptions& options, Screen& screen) {
  if (!options.fingerprint.empty() && !IsFingerprint(options.fingerprint)) {
    throw Failure(ExitStatus::kUsage,
                  "the fingerprint is not \"SHA256:\" and 43 characters of base64, as sshd's %f "
                  "is: leave sshd's FingerprintHash at sha256");
  }
  if (options.name.empty() || options.name.size() > kLongestName || IsTheHosts(options.name))
    return ExitStatus::kDone;
  std::string text;
  SocketControl daemon(kSocketPath, kWaitMs);
  Answer answer = AskDaemon(daemon, options.name, text);
  if (daemon.no_daemon()) answer = AskDatabase(options.name, text);
  if (answer.absent()) return ExitStatus::kDone;
  if (answer == Answer::Unavailable(Reason::kNotConfigured)) {
    throw Failure(ExitStatus::kUnknown,
                  "there is no query for keys: set ssh_keys in [queries] of sqlmapd.toml");
  }
  // Whatever the reason, sshd must not take it for "none".
  if (!answer.found()) throw Failure(ExitStatus::kUnknown, text);
  Print(options.type.empty() ? text : Matching(text, {options.type, options.fingerprint}), screen);
  return ExitStatus::kDone;
}

}  // namespace

void AddSshKeys(CommandLine& line) {
  const auto options = std::make_shared<SshKeysOptions>();
  CLI::App& command = line.Add(
      "ssh-keys", "the lines of an account's authorized_keys, for sshd",
      "For root alone. In sshd_config:\n"
      "  AuthorizedKeysCommand /usr/bin/sqlmapctl ssh-keys %u %t %f\n"
      "  AuthorizedKeysCommandUser root\n"
      "Exit status: 0 also for an account that has none, or does not exist; 3 if nobody could say, "
      "and then nothing is printed.\n"
      "Example: sqlmapctl ssh-keys alice",
      [options](Screen& screen) { return ShowKeys(*options, screen); },
      CommandLine::Output::kPrograms);
  command.add_option("NAME", options->name, "the account")->required();
  CLI::Option& type =
      *command.add_option("TYPE", options->type, "of the key that is offered, sshd's %t");
  CLI::Option& fingerprint = *command.add_option(
      "FINGERPRINT", options->fingerprint,
      "of that key, sshd's %f: lines that cannot be the ones that let it in are left out");
  type.needs(&fingerprint);
}

}  // namespace sqlmap
