// What a question to the daemon costs, its work excluded: the modules' end of the socket beside the
// same system calls and nothing else, both against one single-threaded server that parses and
// encodes, in a process of its own.
//
//   wire_round_trip   prints us of the bare exchange, and us of a look-up by name
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "common/wire/answer_encoder.h"
#include "common/wire/client.h"
#include "common/wire/request_parser.h"
#include "samples.h"

namespace {

using namespace sqlmap;
using bench::Fail;
using bench::HotNs;
using bench::UserName;

// protocol.h: a user by the name user0000001.
constexpr char kRequest[] = "SQM\x01\x0d\0\0\0\x01\0\0\0\x0b\0user0000001";

int Socket() { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }

[[noreturn]] void Serve(int listener) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    RequestParser parser;
    const auto space = parser.Space();
    const ssize_t got = recv(fd, space.data(), space.size(), 0);
    if (got > 0 && parser.Add(static_cast<std::size_t>(got)) == RequestParser::State::kWhole) {
      std::string out;
      const UserRecord user{.name = parser.request().name,
                            .password = "x",
                            .uid = bench::kFirstUid + 1,
                            .gid = bench::kFirstGid,
                            .gecos = "User number 1",
                            .home = "/srv/homes/user0000001",
                            .shell = "/bin/bash"};
      if (AppendUser(user, out)) send(fd, out.data(), out.size(), MSG_NOSIGNAL);
    }
    close(fd);
  }
}

}  // namespace

int main() {
  std::string directory = "/run/wire-round-trip-XXXXXX";
  if (mkdtemp(directory.data()) == nullptr) Fail("cannot make", directory.c_str());
  const std::string path = directory + "/socket";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* const where = reinterpret_cast<const sockaddr*>(&address);
  const int listener = Socket();
  if (bind(listener, where, sizeof address) != 0 || listen(listener, 128) != 0)
    Fail("cannot listen on", path.c_str());
  const pid_t server = fork();
  if (server == 0) Serve(listener);

  const double bare = HotNs([&] {
    char answer[2048];
    const int fd = Socket();
    if (connect(fd, where, sizeof address) != 0 ||
        send(fd, kRequest, sizeof kRequest - 1, MSG_NOSIGNAL) < 0 ||
        recv(fd, answer, sizeof answer, 0) <= 0) {
      Fail("no answer");
    }
    close(fd);
  });
  const std::string name = UserName(1).text;
  const double look_up = HotNs([&] {
    SocketSource source(path.c_str());
    if (!source.FindUserByName(name, [](const UserRecord&) {}).found()) Fail("no answer");
  });
  kill(server, SIGTERM);
  waitpid(server, nullptr, 0);
  unlink(path.c_str());
  rmdir(directory.c_str());
  std::printf("%.1f %.1f\n", bare / 1e3, look_up / 1e3);
}
