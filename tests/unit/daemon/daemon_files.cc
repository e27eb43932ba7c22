#include "unit/daemon/daemon_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "common/snapshot/writer.h"
#include "daemon/snapshot_facts.h"
#include "daemon/snapshot_files.h"

namespace sqlmap {

ScratchDirectory::ScratchDirectory() : path_("/dev/shm/sqlmap-daemon-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp");
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

DaemonPaths ScratchDirectory::Paths() const {
  DaemonPaths paths;
  paths.config = path_ + "/sqlmapd.toml";
  paths.secrets = path_ + "/secrets.toml";
  paths.passwd = path_ + "/passwd";
  paths.group = path_ + "/group";
  paths.run = path_ + "/run";
  paths.state = path_ + "/state";
  for (const std::string& directory : {path_, paths.run, paths.state}) {
    std::filesystem::create_directories(directory);
    chmod(directory.c_str(), 0755);
  }
  return paths;
}

OwnedFd SnapshotOfUsers(unsigned users, bool sealed, std::uint64_t generation) {
  OwnedFd memory(memfd_create("snapshot", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  SnapshotWriter writer(memory.get());
  for (unsigned i = 0; i < users; ++i) {
    const std::string name = "user" + std::to_string(i);
    const std::string home = "/home/" + name;
    UserRecord user;
    user.name = name;
    user.password = "x";
    user.uid = user.gid = 100000 + i;
    user.home = home;
    user.shell = "/bin/sh";
    writer.AddUser(user);
  }
  if (!writer.Finish({generation, 1, generation * 7919 + users}))
    throw std::runtime_error("snapshot");
  if (sealed) {
    fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  }
  return memory;
}

SnapshotRules AnyRules() { return {NameRules::Default(), IdRules{}, IdRules{}}; }

int UsersIn(const std::string& path, std::uint64_t generation) {
  const auto bytes = FileBytes::OfFile(path);
  if (!bytes) return -1;
  const auto view = SnapshotView::Of(bytes->bytes());
  if (!view || !VerifyWhole(*view, AnyRules())) return -1;
  if (generation != 0 && view->generation() != generation) return -1;
  return static_cast<int>(FactsOf(*view).users);
}

void WriteText(const std::string& path, const std::string& text, unsigned mode) {
  std::ofstream(path, std::ios::trunc) << text;
  chmod(path.c_str(), mode);
}

std::string ReadText(const std::string& path) {
  const OwnedFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char bytes[4096];
  // A process may go while its file in /proc is read: then that was all.
  for (ssize_t size = 0; (size = read(fd.get(), bytes, sizeof bytes)) > 0;)
    text.append(bytes, static_cast<std::size_t>(size));
  return text;
}

bool HoldsInChild(const std::function<bool()>& body) {
  const pid_t pid = fork();
  if (pid == 0) _exit(body() ? 0 : 1);
  int status = 0;
  return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace sqlmap
