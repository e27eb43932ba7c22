#include "ctl/host.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "common/config/root_files.h"
#include "common/process/owned_fd.h"
#include "ctl/exit_status.h"

namespace sqlmap {
namespace {

constexpr char kNscdSocket[] = "/var/run/nscd/socket";  // as glibc asks for it

}  // namespace

void KeptLog::Write(LogLevel level, std::string_view line) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    entries_.push_back({level, std::string(line)});
  } catch (...) {
    // A log may drop lines.
  }
}

std::vector<KeptLog::Entry> KeptLog::Take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(entries_, {});
}

Settings ReadSettings(const HostPaths& paths) {
  SettingsOrErrors settings = LoadSettingsAndIds(paths.config, geteuid() == 0 ? paths.secrets : "",
                                                 paths.passwd, paths.group);
  if (settings) {
    AskAsSqlmapd(*settings);
    return *std::move(settings);
  }
  std::string what = "the configuration has mistakes:";
  for (const SettingsError& mistake : settings.error()) what += "\n  " + mistake.Describe();
  throw Failure(ExitStatus::kUnknown, what);
}

void AskAsSqlmapd(Settings& settings) {
  if (geteuid() == 0 && !settings.direct.enabled)
    settings.database.socket_uid = settings.accounts.local_uids.IdOf(kServiceUser);
}

std::unique_ptr<Backend> OpenBackend(Settings settings, Log& log) {
  return std::make_unique<Backend>(
      std::move(settings), Backend::Manner{Dial::Names::kDns, Pool::Idle::kKept, nullptr}, log);
}

bool NscdRuns() {
  const OwnedFd client(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, kNscdSocket, sizeof kNscdSocket);
  return client.valid() &&
         connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

}  // namespace sqlmap
