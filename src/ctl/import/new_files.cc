#include "ctl/import/new_files.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "common/process/owned_fd.h"
#include "ctl/exit_status.h"
#include "ctl/no_signals.h"

namespace sqlmap::importing {
namespace {

[[noreturn]] void Fail(const std::string& path, const char* tried) {
  throw Failure(ExitStatus::kNo,
                path + ": " + tried + ": " + strerrordesc_np(errno) + "; nothing was written");
}

// A file beside its place, which goes with this unless it was put there.
class StagedFile {
 public:
  StagedFile(int directory, std::string path, const NewFile& file)
      : directory_(directory),
        path_(std::move(path)),
        name_(file.name),
        staged_("." + file.name + "." + std::to_string(getpid())) {
    const OwnedFd fd(openat(directory_, staged_.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.valid()) Fail(path_, "cannot be written");
    there_ = true;
    std::string_view left = file.text;
    while (!left.empty()) {
      const ssize_t done = write(fd.get(), left.data(), left.size());
      if (done < 0 && errno == EINTR) continue;
      if (done < 0) FailStaged("cannot be written");
      left.remove_prefix(static_cast<std::size_t>(done));
    }
    if (fchmod(fd.get(), file.mode) != 0 || fsync(fd.get()) != 0) FailStaged("cannot be written");
  }
  ~StagedFile() {
    if (there_) unlinkat(directory_, staged_.c_str(), 0);
  }
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;

  void Put(bool replace) {
    if (renameat2(directory_, staged_.c_str(), directory_, name_.c_str(), RENAME_NOREPLACE) == 0) {
      there_ = false;
      placed_ = true;
      return;
    }
    if (errno != EEXIST || !replace) Fail(path_, "cannot be put in its place");
    struct stat status {};
    if (fstatat(directory_, name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(status.st_mode)) {
      errno = EISDIR;
      Fail(path_, "cannot be put in its place");
    }
    if (renameat2(directory_, staged_.c_str(), directory_, name_.c_str(), RENAME_EXCHANGE) != 0)
      Fail(path_, "cannot be put in its place");
    exchanged_ = true;  // the old one is the staged one now
  }
  void TakeBack() {
    if (placed_) unlinkat(directory_, name_.c_str(), 0);
    if (exchanged_)
      (void)renameat2(directory_, staged_.c_str(), directory_, name_.c_str(), RENAME_EXCHANGE);
    placed_ = exchanged_ = false;
  }

 private:
  // The destructor does not run for what a constructor throws.
  [[noreturn]] void FailStaged(const char* tried) {
    const int error = errno;
    unlinkat(directory_, staged_.c_str(), 0);
    errno = error;
    Fail(path_, tried);
  }

  const int directory_;
  const std::string path_;
  const std::string name_;
  const std::string staged_;
  bool there_ = false;
  bool placed_ = false;
  bool exchanged_ = false;
};

}  // namespace

void WriteTogether(const std::string& directory, std::span<const NewFile> files, bool replace) {
  const OwnedFd fd(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) {
    throw Failure(ExitStatus::kUsage, directory + ": " + strerrordesc_np(errno) +
                                          "; --output wants a directory that is there");
  }
  std::vector<std::unique_ptr<StagedFile>> staged;
  for (const NewFile& file : files) {
    const std::string path = directory + "/" + file.name;
    if (!replace && faccessat(fd.get(), file.name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
      throw Failure(ExitStatus::kNo,
                    path + " is there already; --force replaces it. Nothing was written");
    }
  }
  const NoSignals quiet;
  for (const NewFile& file : files)
    staged.push_back(std::make_unique<StagedFile>(fd.get(), directory + "/" + file.name, file));
  std::size_t put = 0;
  try {
    for (; put < staged.size(); ++put) staged[put]->Put(replace);
  } catch (...) {
    while (put-- > 0) staged[put]->TakeBack();
    throw;
  }
  (void)fsync(fd.get());
}

}  // namespace sqlmap::importing
