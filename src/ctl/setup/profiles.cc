#include "ctl/setup/profiles.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include "ctl/exit_status.h"
#include "ctl/no_signals.h"
#include "ctl/setup/child.h"
#include "ctl/setup/system_file.h"

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

constexpr char kProgram[] = "/usr/sbin/pam-auth-update";
constexpr char kProfile[] = "sqlmap";
constexpr char kPasswordProfile[] = "sqlmap-password";
constexpr char kProfiles[] = "/usr/share/pam-configs/";
constexpr int kPatienceMs = 60'000;  // debconf is slow where there are many packages
// In the order in which they change: whoever dies in between leaves the account stage, which keeps
// people out, without the one that lets them in, and not the other way round.
constexpr std::array kTypes{"account", "auth", "password", "session", "session-noninteractive"};
constexpr char kAuth[] = "/etc/pam.d/common-auth";
constexpr char kCopies[] = "/run/sqlmapctl-setup";
// What it writes to.
constexpr std::array kDirectories{"/etc/pam.d", "/var/lib/pam", "/var/cache/debconf"};

// Regular files, also those behind links, which are none in the copy: nothing is written through
// them.
void CopyFiles(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  for (fs::directory_iterator at(from, error), end; !error && at != end; at.increment(error)) {
    std::error_code none;
    if (!at->is_regular_file(none)) continue;
    fs::copy_file(at->path(), to / at->path().filename(), error);
    if (error) break;
  }
  if (error) {
    throw Failure(ExitStatus::kUnknown,
                  from.string() + ": no copy of it in " + to.string() + ": " + error.message());
  }
}

// A copy of those directories, for as long as it exists. Among them are the passwords of debconf.
class Copies {
 public:
  Copies() {
    Remove();  // what a run has left that was killed
    if (mkdir(kCopies, 0700) != 0) {
      throw Failure(ExitStatus::kUnknown,
                    std::string(kCopies) + ": " + std::system_category().message(errno));
    }
    try {
      for (const char* const directory : kDirectories) CopyFiles(directory, Of(directory));
    } catch (...) {
      Remove();
      throw;
    }
  }
  ~Copies() { Remove(); }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  fs::path Of(const std::string& path) const { return kCopies + path; }

 private:
  void Remove() {
    std::error_code ignored;
    fs::remove_all(kCopies, ignored);
  }
};

int Update(int out, const Copies& copies, Profiles wanted) {
  bool mounted = EnterPrivateMounts();
  for (const char* const directory : kDirectories)
    mounted = mounted && MountOver(copies.Of(directory), directory);
  if (!mounted) {
    const std::string what =
        std::string("mounts of its own: ") + std::system_category().message(errno);
    (void)!write(out, what.data(), what.size());
    return 126;
  }
  return Execute(out,
                 {kProgram, "--package", wanted == Profiles::kEnabled ? "--enable" : "--remove",
                  kProfile, kPasswordProfile},
                 {"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "HOME=/root"});
}

void RequireProgram(Profiles wanted) {
  constexpr char kInstead[] = "; name the services instead: sqlmapctl setup --services sshd";
  if (!SystemFileExists(kProgram)) {
    throw Failure(ExitStatus::kUnknown, std::string(kProgram) + ": this host has none" + kInstead);
  }
  if (wanted == Profiles::kRemoved) return;
  for (const char* const profile : {kProfile, kPasswordProfile}) {
    if (!SystemFileExists(kProfiles + std::string(profile))) {
      throw Failure(ExitStatus::kUnknown, kProfiles + std::string(profile) +
                                              ": missing: sqlmap is not installed as a whole" +
                                              kInstead);
    }
  }
}

bool HasModule(const std::string& text) { return text.find("pam_sqlmap.so") != std::string::npos; }

}  // namespace

std::vector<FileChange> ProfileChanges(Profiles wanted) {
  RequireProgram(wanted);
  const NoSignals quiet;  // or the copies would stay
  const Copies copies;
  const ChildResult result =
      RunChild([&](int out) { return Update(out, copies, wanted); }, kPatienceMs);
  std::vector<std::string> paths;
  for (const char* const type : kTypes) paths.push_back(std::string("/etc/pam.d/common-") + type);
  for (const char* const type : kTypes) paths.push_back(std::string("/var/lib/pam/") + type);
  paths.emplace_back("/var/lib/pam/seen");
  std::vector<FileChange> changes;
  bool as_wanted = result.in_time && result.status == 0;
  for (const std::string& path : paths) {
    FileChange change{path, ChangeKind::kProfile, ReadSystemFile(path),
                      ReadSystemFile(copies.Of(path))};
    if (path == kAuth && HasModule(change.after) != (wanted == Profiles::kEnabled))
      as_wanted = false;
    if (change.before != change.after) changes.push_back(std::move(change));
  }
  if (wanted == Profiles::kRemoved) std::ranges::reverse(changes);
  if (!as_wanted)
    throw Failure(ExitStatus::kUnknown,
                  std::string(kProgram) + ": it did not do it: " +
                      (result.in_time ? result.said : "no answer in a minute"));
  return changes;
}

}  // namespace sqlmap
