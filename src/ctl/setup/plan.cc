#include "ctl/setup/plan.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "ctl/exit_status.h"
#include "ctl/host.h"
#include "ctl/screen.h"
#include "ctl/setup/nsswitch_text.h"
#include "ctl/setup/pam_service_text.h"
#include "ctl/setup/profiles.h"
#include "ctl/setup/system_file.h"

namespace sqlmap {
namespace {

const HostPaths kPaths;

std::string ServiceFile(const std::string& service) { return kPaths.pam_directory + "/" + service; }

void Add(SetupPlan& plan, FileChange change) {
  if (change.before != change.after) plan.changes.push_back(std::move(change));
}

void CheckService(const std::string& service) {
  constexpr std::string_view kCharacters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  if (service.empty() || service.starts_with('.') ||
      service.find_first_not_of(kCharacters) != std::string::npos)
    throw Failure(ExitStatus::kUsage,
                  "\"" + Printable(service) + "\" is not the name of a service");
  if (service.starts_with("common-")) {
    throw Failure(ExitStatus::kUsage,
                  service +
                      " is not a service, but a part of many: sqlmapctl setup, without "
                      "--services, is for all of them");
  }
  if (!SystemFileExists(ServiceFile(service)))
    throw Failure(ExitStatus::kUsage, ServiceFile(service) + ": there is no such service");
}

FileChange ServiceChange(const std::string& service) {
  CheckService(service);
  const std::string path = ServiceFile(service);
  std::string before = ReadSystemFile(path);
  auto after = WithSqlmapInService(before);
  if (!after) throw Failure(ExitStatus::kUnknown, path + ": " + after.error());
  return {path, ChangeKind::kService, std::move(before), *std::move(after)};
}

// The text of a file without sqlmap in it, as good as it goes.
std::string WithoutSqlmap(ChangeKind kind, const std::string& text) {
  return kind == ChangeKind::kNsswitch ? WithoutSqlmapInNsswitch(text)
                                       : WithoutSqlmapInService(text);
}

std::string TextOf(const std::filesystem::path& path) {
  std::ifstream file(path);  // also through a link: nothing of it is changed
  return {std::istreambuf_iterator<char>(file), {}};
}

// Throws Failure for a service whose stack jumps past or into what changes in common-*.
void CheckJumps(const std::vector<FileChange>& changes) {
  std::vector<std::string> grown;
  for (const FileChange& change : changes) {
    const std::filesystem::path path(change.path);
    if (change.kind == ChangeKind::kProfile && path.parent_path() == kPaths.pam_directory)
      grown.insert(grown.end(), {path.filename(), path});
  }
  if (grown.empty()) return;
  for (const auto& entry : std::filesystem::directory_iterator(kPaths.pam_directory)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file() || name.starts_with('.')) continue;
    const std::string jump = JumpPastInclude(TextOf(entry.path()), grown);
    if (jump.empty()) continue;
    throw Failure(
        ExitStatus::kUnknown,
        entry.path().string() + ": " + jump +
            ", skips modules of the common-* files that get more of them, and would land "
            "elsewhere; write it without a number, or name the services instead: sqlmapctl "
            "setup --services sshd");
  }
}

// It can become what it was before setup.
bool CanGoBack(const JournalEntry& entry, const std::string& now) {
  return !entry.mixed && (now == entry.change.after || now == entry.change.before);
}

}  // namespace

bool NamesSqlmap(const FileChange& change) {
  return change.kind == ChangeKind::kProfile
             ? change.after.find("sqlmap") != std::string::npos
             : WithoutSqlmap(change.kind, change.after) != change.after;
}

SetupPlan PlanSetup(const std::vector<std::string>& services) {
  SetupPlan plan;
  std::string before = ReadSystemFile(kPaths.nsswitch);
  auto after = WithSqlmapInNsswitch(before);
  if (!after) throw Failure(ExitStatus::kUnknown, kPaths.nsswitch + ": " + after.error());
  Add(plan, {kPaths.nsswitch, ChangeKind::kNsswitch, std::move(before), *std::move(after)});
  if (services.empty()) {
    for (FileChange& change : ProfileChanges(Profiles::kEnabled)) Add(plan, std::move(change));
    CheckJumps(plan.changes);
    return plan;
  }
  (void)ReadSystemFile(ServiceFile("common-sqlmap"));  // what is included must be there
  for (const std::string& service : std::set<std::string>(services.begin(), services.end()))
    Add(plan, ServiceChange(service));
  return plan;
}

SetupPlan PlanUndo(const Journal& journal, bool unfinished_only) {
  SetupPlan plan;
  std::string changed;  // a file of the profiles that does not become what it was
  std::vector<FileChange> profiles;
  for (const JournalEntry& entry : journal.entries()) {
    const FileChange& made = entry.change;
    if (unfinished_only && entry.finished) continue;
    if (!SystemFileExists(made.path)) {
      plan.remarks.push_back(made.path + " is gone: there is nothing to undo in it.");
      continue;
    }
    try {
      const std::string now = ReadSystemFile(made.path);
      if (made.kind == ChangeKind::kProfile) {
        if (changed.empty() && !CanGoBack(entry, now)) changed = made.path;
        profiles.push_back({made.path, made.kind, now, made.before});
      } else {
        const bool back = CanGoBack(entry, now);
        if (!back) {
          plan.remarks.push_back(
              made.path + " was changed since: only sqlmap's own words are taken out of it.");
        }
        Add(plan, {made.path, made.kind, now, back ? made.before : WithoutSqlmap(made.kind, now)});
      }
    } catch (const Failure& failure) {
      plan.remarks.push_back(std::string(failure.what()) +
                             "; take sqlmap's words out of it by hand, and undo once more.");
      plan.left.push_back(made.path);
    }
  }
  if (!changed.empty()) {
    // pam-auth-update itself, or an administrator: what is not sqlmap's is to stay.
    try {
      std::vector<FileChange> removed = ProfileChanges(Profiles::kRemoved);
      plan.remarks.push_back(changed + " was changed since: pam-auth-update takes sqlmap out.");
      profiles = std::move(removed);
    } catch (const Failure& failure) {
      plan.remarks.push_back(std::string(failure.what()) + "\nsqlmap stays in " +
                             kPaths.pam_directory +
                             "/common-*. Take its lines out by hand, or have these files written "
                             "anew, without local lines: pam-auth-update --force "
                             "--disable sqlmap sqlmap-password. Then undo once more.");
      for (const FileChange& profile : profiles) plan.left.push_back(profile.path);
      profiles.clear();
    }
  } else {
    std::ranges::reverse(profiles);  // ProfileChanges says why
  }
  for (FileChange& back : profiles) Add(plan, std::move(back));
  return plan;
}

std::vector<std::string> ServicesOf(const std::vector<FileChange>& changes) {
  std::set<std::string> changed;
  for (const FileChange& change : changes) {
    const std::filesystem::path path(change.path);
    if (path.parent_path() == kPaths.pam_directory) changed.insert(path.filename());
  }
  std::map<std::string, std::vector<std::string>> includes;
  for (const auto& entry : std::filesystem::directory_iterator(kPaths.pam_directory)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file() || name.starts_with('.')) continue;
    includes[name] = IncludedBy(TextOf(entry.path()));
  }
  // As long as there is one more that includes one of them.
  for (bool more = true; more;) {
    more = false;
    for (const auto& [name, included] : includes) {
      if (std::ranges::any_of(included, [&](const auto& file) { return changed.contains(file); }))
        more = changed.insert(name).second || more;
    }
  }
  std::vector<std::string> services;
  for (const std::string& name : changed) {
    if (!name.starts_with("common-")) services.push_back(name);
  }
  return services;
}

}  // namespace sqlmap
