// A server for the client to talk to: a socket in a directory of its own, and one thread that does
// with each connection what the test says.
#ifndef SQLMAP_TESTS_UNIT_WIRE_TEST_SERVER_H_
#define SQLMAP_TESTS_UNIT_WIRE_TEST_SERVER_H_

#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>

#include "common/account/answer.h"
#include "common/wire/request_parser.h"

namespace sqlmap {

inline void PrintTo(const Answer& answer, std::ostream* out) {
  *out << "kind " << static_cast<int>(answer.kind) << " reason " << static_cast<int>(answer.reason);
}

namespace wire_test {

// DIR/socket, where DIR is root's. Listens, and accepts nobody.
class Listener {
 public:
  explicit Listener(int backlog = 128);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const std::string& directory() const { return directory_; }
  const char* path() const { return path_.c_str(); }
  int fd() const { return fd_; }
  // Nobody listens any more; the socket stays in the file system.
  void Stop();

 private:
  std::string directory_;
  std::string path_;
  int fd_ = -1;
};

class TestServer {
 public:
  // Called in the server's thread with each connection, which is closed behind it.
  using Handler = std::function<void(int fd)>;

  explicit TestServer(Handler handler, int backlog = 128);
  // Lets the connection that is being served end.
  ~TestServer();

  const char* path() const { return listener_.path(); }
  Listener& listener() { return listener_; }

 private:
  Listener listener_;
  Handler handler_;
  std::thread thread_;
};

// For handlers.
// Reads a request to its end. False: it was none.
bool ReadRequest(int fd, RequestParser& parser);
// Returns when the client has hung up.
void AwaitHangUp(int fd);
// False: the client has hung up.
bool SendAll(int fd, std::string_view bytes);
// A handler that reads the request and sends these bytes, whatever was asked.
TestServer::Handler Saying(std::string bytes);

}  // namespace wire_test
}  // namespace sqlmap

#endif  // SQLMAP_TESTS_UNIT_WIRE_TEST_SERVER_H_
