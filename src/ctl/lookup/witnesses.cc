#include "ctl/lookup/witnesses.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "common/account/account_source.h"
#include "common/account/rules.h"
#include "common/backend/reason_words.h"
#include "common/snapshot/map.h"
#include "common/snapshot/source.h"
#include "common/wire/client.h"
#include "ctl/exit_status.h"

namespace sqlmap::lookup {
namespace {

using Clock = std::chrono::steady_clock;

constinit SnapshotMap g_snapshot;  // NOLINT(cert-err58-cpp): nothing runs before main

Texts CopyOf(const NameList& names) {
  const std::string bytes(names.bytes);  // a snapshot's may change while it is looked at
  Texts texts;
  NameList{bytes, names.count}.ForEach([&](std::string_view name) { texts.emplace_back(name); });
  return texts;
}

// Of a user that the source does not have, memberships alone: a local account may be in a group of
// the database.
Answer FindGroups(const std::string& name, AccountSource& source, Record& record) {
  std::optional<Gid> primary;
  Ids gids;
  const Answer user =
      source.FindUserByName(name, [&](const UserRecord& found) { primary = found.gid; });
  if (user.unavailable()) return user;
  const Answer groups = source.FindGroupsOfUser(
      name, [&](std::span<const Gid> found) { gids.assign(found.begin(), found.end()); });
  if (groups.unavailable()) return groups;
  record = RecordOf(name, user.found() ? primary : std::nullopt,
                    groups.found() ? std::move(gids) : Ids());
  return user.found() ? user : groups;
}

Answer Find(const Question& question, AccountSource& source, Record& record) {
  const auto user = [&](const UserRecord& found) { record = RecordOf(found); };
  const auto group = [&](const GroupRecord& found) {
    record = RecordOf(found.name, found.gid, CopyOf(found.members));
  };
  switch (question.kind) {
    case Kind::kUser:
      return question.id ? source.FindUserById(*question.id, user)
                         : source.FindUserByName(question.name, user);
    case Kind::kGroup:
      return question.id ? source.FindGroupById(*question.id, group)
                         : source.FindGroupByName(question.name, group);
    case Kind::kGroups:
      break;
  }
  return FindGroups(question.name, source, record);
}

Sighting Ask(Witness witness, const Question& question, AccountSource& source) {
  Sighting sighting{.witness = witness, .answer = {}, .record = {}, .why = {}};
  const auto begin = Clock::now();
  sighting.answer = Find(question, source, sighting.record);
  sighting.took = Clock::now() - begin;
  if (!sighting.answer.found()) sighting.record.clear();
  return sighting;
}

const char* SnapshotWords(Reason reason) {
  switch (reason) {
    case Reason::kNotConfigured:
      return "there is none";
    case Reason::kNotAllowed:
      return "its directories are not root's alone";
    case Reason::kServerError:
      return "it is damaged";
    case Reason::kNoMemory:
      return "it could not be mapped: no memory, or no descriptor";
    default:
      return "it is replaced too fast";
  }
}

Sighting AskSnapshot(const Question& question) {
  SnapshotSource source(g_snapshot);
  Sighting sighting = Ask(Witness::kSnapshot, question, source);
  if (sighting.answer.unavailable()) sighting.why = SnapshotWords(sighting.answer.reason);
  return sighting;
}

std::string DaemonWords(Reason reason, bool no_daemon) {
  if (no_daemon) return "it is not running";
  switch (reason) {
    case Reason::kTimeout:
      return "it did not answer in time";
    case Reason::kNotAllowed:
      return "this user may not ask it";
    case Reason::kServerError:
      return "it has no answer that may be believed, or the database refused the query";
    case Reason::kUnreachable:
      return "it hung up, or reached no database server";
    default:
      return std::string(WordsFor(reason));
  }
}

Sighting AskDaemon(const Question& question, const HostPaths& paths) {
  SocketSource source(
      paths.socket.c_str(), kLookUpBudgetMs,
      [](IdKind kind, std::uint32_t id) noexcept { return g_snapshot.MayHaveId(kind, id); });
  Sighting sighting = Ask(Witness::kDaemon, question, source);
  if (sighting.answer.unavailable())
    sighting.why = DaemonWords(sighting.answer.reason, source.no_daemon());
  return sighting;
}

// Else the database would be told a wrong password.
bool MayKnowPassword(const Settings& settings, const HostPaths& paths) {
  struct stat status {};
  return geteuid() == 0 || !settings.database.password.empty() ||
         (stat(paths.secrets.c_str(), &status) != 0 && errno == ENOENT);
}

Sighting NotAsked(Witness witness, Answer answer, std::string why) {
  return {
      .witness = witness, .answer = answer, .record = {}, .why = std::move(why), .asked = false};
}

Sighting AskDatabase(const Question& question, const HostPaths& paths,
                     std::vector<std::string>& remarks) {
  KeptLog log;
  std::unique_ptr<Backend> backend;
  try {
    Settings settings = ReadSettings(paths);
    if (!MayKnowPassword(settings, paths)) {
      return NotAsked(Witness::kDatabase, Answer::Unavailable(Reason::kNotAllowed),
                      "only root may read its password");
    }
    backend = OpenBackend(std::move(settings), log);
  } catch (const Failure& failure) {
    remarks.emplace_back(failure.what());
    return NotAsked(Witness::kDatabase, Answer::Unavailable(Reason::kNotConfigured),
                    "there is no sound configuration");
  }
  Sighting sighting = Ask(Witness::kDatabase, question, backend->accounts());
  if (sighting.answer.unavailable()) sighting.why = WordsFor(sighting.answer.reason);
  for (const KeptLog::Entry& entry : log.Take()) {
    if (entry.level <= LogLevel::kWarning) remarks.push_back("database: " + Printable(entry.text));
  }
  return sighting;
}

void AddName(Gid gid, std::map<Gid, std::string>& names) {
  const Sighting group = AskNss({.kind = Kind::kGroup, .name = {}, .id = gid});
  if (const Value* const name = FieldOf(group.record, "name"))
    names.emplace(gid, std::get<std::string>(*name));
}

std::map<Gid, std::string> GroupNames(const Question& question, const Record& record) {
  std::map<Gid, std::string> names;
  if (question.kind == Kind::kGroup) return names;
  if (const Value* const gid = FieldOf(record, "gid")) AddName(std::get<Gid>(*gid), names);
  if (const Value* const gids = FieldOf(record, "gids")) {
    for (const Gid gid : std::get<Ids>(*gids)) AddName(gid, names);
  }
  return names;
}

}  // namespace

Testimony AskAll(const Question& question, const HostPaths& paths, Screen& screen) {
  Testimony all;
  const bool may_be_ours = question.id || CanBeName(question.name);
  const auto hear = [&](Witness witness, auto ask) {
    screen.Progress("asking " + std::string(NameOf(witness)));
    const bool ours = witness != Witness::kNss && witness != Witness::kFiles;
    all.sightings.push_back(ours && !may_be_ours
                                ? NotAsked(witness, Answer::Absent(),
                                           "no row may have that name: it is the system's, or none")
                                : ask());
  };
  hear(Witness::kNss, [&] { return AskNss(question); });
  hear(Witness::kFiles, [&] { return AskFiles(question, paths); });
  hear(Witness::kSnapshot, [&] { return AskSnapshot(question); });
  hear(Witness::kDaemon, [&] { return AskDaemon(question, paths); });
  hear(Witness::kDatabase, [&] { return AskDatabase(question, paths, all.remarks); });
  all.groups = GroupNames(question, all.sightings.front().record);
  screen.Progress("");
  return all;
}

}  // namespace sqlmap::lookup
