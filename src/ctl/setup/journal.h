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
  bool mixed = false;     // `before` has words of an earlier setup's, and somebody else's since
};

// A directory with a copy of each file before and after, and index.json, which tells of them: it is
// written before the first file of the system is. One process at a time has it.
class Journal {
 public:
  // Throws Failure: the directory is not root's alone, or another setup runs.
  explicit Journal(std::string directory);

  const std::vector<JournalEntry>& entries() const { return entries_; }
  std::string CopyOf(const FileChange& change) const;  // the path of the file as it was before

  // The changes are about to be made. An entry with the same path gives way; if its file is still
  // as it was left, what it was before all that is kept as `before`.
  void Begin(std::vector<FileChange> changes);
  // They were all made.
  void Finish();
  // All that was ever made is about to be taken back, but for the changes of these paths.
  void Reopen(const std::vector<std::string>& but);
  // They were taken back: forgets what is not finished.
  void Cancel();

 private:
  void Write();
  // Takes away what no entry tells of.
  void Sweep();

  const std::string directory_;
  OwnedFd lock_;
  std::vector<JournalEntry> entries_;
};

}  // namespace sqlmap

#endif  // SQLMAP_CTL_SETUP_JOURNAL_H_
