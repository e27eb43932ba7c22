#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ctl/commands.h"
#include "ctl/import/new_configuration.h"
#include "ctl/import/new_files.h"
#include "ctl/import/old_files.h"
#include "ctl/import/old_values.h"

namespace sqlmap {
namespace {

using namespace importing;

struct ImportOptions {
  std::vector<std::string> files;
  std::string output;
  std::string kind;
  bool force = false;
};

std::string Describe(const ImportRemark& remark) {
  return Printable(remark.place.Text()) + ": " + std::string(NameOf(remark.kind)) + ": " +
         (remark.option.empty() ? "" : remark.option + ": ") + remark.what;
}

// Ends the command if nothing valid comes out.
NewConfiguration Make(const OldConfiguration& old) {
  std::string mistakes;
  for (const ImportRemark& remark : old.remarks) {
    if (remark.kind == ImportRemark::Kind::kMistake) mistakes += "\n  " + Describe(remark);
  }
  NewConfiguration made;
  if (mistakes.empty()) {
    made = MakeConfiguration(old);
    for (const SettingsError& mistake : MistakesIn(made)) mistakes += "\n  " + mistake.Describe();
  }
  if (!mistakes.empty()) throw Failure(ExitStatus::kNo, "nothing was imported:" + mistakes);
  return made;
}

void ShowFile(Screen& screen, const char* name, std::string_view text) {
  screen.Line(std::string("--- ") + name, Tone::kFaint);
  Lines lines(text);
  for (std::string_view line; lines.Next(line);) screen.Line(Printable(line, line.size()));
  screen.Line("");
}

void ShowRemarks(Screen& screen, const ImportRemarks& remarks) {
  screen.Line("What is not as it was:");
  for (const ImportRemark& remark : remarks) screen.Line(Describe(remark), Tone::kWarning);
  screen.Line(
      "ids below 1000, and those of local accounts, are nobody's unless [accounts] "
      "allow_uids and allow_gids name them");
}

nlohmann::ordered_json AsJson(const std::vector<OldFile>& files, const ImportOptions& options,
                              const NewConfiguration& made, const ImportRemarks& remarks) {
  nlohmann::ordered_json json;
  json["files"] = nlohmann::ordered_json::array();
  for (const OldFile& file : files)
    json["files"].push_back({{"path", file.name}, {"kind", NameOf(file.dialect)}});
  json["output"] = nullptr;
  if (!options.output.empty()) json["output"] = options.output;
  json["sqlmapd_toml"] = made.config_shown;
  json["secrets_toml"] = made.secrets_shown;
  json["pam_snippet"] = made.pam;
  json["remarks"] = nlohmann::ordered_json::array();
  for (const ImportRemark& remark : remarks) {
    json["remarks"].push_back({{"file", remark.place.file},
                               {"line", remark.place.line},
                               {"kind", NameOf(remark.kind)},
                               {"option", remark.option},
                               {"what", remark.what}});
  }
  return json;
}

ExitStatus Import(const ImportOptions& options, Screen& screen) {
  std::optional<OldDialect> kind;
  if (!options.kind.empty()) kind = OldDialectByName(options.kind);
  const std::vector<OldFile> files = OpenOldFiles(options.files, kind);
  const OldConfiguration old = ReadOldFiles(files);
  const NewConfiguration made = Make(old);
  if (!options.output.empty()) {
    const mode_t config_mode = made.config_is_secret ? 0600 : 0644;
    // The one that sqlmapd cannot start without comes last.
    const std::array<NewFile, 3> written{{{"secrets.toml", made.secrets, 0600},
                                          {"pam-snippet", made.pam, 0644},
                                          {"sqlmapd.toml", made.config, config_mode}}};
    WriteTogether(options.output, written, options.force);
    for (const NewFile& file : written) screen.Line("wrote " + options.output + "/" + file.name);
  } else {
    ShowFile(screen, "sqlmapd.toml", made.config_shown);
    ShowFile(screen, "secrets.toml (--output DIR writes the passwords)", made.secrets_shown);
    ShowFile(screen, "pam-snippet", made.pam);
  }
  ShowRemarks(screen, old.remarks);
  screen.Json(AsJson(files, options, made, old.remarks));
  return ExitStatus::kDone;
}

}  // namespace

void AddImport(CommandLine& line) {
  const auto options = std::make_shared<ImportOptions>();
  CLI::App& command = line.Add(
      "import", "make sqlmap's configuration out of an old module's",
      "Reads libnss-mysql.cfg and libnss-mysql-root.cfg, nss-mysql.conf and nss-mysql-root.conf, "
      "libnss-maria.conf and libnss-maria-root.conf, a pam.d file with pam_mysql.so and its "
      "config_file, and Pure-FTPd's mysql.conf; several together become one configuration.\n"
      "Example: sqlmapctl import --output /root/new /etc/libnss-mysql.cfg "
      "/etc/libnss-mysql-root.cfg\n"
      "Exit status 1: nothing valid comes out, or a file is there already; nothing was written.",
      [options](Screen& screen) { return Import(*options, screen); });
  command.add_option("FILE", options->files, "the old modules' files")->required();
  command
      .add_option("--output", options->output,
                  "write sqlmapd.toml, secrets.toml (0600) and pam-snippet into DIR, all or "
                  "none; without it they are shown, with *** for each password")
      ->type_name("DIR");
  command.add_flag("--force", options->force, "replace files that are in DIR already")
      ->needs("--output");
  const auto names = OldDialectNames();
  command.add_option("--as", options->kind, "what all FILEs are, where it does not show")
      ->type_name("KIND")
      ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())));
}

}  // namespace sqlmap
