// setup: puts sqlmap into nsswitch.conf and pam.d, and takes it out again.
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ctl/commands.h"
#include "ctl/no_signals.h"
#include "ctl/setup/difference.h"
#include "ctl/setup/journal.h"
#include "ctl/setup/plan.h"
#include "ctl/setup/rehearsal.h"
#include "ctl/setup/system_file.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kJournal[] = "/var/lib/sqlmapd/setup";
constexpr uid_t kFirstPerson = 1000;
constexpr uid_t kLastPerson = 59999;

struct SetupOptions {
  std::vector<std::string> services;
  bool undo = false;
  bool yes = false;
};

// The first person with an account of the host's own, "" if it has none.
std::string LocalPerson() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/etc/passwd", "re"),
                                                             std::fclose);
  while (const passwd* const user = file == nullptr ? nullptr : fgetpwent(file.get())) {
    if (user->pw_uid >= kFirstPerson && user->pw_uid <= kLastPerson) return user->pw_name;
  }
  return {};
}

// Tabs are part of how these files look.
std::string PrintableLine(std::string_view line) {
  std::string shown;
  for (;;) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    shown += Printable(line.substr(0, tab));
    if (tab == line.size()) return shown;
    shown += '\t';
    line.remove_prefix(tab + 1);
  }
}

Tone ToneOf(std::string_view line) {
  if (line.starts_with("+++") || line.starts_with("---") || line.starts_with("@@"))
    return Tone::kFaint;
  if (line.starts_with('+')) return Tone::kGood;
  return line.starts_with('-') ? Tone::kBad : Tone::kPlain;
}

Json ShowDifferences(const std::vector<FileChange>& changes, Screen& screen) {
  Json differences = Json::array();
  for (const FileChange& change : changes) {
    const std::string difference = UnifiedDifference(change);
    for (const std::string_view line : LinesOf(difference))
      screen.Line(PrintableLine(line), ToneOf(line));
    differences.push_back({{"path", change.path}, {"difference", difference}});
  }
  return differences;
}

Json ShowRehearsal(const std::vector<FileChange>& changes, Screen& screen) {
  screen.Progress("trying whether root gets in with the new files");
  const std::string person = LocalPerson();
  const std::vector<Trial> trials = Rehearse(changes, true, ServicesOf(changes), person, kJournal);
  screen.Progress("");
  Json all = Json::array();
  for (const Trial& trial : trials) {
    all.push_back({{"what", trial.what},
                   {"before", trial.before},
                   {"after", trial.after},
                   {"good", trial.good}});
    if (trial.good) continue;
    throw Failure(ExitStatus::kNo, "nothing was changed: with the new files, " + trial.what + ": " +
                                       trial.after +
                                       (trial.before.empty() ? "" : "; before: " + trial.before));
  }
  screen.Line("");
  screen.Line(
      "Tried with the new files, in a process of its own: " + std::to_string(trials.size()) +
          " answers about root" + (person.empty() ? "" : " and a local user") + " are as before.",
      Tone::kGood);
  return all;
}

bool Agreed(const SetupOptions& options, const std::vector<FileChange>& changes, Screen& screen) {
  if (options.yes) return true;
  if (isatty(STDIN_FILENO) != 1 || screen.json()) {
    throw Failure(ExitStatus::kUsage,
                  "nothing was changed: there is no terminal to ask on; --yes does it unasked");
  }
  screen.Flush();
  std::fprintf(stderr, "\nChange %s? [y/N] ",
               changes.size() == 1
                   ? "this file"
                   : ("these " + std::to_string(changes.size()) + " files").c_str());
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

// Makes changes that take others back, of which the journal tells until all are made.
void GoBack(const std::vector<FileChange>& changes) {
  std::size_t made = 0;
  try {
    for (; made < changes.size(); ++made)
      ReplaceSystemFile(changes[made].path, changes[made].before, changes[made].after);
  } catch (const Failure& failure) {
    std::string what = std::string(failure.what()) + "\nStill to be taken back:";
    for (; made < changes.size(); ++made) what += " " + changes[made].path;
    throw Failure(failure.status(),
                  what +
                      ". Once that is mended, sqlmapctl setup begins with it, and sqlmapctl setup "
                      "--undo takes out all that setup has done.");
  }
}

// Makes the changes, or none: one that cannot be made takes those before it back.
void Make(Journal& journal, const std::vector<FileChange>& changes) {
  const NoSignals quiet;
  std::vector<FileChange> back;  // what was made, the other way round
  try {
    journal.Begin(changes);
    for (const auto& [path, kind, before, after] : changes) {
      ReplaceSystemFile(path, before, after);
      back.insert(back.begin(), {path, kind, after, before});
    }
    journal.Finish();
  } catch (const Failure& failure) {
    std::string what = failure.what();
    try {
      GoBack(back);
      what += "\nAll files are as they were before this run.";
      journal.Cancel();
    } catch (const Failure& second) {
      what += std::string("\n") + second.what();
    }
    throw Failure(failure.status(), what);
  }
}

// Says if root or a local user would fare otherwise with files as they were before setup. That may
// be what they are taken back for: whoever undoes decides.
void TryUndo(SetupPlan& plan, Screen& screen) {
  try {
    screen.Progress("trying whether root gets in with the old files");
    const std::vector<Trial> trials =
        Rehearse(plan.changes, false, ServicesOf(plan.changes), LocalPerson(), kJournal);
    screen.Progress("");
    const Trial& last = trials.back();
    if (last.good) return;
    plan.remarks.push_back("Mind: with the files that undo leaves, " + last.what + ": " +
                           last.after + (last.before.empty() ? "" : "; now: " + last.before));
  } catch (const Failure& failure) {
    plan.remarks.push_back(std::string("Mind: it could not be tried whether root gets in: ") +
                           failure.what());
  }
}

void ShowRemarks(const SetupPlan& plan, Screen& screen) {
  for (const std::string& remark : plan.remarks) screen.Remark(remark);
}

// What a run has left that did not come to its end. False: the answer was no.
bool Heal(const SetupOptions& options, Journal& journal, Screen& screen) {
  const auto& entries = journal.entries();
  if (std::ranges::all_of(entries, &JournalEntry::finished)) return true;
  const SetupPlan plan = PlanUndo(journal, true);
  ShowRemarks(plan, screen);
  if (!plan.left.empty())
    throw Failure(ExitStatus::kNo,
                  "an earlier run did not come to its end: sqlmapctl setup --undo");
  if (!plan.changes.empty()) {
    screen.Line("An earlier run did not come to its end. First it is taken back:");
    (void)ShowDifferences(plan.changes, screen);
    if (!Agreed(options, plan.changes, screen)) return false;
  }
  const NoSignals quiet;
  GoBack(plan.changes);
  journal.Cancel();
  screen.Remark("An earlier run did not come to its end. Files that are as before it now: " +
                std::to_string(plan.changes.size()) + ".");
  return true;
}

ExitStatus Undo(const SetupOptions& options, Journal& journal, Screen& screen) {
  screen.Progress("looking at the files");
  SetupPlan plan = PlanUndo(journal, false);
  screen.Progress("");
  Json differences = Json::array();
  if (plan.changes.empty()) {
    ShowRemarks(plan, screen);
    if (plan.left.empty())
      screen.Line("There is nothing to undo: no file has anything of setup's.");
  } else {
    TryUndo(plan, screen);
    ShowRemarks(plan, screen);
    differences = ShowDifferences(plan.changes, screen);
    if (!Agreed(options, plan.changes, screen)) {
      screen.Line("Nothing was changed.");
      return ExitStatus::kNo;
    }
  }
  {
    const NoSignals quiet;
    journal.Reopen(plan.left);
    GoBack(plan.changes);
    journal.Cancel();
  }
  if (!plan.changes.empty()) screen.Line("");
  for (const FileChange& change : plan.changes) {
    if (NamesSqlmap(change)) {
      screen.Line(change.path + " still names sqlmap, though not by setup.", Tone::kWarning);
    } else {
      screen.Line(change.path + " is without sqlmap again.", Tone::kGood);
    }
  }
  screen.Json({{"changes", differences}, {"remarks", plan.remarks}, {"done", plan.left.empty()}});
  return plan.left.empty() ? ExitStatus::kDone : ExitStatus::kNo;
}

ExitStatus Setup(const SetupOptions& options, Journal& journal, Screen& screen) {
  if (!Heal(options, journal, screen)) {
    screen.Line("Nothing was changed.");
    return ExitStatus::kNo;
  }
  screen.Progress("looking at the files");
  const SetupPlan plan = PlanSetup(options.services);
  screen.Progress("");
  if (plan.changes.empty()) {
    screen.Line("There is nothing to do: all of it is there.");
    screen.Json({{"changes", Json::array()}, {"trials", Json::array()}, {"done", true}});
    return ExitStatus::kDone;
  }
  const Json differences = ShowDifferences(plan.changes, screen);
  const Json trials = ShowRehearsal(plan.changes, screen);
  if (!Agreed(options, plan.changes, screen)) {
    screen.Line("Nothing was changed.");
    return ExitStatus::kNo;
  }
  Make(journal, plan.changes);
  screen.Line("");
  Table table;
  for (const FileChange& change : plan.changes)
    table.Add({{change.path, Tone::kGood}, "before: " + journal.CopyOf(change)});
  screen.Lines(table);
  screen.Line("sqlmapctl setup --undo takes it back.");
  screen.Json({{"changes", differences}, {"trials", trials}, {"done", true}});
  return ExitStatus::kDone;
}

ExitStatus Run(const SetupOptions& options, Screen& screen) {
  if (geteuid() != 0)
    throw Failure(ExitStatus::kUnknown, "only root may change nsswitch.conf and pam.d");
  // Files of our own are root's alone, whatever the caller's is; those of the system keep theirs.
  umask(077);
  Journal journal(kJournal);
  return options.undo ? Undo(options, journal, screen) : Setup(options, journal, screen);
}

}  // namespace

void AddSetup(CommandLine& line) {
  const auto options = std::make_shared<SetupOptions>();
  CLI::App& command = line.Add(
      "setup", "puts sqlmap into nsswitch.conf and pam.d, or takes it out again (root only)",
      "The differences are shown first. Before a file is replaced, a process of its own tries\n"
      "whether root and a local user are known, let in and kept out as before. Copies are kept\n"
      "in /var/lib/sqlmapd/setup. Twice does no harm.\n"
      "Exit status 1: a trial failed, or the answer was no, or a file could not be replaced; no\n"
      "file is changed then, unless it is named. Or --undo could not undo all, and names the "
      "rest.\n"
      "Examples: sqlmapctl setup --services sshd vsftpd\n"
      "          sqlmapctl setup --undo",
      [options](Screen& screen) { return Run(*options, screen); });
  CLI::Option* const services =
      command
          .add_option("--services", options->services,
                      "only these services of pam.d ask the database; without it all do, by "
                      "pam-auth-update")
          ->type_name("SERVICE...");
  command
      .add_flag("--undo", options->undo,
                "take back what setup has changed; in files that were changed since, sqlmap's "
                "words only")
      ->excludes(services);
  command.add_flag("--yes", options->yes, "do not ask");
}

}  // namespace sqlmap
