#include "ctl/setup/journal.h"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "common/account/trusted_path.h"
#include "ctl/exit_status.h"
#include "ctl/setup/system_file.h"

namespace sqlmap {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kKinds{"nsswitch", "service", "profile"};

std::string IndexOf(const std::string& directory) { return directory + "/index.json"; }

// "/etc/pam.d/sshd" -> "etc_pam.d_sshd".
std::string Flat(const std::string& path) {
  std::string name = path.substr(1);
  std::ranges::replace(name, '/', '_');
  return name;
}

std::vector<JournalEntry> Load(const std::string& directory) {
  std::vector<JournalEntry> entries;
  const std::string index = IndexOf(directory);
  if (!SystemFileExists(index)) return entries;
  try {
    for (const Json& row : Json::parse(ReadSystemFile(index))) {
      JournalEntry entry;
      entry.change.path = row.at("path").get<std::string>();
      const auto kind = std::ranges::find(kKinds, row.at("kind").get<std::string>());
      if (kind == kKinds.end()) throw Failure(ExitStatus::kUnknown, index + ": an unknown kind");
      entry.change.kind = static_cast<ChangeKind>(kind - kKinds.begin());
      entry.finished = row.at("finished").get<bool>();
      entry.mixed = row.value("mixed", false);
      const std::string copy = directory + "/" + Flat(entry.change.path);
      entry.change.before = ReadSystemFile(copy + ".before");
      entry.change.after = ReadSystemFile(copy + ".after");
      entries.push_back(std::move(entry));
    }
  } catch (const Json::exception& error) {
    throw Failure(ExitStatus::kUnknown,
                  index + ": " + error.what() + "; move it away, and undo by hand");
  }
  return entries;
}

}  // namespace

Journal::Journal(std::string directory) : directory_(std::move(directory)) {
  // Its parent is sqlmapd's, which may not have run yet.
  const std::string parent = directory_.substr(0, directory_.rfind('/'));
  if (mkdir(parent.c_str(), 0755) == 0) (void)chmod(parent.c_str(), 0755);  // whatever the umask
  (void)mkdir(directory_.c_str(), 0700);
  if (TrustOfDirectory(directory_.c_str()) != PathTrust::kTrusted) {
    throw Failure(ExitStatus::kUnknown,
                  directory_ + ": missing, or it or a directory above it is not root's alone");
  }
  lock_ = OwnedFd(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock_.valid() || flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
    throw Failure(ExitStatus::kUnknown, directory_ + ": another setup is running");
  entries_ = Load(directory_);
  Sweep();
}

std::string Journal::CopyOf(const FileChange& change) const {
  return directory_ + "/" + Flat(change.path) + ".before";
}

void Journal::Begin(std::vector<FileChange> changes) {
  std::vector<bool> mixed;
  for (FileChange& change : changes) {
    const auto older =
        std::ranges::find_if(entries_, [&](const auto& e) { return e.change.path == change.path; });
    bool is_mixed = false;
    if (older != entries_.end()) {
      is_mixed = older->mixed || older->change.after != change.before;
      if (!is_mixed) change.before = older->change.before;
    }
    mixed.push_back(is_mixed);
    // An entry whose copies are about to change must not be believed in between.
    if (std::erase_if(entries_,
                      [&](const JournalEntry& entry) { return entry.change.path == change.path; }))
      Write();
    WriteOwnFile(CopyOf(change), change.before);
    WriteOwnFile(directory_ + "/" + Flat(change.path) + ".after", change.after);
  }
  for (std::size_t i = 0; i < changes.size(); ++i)
    entries_.push_back({changes[i], false, mixed[i]});
  Write();
}

void Journal::Finish() {
  for (JournalEntry& entry : entries_) entry.finished = true;
  Write();
}

void Journal::Reopen(const std::vector<std::string>& but) {
  for (JournalEntry& entry : entries_)
    entry.finished = std::ranges::find(but, entry.change.path) != but.end();
  Write();
}

void Journal::Cancel() {
  for (const JournalEntry& entry : entries_) {
    if (!entry.finished) RemoveLeftover(entry.change.path);
  }
  std::erase_if(entries_, [](const JournalEntry& entry) { return !entry.finished; });
  Write();
  Sweep();
}

void Journal::Write() {
  if (entries_.empty()) {
    (void)unlink(IndexOf(directory_).c_str());
    (void)fsync(lock_.get());
    return;
  }
  Json index = Json::array();
  for (const JournalEntry& entry : entries_) {
    index.push_back({{"path", entry.change.path},
                     {"kind", kKinds[static_cast<std::size_t>(entry.change.kind)]},
                     {"finished", entry.finished},
                     {"mixed", entry.mixed}});
  }
  WriteOwnFile(IndexOf(directory_), index.dump(2) + "\n");
}

void Journal::Sweep() {
  std::set<std::string> known;
  if (!entries_.empty()) known.insert(IndexOf(directory_));
  for (const JournalEntry& entry : entries_) {
    const std::string copy = directory_ + "/" + Flat(entry.change.path);
    known.insert({copy + ".before", copy + ".after"});
  }
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(directory_, ignored)) {
    if (!known.contains(file.path())) (void)unlink(file.path().c_str());
  }
}

}  // namespace sqlmap
