#include <unistd.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ctl/check/configuration.h"
#include "ctl/check/daemon.h"
#include "ctl/check/data.h"
#include "ctl/check/files.h"
#include "ctl/check/finding.h"
#include "ctl/check/nsswitch.h"
#include "ctl/check/pam.h"
#include "ctl/check/queries.h"
#include "ctl/check/report.h"
#include "ctl/check/seen_in_time.h"
#include "ctl/check/servers.h"
#include "ctl/commands.h"
#include "ctl/host.h"
#include "ctl/nsswitch_lines.h"
#include "ctl/text_file.h"

namespace sqlmap {
namespace {

void NotAsked(const std::string& why, std::initializer_list<Findings*> areas) {
  for (Findings* const area : areas) area->Warning("all", "not asked: " + why, "mend that first");
}

// Whoever reads a file of a file system that hangs may not even be killed: all files are read by
// somebody else first.
void ThrowIfFilesHang(const HostPaths& paths) {
  constexpr std::int64_t kFilesMs = 5'000;
  Findings unshown("");
  std::optional<Settings> settings;
  const struct {
    std::string of;
    std::function<void()> read;
  } files[] = {
      {paths.config + ", secrets.toml, or a file that they name",
       [&] { settings = CheckConfiguration(paths, unshown); }},
      {"a file of the installation, or of [database] tls",
       [&] { CheckFiles(paths, settings ? &*settings : nullptr, unshown); }},
      {paths.nsswitch, [&] { CheckNsswitch(paths.nsswitch, unshown); }},
      {paths.pam_directory + ", " + paths.vendor_pam_directory +
           ", or a file that is included there",
       [&] { CheckPam(ShadowLines::kWithoutHashes, unshown); }},
  };
  const auto read = [&](std::size_t i) {
    files[i].read();
    return '.';
  };
  const Seen seen = SeenInTime(std::size(files), read, Deadline::In(kFilesMs));
  if (seen.words.size() == std::size(files)) return;
  throw Failure(
      ExitStatus::kUnknown,
      files[seen.words.size()].of +
          (seen.ended ? ": the process that read it came to its end too early; see whether "
                        "memory is short"
                      : ": reading it did not end in time; see whether its file system hangs"));
}

bool ShadowAsksSqlmap(const HostPaths& paths) {
  const auto text = ReadTextFile(paths.nsswitch);
  const auto services = text ? NssServicesOf(*text, "shadow") : std::nullopt;
  return services && std::ranges::find(*services, "sqlmap", &NssService::name) != services->end();
}

// `sample`: of CheckData.
ShadowLines ShadowLinesOf(const Settings& settings, const std::optional<Sample>& sample,
                          const HostPaths& paths) {
  const auto asks = [&settings](QueryId id) { return settings.query(id).configured(); };
  if (asks(QueryId::kGetpwnam) && !asks(QueryId::kGetspnam)) return ShadowLines::kNone;
  return sample && sample->hashes && ShadowAsksSqlmap(paths) ? ShadowLines::kWithHashes
                                                             : ShadowLines::kWithoutHashes;
}

// In the order in which they are shown. Each goes as far as it can without those before it.
std::vector<Finding> CheckAll(Screen& screen) {
  const HostPaths paths;
  Findings configuration("configuration");
  const std::optional<Settings> settings = CheckConfiguration(paths, configuration);
  const Settings* const known = settings ? &*settings : nullptr;
  Findings files("files");
  CheckFiles(paths, known, files);
  Findings servers("servers");
  Findings queries("queries");
  Findings data("data");
  ShadowLines shadow = ShadowLines::kWithoutHashes;
  if (settings) {
    const Sessions sessions = CheckServers(*settings, screen, servers);
    if (FirstFor(sessions, AccountRole::kIdentity, false) == nullptr)
      NotAsked("no server lets us in", {&data});
    // First, since it finds an account to ask the queries for.
    const std::optional<Sample> sample = CheckData(*settings, sessions, screen, data);
    CheckQueries(*settings, sessions, sample, screen, queries);
    shadow = ShadowLinesOf(*settings, sample, paths);
  } else {
    NotAsked("the configuration has mistakes", {&servers, &queries, &data});
  }
  Findings nsswitch("nsswitch");
  CheckNsswitch(paths.nsswitch, nsswitch);
  Findings pam("pam");
  CheckPam(shadow, pam);
  Findings daemon("daemon");
  CheckDaemon(paths, known, daemon);
  screen.Progress("");
  std::vector<Finding> all;
  for (const Findings* const area :
       {&files, &configuration, &servers, &queries, &data, &nsswitch, &pam, &daemon}) {
    all.insert(all.end(), area->list().begin(), area->list().end());
  }
  return all;
}

ExitStatus ShowCheck(Screen& screen) {
  if (geteuid() != 0) {
    throw Failure(ExitStatus::kUnknown,
                  "only root may look: the secrets and the account that reads hashes are root's; "
                  "try sudo sqlmapctl check");
  }
  screen.Progress("reading files");
  ThrowIfFilesHang({});
  const std::vector<Finding> findings = CheckAll(screen);
  screen.Lines(TableOf(findings));
  screen.Line(SummaryOf(findings), ToneOf(WorstOf(findings)));
  screen.Json(JsonOf(findings));
  return WorstOf(findings) == Level::kError ? ExitStatus::kNo : ExitStatus::kDone;
}

}  // namespace

void AddCheck(CommandLine& line) {
  line.Add("check", "goes through the whole chain, and says what to do (root only)",
           "It changes nothing: what writes to the database is prepared, and not run.\n"
           "Exit status: 0 no error, perhaps warnings; 1 an error; 3 not root, or a file hangs.\n"
           "Example: sqlmapctl check",
           ShowCheck);
}

}  // namespace sqlmap
