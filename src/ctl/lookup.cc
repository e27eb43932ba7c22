#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ctl/commands.h"
#include "ctl/host.h"
#include "ctl/lookup/explain.h"
#include "ctl/lookup/show.h"
#include "ctl/lookup/witnesses.h"
#include "ctl/nsswitch_lines.h"
#include "ctl/text_file.h"

namespace sqlmap {
namespace {

using lookup::Kind;
using lookup::Question;

// What is all digits is an id, since no account may be called so. Throws Failure.
Question QuestionOf(Kind kind, const std::string& asked) {
  if (kind == Kind::kGroups || asked.find_first_not_of("0123456789") != asked.npos || asked.empty())
    return {kind, asked, std::nullopt};
  std::uint32_t id = 0;
  const auto end = std::from_chars(asked.data(), asked.data() + asked.size(), id);
  if (end.ec != std::errc()) {
    throw Failure(ExitStatus::kUsage,
                  Printable(asked, 40) + " is no id: the largest is 4294967295");
  }
  return {kind, {}, id};
}

lookup::Surroundings SurroundingsOf(Kind kind, const HostPaths& paths) {
  lookup::Surroundings host;
  host.database = kind == Kind::kUser ? "passwd" : "group";
  const std::string text = ReadTextFile(paths.nsswitch).value_or(std::string());
  auto services = NssServicesOf(text, kind == Kind::kGroups ? "initgroups" : host.database);
  if (!services) services = NssServicesOf(text, host.database);
  if (!services) services = {NssService{"files"}};  // as glibc has it
  for (const NssService& service : *services) host.services.push_back(service.name);
  host.nscd = NscdRuns();
  return host;
}

ExitStatus LookUp(Kind kind, const std::string& asked, Screen& screen) {
  const HostPaths paths;
  const Question question = QuestionOf(kind, asked);
  const lookup::Testimony testimony = lookup::AskAll(question, paths, screen);
  const lookup::Explanation explanation =
      lookup::Explain(question, testimony.sightings, SurroundingsOf(kind, paths));
  lookup::Show(question, testimony, explanation, screen);
  screen.Json(lookup::ToJson(question, testimony, explanation));
  const Answer& nss = testimony.sightings.front().answer;
  if (nss.found()) return ExitStatus::kDone;
  return nss.absent() ? ExitStatus::kNo : ExitStatus::kUnknown;
}

void AddLookup(CommandLine& line, Kind kind, const std::string& name, const std::string& does,
               const std::string& operand, const std::string& example) {
  const auto asked = std::make_shared<std::string>();
  CLI::App& command = line.Add(
      name, does,
      "Shows what NSS says, as all programs get it, and beside it what the local files, the "
      "published snapshot,\nsqlmapd and the database say, how long each took, and what it "
      "means where they differ.\nThe database is asked only if you may read its "
      "password.\n\n"
      "Example: " +
          example +
          "\nExit status, by what NSS says: 0 found, 1 there is none, 3 NSS could not say.",
      [kind, asked](Screen& screen) { return LookUp(kind, *asked, screen); });
  command.add_option(operand, *asked, "whom to look for")->type_name("")->required();
}

}  // namespace

void AddLookups(CommandLine& line) {
  AddLookup(line, Kind::kUser, "user", "who a user is, and who says so", "NAME|UID",
            "sqlmapctl user alice");
  AddLookup(line, Kind::kGroup, "group", "what a group is, and who says so", "NAME|GID",
            "sqlmapctl group 20001");
  AddLookup(line, Kind::kGroups, "groups", "which groups a user is in, and who says so", "NAME",
            "sqlmapctl groups alice");
}

}  // namespace sqlmap
