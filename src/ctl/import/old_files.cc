#include "ctl/import/old_files.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/process/owned_fd.h"
#include "ctl/exit_status.h"

namespace sqlmap::importing {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1024} * 1024;

[[noreturn]] void Refuse(const std::string& path, const std::string& what,
                         ExitStatus status = ExitStatus::kUsage) {
  throw Failure(status, path + ": " + what);
}

Secret TextOf(const std::string& path, bool& world_readable) {
  // Does not wait for who writes into a fifo.
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status {};
  if (!fd.valid() || fstat(fd.get(), &status) != 0) {
    const bool forbidden = errno == EACCES || errno == EPERM;
    Refuse(path, strerrordesc_np(errno) + std::string(forbidden ? "; run it as root" : ""),
           forbidden ? ExitStatus::kUnknown : ExitStatus::kUsage);
  }
  if (!S_ISREG(status.st_mode)) Refuse(path, "not a regular file");
  world_readable = (status.st_mode & S_IROTH) != 0;
  Secret text;
  text.resize(kMostBytes + 1);
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) Refuse(path, strerrordesc_np(errno), ExitStatus::kUnknown);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMostBytes) Refuse(path, "more than 1 MiB: not a configuration of an old module");
  text.resize(size);
  if (text.find('\0') != std::string::npos)
    Refuse(path, "holds a NUL byte: not a configuration of an old module");
  return text;
}

OldFile Open(const std::string& path, std::optional<OldDialect> kind) {
  OldFile file;
  file.name = path;
  file.text = TextOf(path, file.world_readable);
  bool ambiguous = false;
  if (!kind) kind = RecogniseOldFile(file.text, ambiguous);
  if (!kind) {
    Refuse(path, std::string(ambiguous ? "may be of several old modules"
                                       : "holds no option of an old module") +
                     "; --as KIND says which it is");
  }
  file.dialect = *kind;
  return file;
}

}  // namespace

std::vector<OldFile> OpenOldFiles(const std::vector<std::string>& paths,
                                  std::optional<OldDialect> kind) {
  std::vector<OldFile> files;
  files.reserve(paths.size());
  for (const std::string& path : paths) files.push_back(Open(path, kind));
  if (std::ranges::find(files, OldDialect::kPamMysql, &OldFile::dialect) != files.end())
    return files;
  for (std::size_t i = 0, given = files.size(); i < given; ++i) {
    if (files[i].dialect != OldDialect::kPamService) continue;
    const std::string path = ConfigFileOf(files[i]);
    if (path.starts_with('/') && std::ranges::find(files, path, &OldFile::name) == files.end())
      files.push_back(Open(path, OldDialect::kPamMysql));
  }
  return files;
}

}  // namespace sqlmap::importing
