// This host's installation, as sqlmapctl finds it.
#ifndef SQLMAP_CTL_HOST_H_
#define SQLMAP_CTL_HOST_H_

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/account/log.h"
#include "common/backend/backend.h"
#include "common/config/settings.h"

namespace sqlmap {

// Compiled in; a command that takes another path has an option for it.
struct HostPaths {
  std::string config = SQLMAP_CONFIG_FILE;
  std::string secrets = SQLMAP_SECRETS_FILE;
  std::string passwd = "/etc/passwd";
  std::string group = "/etc/group";
  std::string nsswitch = "/etc/nsswitch.conf";
  std::string pam_directory = "/etc/pam.d";
  std::string vendor_pam_directory = "/usr/lib/pam.d";  // behind it
  std::string control = "/run/sqlmapd/control";
  std::string socket = "/run/sqlmapd/socket";
  std::string persistent_snapshot = "/var/lib/sqlmapd/snapshot";
};

// What the layers below write for the log, kept for the command that asked.
class KeptLog final : public Log {
 public:
  struct Entry {
    LogLevel level;
    std::string text;
  };

  void Write(LogLevel level, std::string_view line) noexcept override;
  // What was written since the last call, in its order.
  std::vector<Entry> Take();

 private:
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

// The configuration as sqlmapd and direct mode read it, with the host's own ids. As another user
// than root: what that user may read, without secrets.toml. Throws Failure (kUnknown) with every
// mistake on a line of its own.
Settings ReadSettings(const HostPaths& paths = {});

// Over a socket, a server that asks the kernel who root is shall see sqlmapd, as it does when
// sqlmapd asks. Not on a host whose processes ask for themselves, in direct mode.
void AskAsSqlmapd(Settings& settings);

// The database as sqlmapd asks it: own connections, with the privileged account as root. `log` must
// outlive it. Connects to nobody yet.
std::unique_ptr<Backend> OpenBackend(Settings settings, Log& log);

// Whether nscd(8), or who speaks its protocol, answers in front of nsswitch.conf.
bool NscdRuns();

}  // namespace sqlmap

#endif  // SQLMAP_CTL_HOST_H_
