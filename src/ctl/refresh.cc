#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/wire/client.h"
#include "ctl/commands.h"
#include "ctl/daemon_answer.h"
#include "ctl/host.h"

namespace sqlmap {
namespace {

constexpr int kWaitMs = 600'000;  // a read of a million accounts by a slow server
constexpr int kTries = 5;

struct RefreshOptions {
  bool wait = false;
  bool force = false;
};

using Ask = std::function<Answer(SocketControl&, SocketControl::TextSink)>;

// A reload, or a crash, in the middle of it is not the end of it: whoever serves then is asked.
// Returns what sqlmapd says.
std::string AskUntilServed(const Ask& ask, bool wait) {
  SocketControl control(kSocketPath, wait ? kWaitMs : kLookUpBudgetMs);
  std::string text;
  Answer answer;
  for (int tries = 0; tries < kTries; ++tries) {
    text.clear();
    answer = ask(control, [&](std::string_view said) { text = said; });
    if (answer != Answer::Unavailable(Reason::kUnreachable)) break;
  }
  ThrowUnlessFound(answer, text);
  return text;
}

ExitStatus Do(Screen& screen, const Ask& ask, bool wait) {
  screen.Progress("sqlmapd reads the accounts");
  const std::string said = AskUntilServed(ask, wait);
  screen.Progress("");
  const bool nscd = NscdRuns();
  screen.Json({{"said", said}, {"nscd_runs", nscd}});
  screen.Line(Printable(said));
  if (nscd && !screen.json()) {
    screen.Remark(
        "nscd runs, and remembers accounts on its own: nscd --invalidate=passwd; "
        "nscd --invalidate=group");
  }
  return ExitStatus::kDone;
}

void AddFlush(CommandLine& line) {
  const auto name = std::make_shared<std::string>();
  CLI::App& command = line.Add(
      "flush", "sqlmapd forgets what it remembers, and reads all accounts anew (root only)",
      "Returns when the accounts that the database has now resolve. Of NAME it forgets what it\n"
      "knows of the user and of the group, by name and by id, of groups that NAME is a member of,\n"
      "which groups each user is in, and what the host remembers of NAME's logins. Without NAME:\n"
      "all answers, but no login.\n"
      "What is published stays until that; a login that was remembered is gone at once. Without a\n"
      "snapshot, and while the database is down, what is forgotten is not known until it is back.\n"
      "Exit status: 0 forgotten, and read anew; 1 forgotten, but not read anew, and the message\n"
      "says why.\n"
      "Example: sqlmapctl flush alice",
      [name](Screen& screen) {
        return Do(
            screen,
            [&](SocketControl& control, SocketControl::TextSink said) {
              return control.Flush(*name, said);
            },
            true);
      });
  command.add_option("NAME", *name, "a user or a group; default: all")
      ->check([](const std::string& text) {
        const bool good = !text.empty() && text.size() <= 255;
        return good ? std::string() : std::string("a name has 1 to 255 bytes");
      });
}

}  // namespace

void AddRefresh(CommandLine& line) {
  const auto options = std::make_shared<RefreshOptions>();
  CLI::App& command = line.Add(
      "refresh", "sqlmapd reads all accounts anew (root only)",
      "Exit status with --wait: 0 published, or nothing has changed; 1 not published, and the\n"
      "message says why.\n"
      "Example, after an account was added to the database: sqlmapctl refresh --wait",
      [options](Screen& screen) {
        const unsigned flags = (options->wait ? request_flag::kWait : 0U) |
                               (options->force ? request_flag::kForce : 0U);
        return Do(
            screen,
            [&](SocketControl& control, SocketControl::TextSink said) {
              return control.Refresh(static_cast<std::uint16_t>(flags), said);
            },
            options->wait);
      });
  command.add_flag("--wait", options->wait,
                   "return when they are published: a new account then resolves");
  command.add_flag("--force", options->force, "publish them even if most are gone");
  AddFlush(line);
}

}  // namespace sqlmap
