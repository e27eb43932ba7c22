// A private MariaDB server on tmpfs for one test program: real, thrown away, ended by its pid.
#ifndef SQLMAP_TESTS_SUPPORT_MARIADB_SERVER_H_
#define SQLMAP_TESTS_SUPPORT_MARIADB_SERVER_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace sqlmap::testing {

// Runs a program and waits for it; throws std::runtime_error with its output if it fails. Returns
// its output.
std::string RunCommand(const std::vector<std::string>& command, const std::string& input = "");

// A directory under /dev/shm that goes with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class MariaDbServer {
 public:
  // Starts a server and waits until it answers. `arguments` are added to its command line.
  explicit MariaDbServer(std::vector<std::string> arguments = {});
  ~MariaDbServer();
  MariaDbServer(const MariaDbServer&) = delete;
  MariaDbServer& operator=(const MariaDbServer&) = delete;

  const std::string& socket() const { return socket_; }
  std::string directory() const { return directory_.path(); }
  int port() const { return port_; }
  pid_t pid() const { return pid_; }

  // Runs SQL as root through the command-line client, in `database` if it is not empty; returns
  // what it printed.
  std::string Sql(const std::string& sql, const std::string& database = "");
  void Signal(int signal) const;
  // Ends the server at once, as a crash would; Start brings it back with its data.
  void Kill();
  void Start(std::vector<std::string> arguments = {});

 private:
  TemporaryDirectory directory_;
  std::string socket_;
  int port_ = 0;
  pid_t pid_ = -1;
  std::vector<std::string> arguments_;
};

}  // namespace sqlmap::testing

#endif  // SQLMAP_TESTS_SUPPORT_MARIADB_SERVER_H_
