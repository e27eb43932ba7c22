// What setup has changed on this host, and how the files were before: it outlives a power failure
// between any two steps.
#ifndef SQLMAP_CTL_SETUP_JOURNAL_H_
#define SQLMAP_CTL_SETUP_JOURNAL_H_

#include <string>
#include <vector>

#include "common/process/owned_fd.h"
#include "ctl/setup/file_change.h"

namespace sqlmap {

struct JournalEntry {
  FileChange change;
  bool finished = false;  // all that was to be changed together with it was
  // In the directory, the files with the texts before and after.
  std::string before_copy;
  std::string after_copy;
};

// A directory with a copy of each file before and after a change, and index.json, which tells of
// them, from the first change to the last: a file may have been changed by several runs. The index
// is the switch: what it tells of stays untouched, what it does not tell of is nothing. One process
// at a time has it. What throws Failure has changed nothing.
class Journal {
 public:
  // Throws Failure: the directory is not root's alone, or another setup runs.
  explicit Journal(std::string directory);

  const std::vector<JournalEntry>& entries() const { return entries_; }
  // The path of the file's copy from before its last change.
  std::string CopyOf(const FileChange& change) const;

  // The changes are about to be made.
  void Begin(const std::vector<FileChange>& changes);
  // They were all made.
  void Finish();
  // All that was ever made is about to be taken back, but for the changes of these paths.
  void Reopen(const std::vector<std::string>& but);
  // They were taken back: forgets what is not finished.
  void Cancel();

 private:
  // Puts these in the place of all that the index tells of.
  void Become(std::vector<JournalEntry> entries);
  // Takes away what no entry tells of.
  void Sweep();

  const std::string directory_;
  OwnedFd lock_;
  std::vector<JournalEntry> entries_;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_JOURNAL_H_
