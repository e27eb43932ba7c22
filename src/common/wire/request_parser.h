// The server's side of a request: bytes in, as they come, and a checked request out. No I/O.
#ifndef SQLMAP_COMMON_WIRE_REQUEST_PARSER_H_
#define SQLMAP_COMMON_WIRE_REQUEST_PARSER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/account/login_gate.h"
#include "common/wire/protocol.h"

namespace sqlmap {

// Views of the parser's memory.
struct Request {
  RequestKind kind = RequestKind::kStatus;
  std::uint32_t id = 0;   // kUserById, kGroupById
  std::string_view name;  // the other look-ups, kSshKeys; kFlush: "" for all
  LoginRequest login;     // kAuthenticate to kCloseSession; its name is `name` too
  bool wait = false;      // kRefresh
  bool force = false;     // kRefresh
};

// "user by name", "authenticate", ...: for the log. With the name it says all about a request that
// may be written down.
std::string_view NameOf(RequestKind kind);

// One connection's request. What was received lies in here alone, and is wiped with it.
//
//   const auto space = parser.Space();
//   const ssize_t got = recv(fd, space.data(), space.size(), 0);
//   if (got > 0 && parser.Add(got) == RequestParser::State::kWhole) Answer(parser.request());
class RequestParser {
 public:
  enum class State : std::uint8_t {
    kMore,   // not whole yet
    kWhole,  // request() is there
    kBad,    // not protocol.h: close the connection
  };

  RequestParser() = default;
  ~RequestParser() { Wipe(); }
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  // Where the next bytes go. Never empty while the state is kMore. Grows as bytes come, to what the
  // header announces, which is no more than such a request can have.
  std::span<unsigned char> Space();
  // `count` bytes have been put there. More than the request has make it kBad.
  State Add(std::size_t count);

  State state() const { return state_; }
  // kWhole only. Valid until Wipe, or the parser's end.
  const Request& request() const { return request_; }
  // Clears what was received, a password for one, as soon as it is not needed any more. The request
  // is empty then, and the state kBad.
  void Wipe();

 private:
  State Parse();
  void Grow();
  bool ParseFields();
  std::size_t size() const { return large_.empty() ? small_.size() : large_.size(); }
  unsigned char* data() { return large_.empty() ? small_.data() : large_.data(); }

  State state_ = State::kMore;
  std::size_t used_ = 0;
  std::size_t whole_ = 0;  // the request's size, 0 until the header has been read
  Request request_;
  std::array<unsigned char, 512> small_;
  std::vector<unsigned char> large_;  // once small_ is full
};

}  // namespace sqlmap

#endif  // SQLMAP_COMMON_WIRE_REQUEST_PARSER_H_
