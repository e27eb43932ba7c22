#include "ctl/command_line.h"

#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

namespace sqlmap {

CommandLine::CommandLine(Screen& screen)
    : screen_(screen),
      app_(
          "Looks into the accounts that this host gets from a database: sqlmapd, its configuration "
          "and the database itself.",
          "sqlmapctl") {
  app_.require_subcommand(1);
  app_.set_version_flag("--version", "sqlmapctl " SQLMAP_VERSION);
  app_.footer(
      "Exit status: 0 done, or yes; 1 not done, or no; 2 a mistake on the command line; 3 nobody "
      "could say.\nsqlmapctl COMMAND --help says more, with an example.");
}

CLI::App& CommandLine::Add(const std::string& name, const std::string& does,
                           const std::string& more, Job job, Output output) {
  CLI::App& command = *app_.add_subcommand(name, does);
  command.footer(more);
  if (output == Output::kPeopleOrJson)
    command.add_flag("--json", json_, "one JSON value, for programs");
  command.callback([this, job = std::move(job)] { job_ = job; });
  return command;
}

int CommandLine::Run(int argc, const char* const* argv) {
  ExitStatus status = ExitStatus::kUnknown;
  std::string error;
  try {
    app_.parse(argc, argv);
    screen_.set_json(json_);
    status = job_(screen_);
    screen_.Flush();
  } catch (const CLI::ParseError& mistake) {
    return app_.exit(mistake) == 0 ? 0 : static_cast<int>(ExitStatus::kUsage);
  } catch (const Failure& failure) {
    status = failure.status();
    error = failure.what();
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  if (error.empty()) return static_cast<int>(status);
  try {
    screen_.Json({{"error", error}});
    if (!screen_.json()) screen_.Remark("sqlmapctl: " + error, Tone::kPlain);
    screen_.Flush();
  } catch (const std::exception&) {
    // Nobody reads what we write.
  }
  return static_cast<int>(status);
}

}  // namespace sqlmap
