#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <charconv>
#include <exception>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <system_error>

#include "common/wire/client.h"
#include "ctl/commands.h"
#include "ctl/daemon_answer.h"
#include "ctl/status/page.h"
#include "ctl/status/report.h"

namespace sqlmap {
namespace {

constexpr int kMaxWatchSeconds = 86'400;

struct StatusOptions {
  std::string watch;  // "": once
  bool prometheus = false;
};

// 0: it is no interval.
int Seconds(const std::string& text) {
  int seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, seconds);
  const bool good =
      error == std::errc() && read == end && seconds >= 1 && seconds <= kMaxWatchSeconds;
  return good ? seconds : 0;
}

// Throws Failure.
StatusReport AskForStatus() {
  std::string text;
  SocketControl control;
  const Answer answer = control.Status([&](std::string_view said) { text = said; });
  ThrowUnlessFound(answer, text);
  StatusReport report = ParseStatus(text);
  if (report.empty())
    throw Failure(ExitStatus::kUnknown, "sqlmapd is of another version: restart it");
  return report;
}

void Show(Screen& screen) {
  const StatusReport report = AskForStatus();
  if (screen.json()) return screen.Json(StatusJson(report));
  ShowStatus(report, time(nullptr), screen);
  if (geteuid() == 0) return;
  screen.Line("");
  screen.Line("Root is told more: servers, connections, answers, questions, latencies and logins.",
              Tone::kFaint);
}

// Whoever scrapes it wants to know that sqlmapd is away, and keeps old figures of a command that
// fails.
ExitStatus ShowMetrics(Screen& screen) {
  try {
    screen.Raw(StatusMetrics(AskForStatus()));
  } catch (const Failure& failure) {
    screen.Raw(StatusMetrics({}));
    screen.Remark(std::string("sqlmapctl: ") + failure.what());
  }
  return ExitStatus::kDone;
}

// Until ^C, which is how it ends when all is well.
ExitStatus Watch(Screen& screen, int seconds) {
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupt, nullptr);
  const timespec pause{seconds, 0};
  for (bool first = true;; first = false) {
    if (screen.out_is_terminal() && !screen.json()) {
      screen.Raw("\033[H\033[J");
    } else if (!first) {
      screen.Line("");
    }
    try {
      Show(screen);
    } catch (const std::exception& failure) {
      screen.Json({{"error", failure.what()}});
      screen.Line(failure.what(), Tone::kBad);
    }
    screen.Flush();
    if (sigtimedwait(&interrupt, nullptr, &pause) == SIGINT) return ExitStatus::kDone;
  }
}

}  // namespace

void AddStatus(CommandLine& line) {
  const auto options = std::make_shared<StatusOptions>();
  CLI::App& command = line.Add(
      "status", "how sqlmapd is, what is published, and what was asked so far",
      "Everybody may ask for the first two groups, root for all.\n"
      "Examples: sqlmapctl status --watch\n"
      "          cd /var/lib/prometheus/node-exporter &&\n"
      "            sqlmapctl status --prometheus > sqlmap.tmp && mv sqlmap.tmp sqlmap.prom\n"
      "With --prometheus the exit status is 0 also while sqlmapd is away: sqlmap_up 0 says so.",
      [options](Screen& screen) {
        if (options->prometheus) return ShowMetrics(screen);
        if (!options->watch.empty()) return Watch(screen, Seconds(options->watch));
        Show(screen);
        return ExitStatus::kDone;
      });
  // Text: since release 2.4 of the library a flag that is a number counts as given, with 0, where
  // it is not.
  command
      .add_flag("--watch{1}", options->watch,
                "again each second, or each so many (--watch=5), until ^C")
      ->check([](const std::string& text) {
        return Seconds(text) != 0
                   ? std::string()
                   : "an interval is 1 to " + std::to_string(kMaxWatchSeconds) + " seconds";
      });
  command
      .add_flag("--prometheus", options->prometheus,
                "metrics in Prometheus' text format (0.0.4), for programs")
      ->excludes("--watch")
      ->excludes("--json");
}

}  // namespace sqlmap
