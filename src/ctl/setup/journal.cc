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
#include <ranges>
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
      entry.before_copy = row.at("before").get<std::string>();
      entry.after_copy = row.at("after").get<std::string>();
      entry.change.before = ReadSystemFile(directory + "/" + entry.before_copy);
      entry.change.after = ReadSystemFile(directory + "/" + entry.after_copy);
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
  for (const JournalEntry& entry : entries_ | std::views::reverse) {
    if (entry.change.path == change.path) return directory_ + "/" + entry.before_copy;
  }
  return {};
}

void Journal::Begin(const std::vector<FileChange>& changes) {
  std::vector<JournalEntry> entries = entries_;
  for (const FileChange& change : changes) {
    const auto earlier = std::ranges::count(
        entries_, change.path, [](const JournalEntry& entry) { return entry.change.path; });
    const std::string name = Flat(change.path) + "." + std::to_string(earlier + 1);
    entries.push_back({change, false, name + ".before", name + ".after"});
    WriteOwnFile(directory_ + "/" + entries.back().before_copy, change.before);
    WriteOwnFile(directory_ + "/" + entries.back().after_copy, change.after);
  }
  Become(std::move(entries));
}

void Journal::Finish() {
  std::vector<JournalEntry> entries = entries_;
  for (JournalEntry& entry : entries) entry.finished = true;
  Become(std::move(entries));
}

void Journal::Reopen(const std::vector<std::string>& but) {
  std::vector<JournalEntry> entries = entries_;
  for (JournalEntry& entry : entries)
    entry.finished = std::ranges::find(but, entry.change.path) != but.end();
  Become(std::move(entries));
}

void Journal::Cancel() {
  std::vector<JournalEntry> entries;
  for (const JournalEntry& entry : entries_) {
    if (entry.finished) {
      entries.push_back(entry);
    } else {
      RemoveLeftover(entry.change.path);
    }
  }
  Become(std::move(entries));
}

void Journal::Become(std::vector<JournalEntry> entries) {
  if (entries.empty()) {
    if (unlink(IndexOf(directory_).c_str()) != 0 && errno != ENOENT) {
      throw Failure(ExitStatus::kNo,
                    IndexOf(directory_) + ": " + std::system_category().message(errno));
    }
    (void)fsync(lock_.get());
  } else {
    Json index = Json::array();
    for (const JournalEntry& entry : entries) {
      index.push_back({{"path", entry.change.path},
                       {"kind", kKinds[static_cast<std::size_t>(entry.change.kind)]},
                       {"finished", entry.finished},
                       {"before", entry.before_copy},
                       {"after", entry.after_copy}});
    }
    WriteOwnFile(IndexOf(directory_), index.dump(2) + "\n");
  }
  entries_ = std::move(entries);
  Sweep();
}

void Journal::Sweep() {
  std::set<std::string> known;
  if (!entries_.empty()) known.insert(IndexOf(directory_));
  for (const JournalEntry& entry : entries_)
    known.insert({directory_ + "/" + entry.before_copy, directory_ + "/" + entry.after_copy});
  std::error_code ignored;
  for (const auto& file : std::filesystem::directory_iterator(directory_, ignored)) {
    if (!known.contains(file.path())) (void)unlink(file.path().c_str());
  }
}

}  // namespace sqlmap
