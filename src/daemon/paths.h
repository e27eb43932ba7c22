// Where the daemon's things are. The defaults are compiled in; only tests have others.
#ifndef SQLMAP_DAEMON_PATHS_H_
#define SQLMAP_DAEMON_PATHS_H_

#include <cstdint>
#include <string>

namespace sqlmap {

struct DaemonPaths {
  std::string config = SQLMAP_CONFIG_FILE;
  std::string secrets = SQLMAP_SECRETS_FILE;
  std::string passwd = "/etc/passwd";
  std::string group = "/etc/group";
  std::string run = "/run/sqlmapd";        // gone after a reboot
  std::string state = "/var/lib/sqlmapd";  // still there

  std::string socket() const { return run + "/socket"; }
  std::string lock() const { return run + "/lock"; }
  std::string control() const { return run + "/control"; }
  std::string snapshot(std::uint64_t generation) const {
    return run + "/" + kSnapshotPrefix + std::to_string(generation);
  }
  std::string persistent() const { return state + "/snapshot"; }

  // Root's alone: see offline_files.h.
  std::string offline() const { return state + "/offline"; }
  std::string offline_key() const { return state + "/offline.key"; }

  static constexpr char kSnapshotPrefix[] = "snapshot.";
};

}  // namespace sqlmap

#endif  // SQLMAP_DAEMON_PATHS_H_
