#include "test_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace sqlmap::wire_test {
namespace {

void Check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

Listener::Listener(int backlog) {
  char name[] = "/tmp/sqlmap-wire-XXXXXX";
  Check(mkdtemp(name) != nullptr, "mkdtemp");
  directory_ = name;
  Check(chmod(name, 0755) == 0, "chmod");
  path_ = directory_ + "/socket";
  fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Check(fd_ >= 0, "socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size() + 1);
  Check(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
  Check(chmod(path_.c_str(), 0666) == 0, "chmod");
  Check(listen(fd_, backlog) == 0, "listen");
}

Listener::~Listener() {
  Stop();
  std::filesystem::remove_all(directory_);
}

void Listener::Stop() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

TestServer::TestServer(Handler handler, int backlog)
    : listener_(backlog), handler_(std::move(handler)), thread_([this] {
        for (;;) {
          const int fd = accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
          if (fd < 0) return;
          handler_(fd);
          close(fd);
        }
      }) {}

TestServer::~TestServer() {
  shutdown(listener_.fd(), SHUT_RDWR);  // ends accept
  thread_.join();
}

bool ReadRequest(int fd, RequestParser& parser) {
  while (parser.state() == RequestParser::State::kMore) {
    const auto space = parser.Space();
    const ssize_t got = recv(fd, space.data(), space.size(), 0);
    if (got <= 0) return false;
    parser.Add(static_cast<std::size_t>(got));
  }
  return parser.state() == RequestParser::State::kWhole;
}

void AwaitHangUp(int fd) {
  char bytes[4096];
  while (recv(fd, bytes, sizeof bytes, 0) > 0) {
  }
}

bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

TestServer::Handler Saying(std::string bytes) {
  return [bytes = std::move(bytes)](int fd) {
    RequestParser parser;
    if (ReadRequest(fd, parser)) SendAll(fd, bytes);
  };
}

}  // namespace sqlmap::wire_test
