// The servers of one role, in order of preference, and what is known of their health. Shared by every pool of the process, so
// that a server that hangs costs its time-out once.
#ifndef SQLMAP_COMMON_SQL_SERVER_LIST_H_
#define SQLMAP_COMMON_SQL_SERVER_LIST_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <vector>

#include "common/account/log.h"
#include "common/config/settings.h"
#include "common/process/fork_lock.h"
#include "common/sql/connection.h"
#include "common/sql/dial.h"
#include "common/sql/failure_memory.h"

namespace sqlmap {

// Thread safe. No lock is held while it waits.
class ServerList {
 public:
  // `database` and `log` must outlive the list.
  ServerList(const DatabaseSettings& database, std::vector<ServerAddress> servers, Dial::Names names, Log& log);

  struct Opened {
    std::unique_ptr<Connection> connection;
    std::size_t server = 0;  // index, for ReportFailure
  };
  // A new connection to the first server that answers. Each gets at most connect_timeout_ms. One that failed lately is only
  // probed, which costs microseconds while it is down and succeeds at once when it is back.
  std::expected<Opened, SqlError> Connect(const Credentials& credentials, Connection::Use use, Deadline deadline);

  // A query ran into its time-out there: probe before the next use.
  void ReportFailure(std::size_t server);

  std::string Describe(std::size_t server) const { return servers_[server].address.Describe(); }

 private:
  struct Server {
    explicit Server(ServerAddress where) : address(std::move(where)) {}
    ServerAddress address;
    FailureMemory memory;
    Dial probe;            // waits for the greeting of a server that failed
    bool in_use = false;   // a thread is trying it, or has taken the probe
    bool slow = false;     // it failed by a time-out: a probe must not cost another one
    std::int64_t logged_ms = 0;
  };
  enum class Step : std::uint8_t {
    kTry,    // a server in good standing
    kProbe,  // it failed
    kSkip,   // it failed, and another thread is at it
  };

  Step Choose(Server& server, Dial& probe, bool& hurry);
  struct SignIn {
    const Credentials& credentials;
    Connection::Use use;
    Deadline deadline;
    bool hurry;  // it timed out a moment ago
  };
  // `dial` keeps a socket whose greeting has not come yet.
  std::expected<std::unique_ptr<Connection>, SqlError> Try(const ServerAddress& address, Dial& dial, const SignIn& sign_in);
  std::expected<std::unique_ptr<Connection>, SqlError> Probe(const ServerAddress& address, Dial& dial, const SignIn& sign_in);
  void LogFailure(Server& server, const SqlError& error);

  const DatabaseSettings& database_;
  const Dial::Names names_;
  Log& log_;
  ForkLock lock_;  // guards the servers' memory, probe, in_use and logged_ms
  std::uint32_t generation_;
  std::vector<Server> servers_;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_SERVER_LIST_H_
