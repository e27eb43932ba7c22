// Opens a socket to a server and waits for its greeting, in milliseconds, without the client
// library.
//
// A server that hangs still accepts connections (the kernel does it); only a greeting shows that it
// lives. A dial that waits for one is therefore also the cheapest probe: it costs one poll() to ask
// whether the server has come back.
#ifndef SQLMAP_COMMON_SQL_DIAL_H_
#define SQLMAP_COMMON_SQL_DIAL_H_

#include <cstdint>
#include <expected>
#include <optional>

#include "common/config/settings.h"
#include "common/process/owned_fd.h"
#include "common/sql/deadline.h"
#include "common/sql/sql_error.h"

namespace sqlmap {

class Dial {
 public:
  enum class Names : std::uint8_t {
    kHostsFileOnly,  // inside another program: a DNS time-out cannot be bounded
    kDns,
  };

  Dial() = default;
  // Starts a connection. The socket is non-blocking, close-on-exec and not below 3. A socket path
  // is used only if it is the administrator's (trusted_path.h). Waits only for room in a local
  // server's queue, until `deadline`. The error is kTimeout where the server exists but takes
  // nobody, else kUnreachable; its text is for the log.
  // With `socket_uid`, the server of a socket sees that user (unix_socket authentication), if this
  // thread is root.
  static std::expected<Dial, SqlError> Start(const ServerAddress& address, Names names,
                                             std::size_t first_address, Deadline deadline,
                                             std::optional<std::uint32_t> socket_uid = {});

  // True once the greeting (or an end of file) can be read: the library may take over. The error,
  // kUnreachable: the connection failed. False: nothing yet, `deadline` passed.
  std::expected<bool, SqlError> AwaitGreeting(Deadline deadline);
  // Whether what can be read now may be a server's: protocol 10 and a version in ASCII
  // (Protocol::HandshakeV10), an error (Protocol::ERR_Packet), too little to say, or an end of
  // file. Takes nothing away.
  bool GreetsAsAServer() const;
  // Which of the addresses it goes to.
  std::size_t address_index() const { return address_index_; }
  // Whether it may still be used in this process.
  bool Usable() const { return fd_.Usable(); }

  std::int64_t AgeMs() const { return MonotonicMs() - started_ms_; }

  OwnedFd TakeSocket() { return std::move(fd_); }

 private:
  std::expected<bool, SqlError> Await(short event, Deadline deadline);

  OwnedFd fd_;
  std::int64_t started_ms_ = 0;
  std::size_t address_index_ = 0;
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_SQL_DIAL_H_
