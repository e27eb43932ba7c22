#include "ctl/setup/trial_host.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "common/process/owned_fd.h"
#include "ctl/setup/child.h"
#include "ctl/text_lines.h"

namespace sqlmap {
namespace {

namespace fs = std::filesystem;

constexpr char kRun[] = "/run";
constexpr char kFailedLogins[] = "/run/faillock";
constexpr char kNscd[] = "/var/run/nscd";  // as glibc asks for it
constexpr char kJournal[] = "/run/systemd/journal";
constexpr char kLog[] = "/dev/log";
constexpr char kNull[] = "/dev/null";
constexpr const char* kScratch[] = {"/tmp", "/var/tmp", "/dev/shm"};
constexpr std::string_view kNotInRun[] = {"nscd", "faillock"};

bool WriteFile(const std::string& path, std::string_view text, mode_t mode) {
  const OwnedFd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  return fd.valid() &&
         write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
         fchmod(fd.get(), mode) == 0;
}

// With the permissions of the file that it stands for.
bool WriteLike(const std::string& path, const TrialFile& file) {
  struct stat status {};
  return stat(file.path.c_str(), &status) == 0 &&
         WriteFile(path, file.text, status.st_mode & 0777) &&
         chown(path.c_str(), status.st_uid, status.st_gid) == 0;
}

// `entry` of /run, at the same name in `directory`.
bool Carry(const fs::directory_entry& entry, const std::string& directory) {
  const std::string place = directory + "/" + entry.path().filename().string();
  if (entry.is_symlink()) {
    std::error_code error;
    fs::copy_symlink(entry.path(), place, error);
    return !error;
  }
  if (entry.is_directory() ? mkdir(place.c_str(), 0755) != 0 : !WriteFile(place, "", 0600))
    return false;
  // What has gone in the meantime is not missed.
  return MountOver(entry.path(), place) || errno == ENOENT;
}

bool RenewRun(const std::string& stage) {
  const std::string run = stage + kRun;
  if (!MountEmpty(run, "0755")) return false;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(kRun, error)) {
    if (std::ranges::find(kNotInRun, entry.path().filename().string()) != std::end(kNotInRun))
      continue;
    if (!Carry(entry, run)) return false;
  }
  return !error && MountOver(run, kRun);
}

}  // namespace

bool EnterTrialHost(const std::string& stage, const std::vector<TrialFile>& over,
                    const std::vector<TrialFile>& own) {
  if (!EnterPrivateMounts() || !MountEmpty(stage, "0700") ||
      mkdir((stage + kRun).c_str(), 0755) != 0)
    return false;
  for (const TrialFile& file : own) {
    if (!WriteFile(stage + "/" + file.path, file.text, 0644)) return false;
  }
  for (std::size_t i = 0; i < over.size(); ++i) {
    const std::string copy = stage + "/" + std::to_string(i);
    if (!WriteLike(copy, over[i]) || !MountOver(copy, over[i].path)) return false;
  }
  if (!MakeAllReadOnly() || !RenewRun(stage)) return false;
  for (const char* const directory : kScratch) {
    if (access(directory, F_OK) == 0 && !MountEmpty(directory, "1777")) return false;
  }
  // Where /var/run is a directory, and not a link to /run.
  if (access(kNscd, F_OK) == 0 && !MountEmpty(kNscd, "0700")) return false;
  if (access(kJournal, F_OK) == 0 && !MountEmpty(kJournal, "0700")) return false;
  // Where it is not a link into the journal's directory.
  return access(kLog, F_OK) != 0 || MountOver(kNull, kLog);
}

void ForgetFailedLogins() {
  std::error_code ignored;
  fs::remove_all(kFailedLogins, ignored);
}

std::string WithHash(std::string_view shadow, std::string_view name, std::string_view hash) {
  const std::string start = std::string(name) + ":";
  std::string text;
  bool found = false;
  for (const std::string_view line : WholeLines(shadow)) {
    const std::size_t end = line.find(':', start.size());
    if (found || !line.starts_with(start) || end == std::string_view::npos) {
      text += line;
      continue;
    }
    found = true;
    text += start + std::string(hash) + std::string(line.substr(end));
  }
  return found ? text : std::string();
}

}  // namespace sqlmap
