#include "ctl/setup/plan.h"

#include <algorithm>
#include <filesystem>
#include <ranges>
#include <set>
#include <system_error>
#include <utility>

#include "ctl/check/pam.h"
#include "ctl/exit_status.h"
#include "ctl/host.h"
#include "ctl/pam_files.h"
#include "ctl/screen.h"
#include "ctl/setup/nsswitch_text.h"
#include "ctl/setup/pam_service_text.h"
#include "ctl/setup/pam_stacks.h"
#include "ctl/setup/profiles.h"
#include "ctl/setup/system_file.h"

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

const HostPaths& Paths() {
  static const HostPaths paths;
  return paths;
}

std::string ServiceFile(const std::string& service) {
  return Paths().pam_directory + "/" + service;
}

void Add(SetupPlan& plan, FileChange change) {
  if (change.before != change.after) plan.changes.push_back(std::move(change));
}

void CheckName(const std::string& service) {
  constexpr std::string_view kCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  const bool part = service.starts_with("common-");
  if (service.empty() || (!part && !MayBePamService(service)) ||
      service.find_first_not_of(kCharacters) != std::string::npos)
    throw Failure(ExitStatus::kUsage,
                  "\"" + Printable(service) + "\" is not the name of a service");
  if (part) {
    throw Failure(ExitStatus::kUsage,
                  service +
                      " is not a service, but a part of many: sqlmapctl setup, without "
                      "--services, is for all of them");
  }
  if (SystemFileExists(ServiceFile(service))) return;
  const std::string vendors = Paths().vendor_pam_directory + "/" + service;
  throw Failure(ExitStatus::kUsage,
                ServiceFile(service) + ": there is no such " +
                    (SystemFileExists(vendors) ? "file yet: copy " + vendors : "service"));
}

// None where it asks sqlmap already, however it comes to that.
FileChange ServiceChange(const std::string& service, const PamTexts& texts) {
  const std::string path = ServiceFile(service);
  std::string before = ReadSystemFile(path);
  const PamStack stack = WalkPam(texts, path);
  if (AsksSqlmap(stack)) return {path, ChangeKind::kService, before, before};
  auto after = WithSqlmapInService(before, TypesOf(stack));
  if (!after) throw Failure(ExitStatus::kUnknown, path + ": " + after.error());
  return {path, ChangeKind::kService, std::move(before), *std::move(after)};
}

// The text of a file without sqlmap in it, as good as it goes.
std::string WithoutSqlmap(ChangeKind kind, const std::string& text) {
  return kind == ChangeKind::kNsswitch ? WithoutSqlmapInNsswitch(text)
                                       : WithoutSqlmapInService(text);
}

PamChanges PamChangesOf(const PamTexts& texts, const std::vector<FileChange>& changes) {
  PamChanges all{texts, texts, {}};
  for (const FileChange& change : changes) {
    for (const auto& [path, text] : texts) {
      // A stack may name the file by another path, or by a link.
      std::error_code none;
      if (fs::equivalent(path, change.path, none)) all.Add(path, change.after);
    }
  }
  return all;
}

constexpr char kElsewhere[] =
    ", skips modules behind the place of sqlmap's, and would land elsewhere";

// Throws Failure for a stack that would do other things than it did, or ask sqlmap twice, or of
// which nobody knows.
void CheckStacks(const PamFiles& files, const std::vector<FileChange>& changes,
                 const std::string& instead_of_a_jump) {
  if (!files.unread.empty()) {
    const auto& [path, why] = *files.unread.begin();
    throw Failure(ExitStatus::kUnknown,
                  path + ": " + why + "; what it includes is not known: move it out of there");
  }
  if (const std::string why = Endless(files.texts); !why.empty())
    throw Failure(ExitStatus::kUnknown, why + ": mend that first");
  const PamChanges stacks = PamChangesOf(files.texts, changes);
  if (const std::string jump = JumpElsewhere(stacks); !jump.empty())
    throw Failure(ExitStatus::kUnknown, jump + kElsewhere + "; " + instead_of_a_jump);
  if (const std::string twice = AskedTwice(stacks); !twice.empty()) {
    throw Failure(ExitStatus::kUnknown,
                  twice +
                      " asks sqlmap already, and would ask it twice; take that out first, with "
                      "sqlmapctl setup --undo if setup has put it there");
  }
}

// Throws Failure for a service that has sqlmap already, and in which libpam would refuse whom
// sqlmap accepts, or let in others. What changes is tried.
void CheckService(const std::string& service, const PamTexts& texts) {
  Findings findings("pam");
  JudgePamService(texts, service, ShadowLines::kWithoutHashes, findings);
  for (const Finding& finding : findings.list()) {
    if (finding.level != Level::kError) continue;
    throw Failure(ExitStatus::kUnknown,
                  ServiceFile(service) + " with sqlmap: " + finding.what + "; " + finding.remedy);
  }
}

// A file's text without what was done to it, from the last change to the first.
struct Back {
  std::string text;
  bool changed = false;  // by somebody else: what was done before that is still in it
};
Back TakenBack(const Journal& journal, const std::string& path, std::string now,
               bool unfinished_only) {
  Back back{std::move(now)};
  for (const JournalEntry& entry : journal.entries() | std::views::reverse) {
    const FileChange& made = entry.change;
    if (made.path != path || (unfinished_only && entry.finished)) continue;
    if (back.text == made.after) {
      back.text = made.before;
    } else if (back.text != made.before) {
      back.changed = true;
      return back;
    }
  }
  return back;
}

void UndoFile(SetupPlan& plan, const Journal& journal, const std::string& path, ChangeKind kind,
              bool unfinished_only) {
  try {
    const std::string now = ReadSystemFile(path);
    Back back = TakenBack(journal, path, now, unfinished_only);
    if (back.changed) {
      plan.remarks.push_back(path +
                             " was changed since: only sqlmap's own words are taken out of it.");
      back.text = WithoutSqlmap(kind, back.text);
    }
    Add(plan, {path, kind, now, std::move(back.text)});
  } catch (const Failure& failure) {
    plan.remarks.push_back(std::string(failure.what()) +
                           "; take sqlmap's words out of it by hand, and undo once more.");
    plan.left.push_back(path);
  }
}

// These belong together: all of them become what they were, or pam-auth-update takes sqlmap out of
// all, or all stay.
void UndoProfiles(SetupPlan& plan, const Journal& journal, const std::vector<std::string>& paths,
                  bool unfinished_only) {
  try {
    std::vector<FileChange> changes;
    std::string changed;  // the first that does not become what it was
    for (const std::string& path : paths) {
      const std::string now = ReadSystemFile(path);
      Back back = TakenBack(journal, path, now, unfinished_only);
      if (back.changed && changed.empty()) changed = path;
      changes.push_back({path, ChangeKind::kProfile, now, std::move(back.text)});
    }
    std::ranges::reverse(changes);  // ProfileChanges says why
    if (!changed.empty()) {
      // By pam-auth-update itself, or by an administrator: what is not sqlmap's is to stay.
      changes = ProfileChanges(Profiles::kRemoved);
      plan.remarks.push_back(changed + " was changed since: pam-auth-update takes sqlmap out.");
    }
    for (FileChange& change : changes) Add(plan, std::move(change));
  } catch (const Failure& failure) {
    plan.remarks.push_back(std::string(failure.what()) + "\nsqlmap stays in " +
                           Paths().pam_directory +
                           "/common-*. Take its lines out by hand, or have these files written "
                           "anew, without local lines: pam-auth-update --force "
                           "--disable sqlmap sqlmap-password. Then undo once more.");
    plan.left.insert(plan.left.end(), paths.begin(), paths.end());
  }
}

}  // namespace

bool NamesSqlmap(const FileChange& change) {
  return change.kind == ChangeKind::kProfile
             ? change.after.find("sqlmap") != std::string::npos
             : WithoutSqlmap(change.kind, change.after) != change.after;
}

SetupPlan PlanSetup(const std::vector<std::string>& services) {
  SetupPlan plan;
  std::string before = ReadSystemFile(Paths().nsswitch);
  auto after = WithSqlmapInNsswitch(before);
  if (!after) throw Failure(ExitStatus::kUnknown, Paths().nsswitch + ": " + after.error());
  Add(plan, {Paths().nsswitch, ChangeKind::kNsswitch, std::move(before), *std::move(after)});
  const PamFiles files = ReadPamFiles();
  if (services.empty()) {
    for (FileChange& change : ProfileChanges(Profiles::kEnabled)) Add(plan, std::move(change));
    CheckStacks(files, plan.changes,
                "write it without a number, or name the services instead: sqlmapctl setup "
                "--services sshd");
    return plan;
  }
  (void)ReadSystemFile(ServiceFile("common-sqlmap"));  // what is included must be there
  const std::set<std::string> chosen(services.begin(), services.end());
  for (const std::string& service : chosen) {
    CheckName(service);
    FileChange change = ServiceChange(service, files.texts);
    if (change.before == change.after) CheckService(service, files.texts);
    Add(plan, std::move(change));
  }
  CheckStacks(files, plan.changes,
              "put the line \"@include common-sqlmap\" in by hand, and add the number of its "
              "modules of that type to the jump");
  return plan;
}

SetupPlan PlanUndo(const Journal& journal, bool unfinished_only) {
  SetupPlan plan;
  std::set<std::string> seen;
  std::vector<std::string> profiles;
  for (const JournalEntry& entry : journal.entries()) {
    const auto& [path, kind, before, after] = entry.change;
    if ((unfinished_only && entry.finished) || !seen.insert(path).second) continue;
    if (!SystemFileExists(path)) {
      plan.remarks.push_back(path + " is gone: there is nothing to undo in it.");
    } else if (kind == ChangeKind::kProfile) {
      profiles.push_back(path);
    } else {
      UndoFile(plan, journal, path, kind, unfinished_only);
    }
  }
  if (!profiles.empty()) UndoProfiles(plan, journal, profiles, unfinished_only);
  if (const std::string jump = JumpElsewhere(PamChangesOf(ReadPamFiles().texts, plan.changes));
      !jump.empty())
    plan.remarks.push_back("Mind: " + jump + kElsewhere + ".");
  return plan;
}

std::vector<std::string> ServicesOf(const std::vector<FileChange>& changes) {
  const PamTexts texts = ReadPamFiles().texts;
  const std::vector<std::string> changed = ChangedStacks(PamChangesOf(texts, changes));
  std::vector<std::string> services;
  for (const auto& [name, path] : PamServicesIn(texts)) {
    if (std::ranges::find(changed, path) != changed.end()) services.push_back(name);
  }
  return services;
}

}  // namespace sqlmap
