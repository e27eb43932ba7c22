// sqlmapctl: an administrator's questions to sqlmapd.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "common/wire/client.h"

namespace {

using namespace sqlmap;

constexpr int kWaitMs = 600'000;  // a read of a million accounts by a slow server
constexpr int kTries = 5;

void Print(std::FILE* to, std::string_view text) {
  (void)std::fwrite(text.data(), 1, text.size(), to);
  if (text.empty() || text.back() != '\n') (void)std::fputc('\n', to);
}

const char* Explain(Reason reason) {
  switch (reason) {
    case Reason::kNotConfigured:
      return "sqlmapd is not running: no socket, or not in a directory that is root's alone";
    case Reason::kNotAllowed:
      return "only root may do this";
    case Reason::kTimeout:
      return "sqlmapd did not answer in time; its log says what it is at";
    default:
      return "sqlmapd did not answer; its log says why";
  }
}

// 0: done; 1: not done, and standard error says why.
int Report(const Answer& answer, const std::string& text) {
  if (answer.found()) {
    Print(stdout, text);
    return 0;
  }
  Print(stderr, std::string("sqlmapctl: ") + (text.empty() ? Explain(answer.reason) : text));
  return 1;
}

// A reload, or a crash, in the middle of it is not the end of it: whoever serves then is asked.
Answer Refresh(std::uint16_t flags, bool wait, SocketControl::TextSink keep) {
  SocketControl control(kSocketPath, wait ? kWaitMs : kLookUpBudgetMs);
  Answer answer;
  for (int tries = 0; tries < kTries; ++tries) {
    answer = control.Refresh(flags, keep);
    if (answer != Answer::Unavailable(Reason::kUnreachable)) break;
  }
  return answer;
}

int Main(int argc, char** argv) {
  CLI::App app("Asks sqlmapd, the daemon that gives this host its accounts from a database.");
  app.require_subcommand(1);
  CLI::App* const status =
      app.add_subcommand("status", "what is published, and what was asked so far");
  CLI::App* const refresh = app.add_subcommand("refresh", "read all accounts anew (root only)");
  bool wait = false;
  bool force = false;
  refresh->add_flag("--wait", wait, "return when they are published: a new account then resolves");
  refresh->add_flag("--force", force, "publish them even if most are gone");
  app.footer("Exit status: 0 done, 1 not done, 2 a mistake on the command line.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }

  std::string text;
  const auto keep = [&](std::string_view said) { text = said; };
  if (status->parsed()) {
    SocketControl control;
    return Report(control.Status(keep), text);
  }
  const unsigned flags = (wait ? request_flag::kWait : 0U) | (force ? request_flag::kForce : 0U);
  const Answer answer = Refresh(static_cast<std::uint16_t>(flags), wait, keep);
  return Report(answer, text);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "sqlmapctl: %s\n", error.what());
    return 1;
  }
}
