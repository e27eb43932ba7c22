// A daemon's child that was taken over: it says what it likes over the socket.
#ifndef SQLMAP_TESTS_SUPPORT_TAKEN_OVER_DAEMON_H_
#define SQLMAP_TESTS_SUPPORT_TAKEN_OVER_DAEMON_H_

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "common/wire/answer_encoder.h"
#include "common/wire/request_parser.h"

namespace sqlmap {

// Whoever is asked for has these ids, and may have a session.
class TakenOverDaemon {
 public:
  explicit TakenOverDaemon(const std::string& path)
      : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~TakenOverDaemon() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }

  Uid uid = 5000;
  Gid gid = 5000;
  std::string home = "/";

 private:
  void Serve() {
    for (int client = 0; (client = accept(fd_, nullptr, nullptr)) >= 0; close(client)) {
      RequestParser parser;
      while (parser.state() == RequestParser::State::kMore) {
        const auto space = parser.Space();
        const ssize_t got = recv(client, space.data(), space.size(), 0);
        if (got <= 0 || parser.Add(static_cast<std::size_t>(got)) == RequestParser::State::kBad)
          break;
      }
      const std::string answer = AnswerTo(parser.request());
      (void)!write(client, answer.data(), answer.size());
    }
  }
  std::string AnswerTo(const Request& request) const {
    std::string out;
    if (request.kind == RequestKind::kOpenSession) {
      LoginAnswer answer;
      answer.verdict = LoginVerdict::kAccepted;
      AppendVerdict(answer, out);
      return out;
    }
    UserRecord user;
    user.name = request.name;
    user.uid = uid;
    user.gid = gid;
    user.home = home;
    user.shell = "/";
    GroupRecord group;
    group.name = request.name;
    group.gid = gid;
    const std::array<Gid, 2> gids = {5001, gid};
    const bool good = request.kind == RequestKind::kUserByName    ? AppendUser(user, out)
                      : request.kind == RequestKind::kGroupByName ? AppendGroup(group, out)
                                                                  : AppendGids(gids, out);
    EXPECT_TRUE(good);
    return out;
  }

  const int fd_;
  std::thread thread_;
};

}  // namespace sqlmap

#endif  // SQLMAP_TESTS_SUPPORT_TAKEN_OVER_DAEMON_H_
