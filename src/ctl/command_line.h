// sqlmapctl's words: one command for each, all of one shape.
#ifndef SQLMAP_CTL_COMMAND_LINE_H_
#define SQLMAP_CTL_COMMAND_LINE_H_

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "ctl/exit_status.h"
#include "ctl/screen.h"

namespace sqlmap {

class CommandLine {
 public:
  // What a command does once its options are read. May throw Failure.
  using Job = std::function<ExitStatus(Screen&)>;

  explicit CommandLine(Screen& screen);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // Adds a command; the caller adds its options, which `job` owns. Each has --json, unless `output`
  // says that it writes for programs anyway. `does` is one line; `more` ends its --help: an
  // example, and what exit statuses mean beyond ExitStatus.
  enum class Output { kPeopleOrJson, kPrograms };
  CLI::App& Add(const std::string& name, const std::string& does, const std::string& more, Job job,
                Output output = Output::kPeopleOrJson);

  // Reads the words, does the job, and says what went wrong, on the screen's standard error or with
  // --json as {"error": "..."}. Returns the exit status.
  int Run(int argc, const char* const* argv);

 private:
  Screen& screen_;
  CLI::App app_;
  bool json_ = false;
  Job job_;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_COMMAND_LINE_H_
