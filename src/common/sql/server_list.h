// The servers of one role, in order of preference, and what is known of their health. Shared by
// every pool of the process, so that a server that hangs costs its time-out once.
#ifndef SQLMAP_COMMON_SQL_SERVER_LIST_H_
#define SQLMAP_COMMON_SQL_SERVER_LIST_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/account/line_writer.h"
#include "common/account/log.h"
#include "common/config/settings.h"
#include "common/process/fork_lock.h"
#include "common/process/monotonic.h"
#include "common/sql/connection.h"
#include "common/sql/dial.h"
#include "common/sql/failure_memory.h"

namespace sqlmap {

// Thread safe. No lock is held while it waits.
//
// What a failure leads to:
//   gone     no socket, connection refused, hung up on, greeted as no server does: costs
//            nothing, tried again at each call, by one thread at a time; the others wait for what
//            it learns
//   full     out of connections: if no other server answers, asked again and again for as long as
//            the call may take. Where that was in vain, the calls of a growing delay ask once
//   refused  wrong password, TLS not as demanded: not asked again before a growing delay is over,
//            lest the server ban this host
// Full and refused are said of the account that signs in; another one is not held up by it.
//   silent   accepts and does not greet: never waited for again. The socket that waits for its
//            greeting stays open, and each call spends one poll on it
//   slow     greets, but the sign-in took too long: one more sign-in for each delay, unless a new
//            greeting comes promptly
// So a server costs microseconds while it is down, and the first call after its recovery finds it.
class ServerList {
 public:
  // `database` and `log` must outlive the list.
  ServerList(const DatabaseSettings& database, std::vector<ServerAddress> servers,
             Dial::Names names, Log& log);

  struct Opened {
    std::unique_ptr<Connection> connection;
    std::size_t server = 0;  // index, for ReportFailure
  };
  // A text that a forked child may find half written, see ForkLock: bounded, and its last byte is
  // never but NUL.
  using ErrorText = std::array<char, 512>;
  // What one account was told by each server. Belongs to who signs in with it, and is read and
  // written under the list's lock.
  class Account {
   public:
    explicit Account(const ServerList& list) : standings_(list.servers_.size()) {}

   private:
    friend class ServerList;
    struct Standing {
      FailureMemory refused;
      FailureMemory full;
      bool full_now = false;  // its last word
      bool signed_in = false;
      ErrorText error{};  // why not, the last time
    };
    std::vector<Standing> standings_;  // one for each server, never resized
  };
  // A new connection to the first server that answers and is none of those `without`.
  std::expected<Opened, SqlError> Connect(const Credentials& credentials, Account& account,
                                          Connection::Use use, Deadline deadline,
                                          std::span<const std::size_t> without = {});

  // How one account fares at one server.
  struct Report {
    enum class State : std::uint8_t { kUnasked, kUp, kFailing, kRefused, kFull };
    std::string address;
    State state = State::kUnasked;
    std::int64_t since_ms = 0;     // on the monotonic clock; of the last three
    std::int64_t next_try_ms = 0;  // not to be asked before; 0: at the next call
    std::string error = {};        // why, of the last three
  };
  std::vector<Report> Reports(const Account& account);

  // A query ran into its time-out there, or broke off twice: the server must show itself before it
  // is used again.
  void ReportFailure(std::size_t server);
  // When that was last reported, on the monotonic clock, 0 if never: connections from before are in
  // doubt.
  std::int64_t LastFailureMs(std::size_t server);

  // A server has said something, if only no.
  void OnWord() { last_word_ms_.store(MonotonicMs(), std::memory_order_relaxed); }
  // When that was, of all servers, for whatever caller; 0: none ever has. The word of one that
  // refuses us is its last until it is asked again.
  std::int64_t LastWordMs() const { return last_word_ms_.load(std::memory_order_relaxed); }

  std::size_t size() const { return servers_.size(); }
  std::string Describe(std::size_t server) const { return servers_[server].address.Describe(); }

 private:
  struct Server {
    explicit Server(ServerAddress where) : address(std::move(where)) {}
    ServerAddress address;
    FailureMemory memory;
    bool slow = false;     // the last failure took time
    bool hurried = false;  // a short sign-in failed during this delay: not again before it is over
    bool in_use = false;   // it failed, and a thread is at it
    std::uint32_t turn = 0;  // how many such threads have been at it
    Dial probe;
    std::size_t good_address = 0;  // of those that its name has, the one that worked last
    std::int64_t failed_ms = 0;    // ReportFailure
    std::int64_t logged_ms = 0;
    SqlError::Kind kind = SqlError::Kind::kUnreachable;  // why it fails
    ErrorText error{};

    void Failed(SqlError::Kind how, std::string_view why) {
      kind = how;
      LineWriter(error).Text(why);
    }
  };
  class Claim;
  struct SignIn {
    const Credentials& credentials;
    Account& account;
    Connection::Use use;
    Deadline deadline;
    std::span<const std::size_t> without;
  };
  using Result = std::expected<std::unique_ptr<Connection>, SqlError>;

  struct OthersTurn {
    std::size_t server;
    std::uint32_t number;
  };
  // Why one more try may be worth it.
  struct Prospect {
    bool asked = false;                    // any server at all
    std::int64_t full_pause = 0;           // a server is full: after so many ms; 0: none is
    std::vector<OthersTurn> others_turns;  // other threads are about to know
  };
  std::expected<Opened, SqlError> ConnectOnce(const SignIn& sign_in, Prospect& prospect);
  std::expected<void, SqlError> AwaitTurn(const OthersTurn& awaited, Deadline deadline);
  void TellOfTurn();
  static SqlError NotStarted(Claim& claim, SqlError error);
  Result Try(Claim& claim, const SignIn& sign_in);
  Result Probe(Claim& claim, const SignIn& sign_in);
  Result SignInOver(Claim& claim, const SignIn& sign_in, std::int64_t limit_ms);
  void LogFailure(Server& server, const SqlError& error);

  const DatabaseSettings& database_;
  const Dial::Names names_;
  Log& log_;
  ForkLock lock_;  // guards what can change in servers_
  std::uint32_t generation_;
  std::vector<Server> servers_;
  std::atomic<std::uint32_t> turns_ended_{0};  // at whatever server; a futex
  std::atomic<std::uint32_t> turns_awaited_{0};
  std::atomic<std::int64_t> last_word_ms_{0};
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_SERVER_LIST_H_
