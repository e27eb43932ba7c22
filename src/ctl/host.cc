#include "ctl/host.h"

#include <unistd.h>

#include <utility>

#include "common/config/root_files.h"
#include "ctl/exit_status.h"

namespace sqlmap {

void KeptLog::Write(LogLevel level, std::string_view line) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    entries_.push_back({level, std::string(line)});
  } catch (...) {
    // A log may drop lines.
  }
}

std::vector<KeptLog::Entry> KeptLog::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(entries_, {});
}

Settings ReadSettings(const HostPaths& paths) {
  SettingsOrErrors settings =
      LoadSettings(paths.config, geteuid() == 0 ? paths.secrets : std::string());
  std::vector<SettingsError> mistakes;
  if (!settings) {
    mistakes = std::move(settings.error());
  } else if (auto mistake = ReadLocalIds(paths.passwd, paths.group, settings->accounts)) {
    mistakes.push_back(*std::move(mistake));
  } else {
    return *std::move(settings);
  }
  std::string what = "the configuration has mistakes:";
  for (const SettingsError& mistake : mistakes) what += "\n  " + mistake.Describe();
  throw Failure(ExitStatus::kUnknown, what);
}

std::unique_ptr<Backend> OpenBackend(Settings settings, Log& log) {
  return std::make_unique<Backend>(
      std::move(settings), Backend::Manner{Dial::Names::kDns, Pool::Idle::kKept, nullptr}, log);
}

}  // namespace sqlmap
