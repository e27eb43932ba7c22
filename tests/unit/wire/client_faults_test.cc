// The client against a server that is hung, dead, mad or hostile.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "common/process/monotonic.h"
#include "common/wire/answer_encoder.h"
#include "common/wire/client.h"
#include "test_server.h"

namespace sqlmap {

namespace {

using namespace std::string_literals;
using wire_test::AwaitHangUp;
using wire_test::Listener;
using wire_test::ReadRequest;
using wire_test::Saying;
using wire_test::SendAll;
using wire_test::TestServer;

constexpr int kPatienceMs = 1000;  // the promise of a look-up
constexpr int kShortMs = 60;

std::string UserAnswer() {
  std::string bytes;
  const UserRecord user{.name = "bob",
                        .password = "x",
                        .uid = 1001,
                        .gid = 1001,
                        .gecos = "",
                        .home = "/",
                        .shell = "/bin/sh"};
  EXPECT_TRUE(AppendUser(user, bytes));
  return bytes;
}

Answer AskForBob(SocketSource& source) {
  return source.FindUserByName("bob", [](const UserRecord& user) { EXPECT_EQ(user.uid, 1001U); });
}

struct Timed {
  Answer answer;
  std::int64_t ms = 0;
};

template <class Question>
Timed Time(Question question) {
  const std::int64_t begin = MonotonicMs();
  const Answer answer = question();
  return {answer, MonotonicMs() - begin};
}

TEST(Faults, SilentDaemonCostsOneBudgetAndNoMore) {
  TestServer server(AwaitHangUp);
  SocketSource source(server.path());
  const Timed timed = Time([&] { return AskForBob(source); });
  EXPECT_EQ(timed.answer, Answer::Unavailable(Reason::kTimeout));
  EXPECT_GE(timed.ms, kLookUpBudgetMs - 1);
  EXPECT_LT(timed.ms, kPatienceMs);
  EXPECT_FALSE(source.no_daemon()) << "direct mode must not be asked behind a hung daemon's back";
}

TEST(Faults, DaemonThatIsKnownToHangCostsOnlyWhatTheCallerGives) {
  TestServer server(AwaitHangUp);
  SocketSource source(server.path(), kShortMs);
  Cursor<UserRecord>* users = nullptr;
  for (const Timed& timed :
       {Time([&] { return AskForBob(source); }), Time([&] { return source.ListUsers(users); })}) {
    EXPECT_EQ(timed.answer, Answer::Unavailable(Reason::kTimeout));
    EXPECT_GE(timed.ms, kShortMs - 1);
    EXPECT_LT(timed.ms, kShortMs + 500);
  }
  SocketSource none(server.path(), 0);
  EXPECT_EQ(AskForBob(none), Answer::Unavailable(Reason::kTimeout));
}

TEST(Faults, PasswordMayTakeLongerThanALookUp) {
  std::string accepted;
  AppendVerdict({.verdict = LoginVerdict::kAccepted, .days_left = -1, .reason = "ok"}, accepted);
  TestServer server([&](int fd) {
    RequestParser parser;
    if (!ReadRequest(fd, parser)) return;
    // The hash: longer than a look-up may take.
    std::this_thread::sleep_for(std::chrono::milliseconds(2 * kShortMs));
    SendAll(fd, accepted);
  });
  SocketGate gate(server.path(), kShortMs);
  LoginAnswer answer;
  gate.Authenticate({.name = "bob", .password = "secret"}, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kAccepted);
  gate.CheckAccount({.name = "bob"}, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kUnavailable);

  SocketGate hasty(server.path(), kShortMs, kShortMs);
  hasty.Authenticate({.name = "bob", .password = "secret"}, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kUnavailable);
}

TEST(Faults, DrippingDaemonCannotStretchTheBudget) {
  // A frame of 64 MiB, a byte each millisecond, or as fast as it goes.
  for (const auto pause : {std::chrono::microseconds(1000), std::chrono::microseconds(0)}) {
    std::string bytes = "\0\0\0\x04\x02\0\0\0"s;
    TestServer server([&](int fd) {
      if (!SendAll(fd, bytes)) return;
      while (SendAll(fd, "x")) std::this_thread::sleep_for(pause);
    });
    SocketSource source(server.path(), 4 * kShortMs);
    const Timed timed =
        Time([&] { return source.FindGroupByName("all", [](const GroupRecord&) {}); });
    EXPECT_EQ(timed.answer, Answer::Unavailable(Reason::kTimeout));
    EXPECT_LT(timed.ms, kPatienceMs);
  }
}

TEST(Faults, EndlessListEndsWithTheBudget) {
  const std::string user = UserAnswer();
  TestServer server([&](int fd) {
    while (SendAll(fd, user)) {
    }
  });
  SocketSource source(server.path(), 4 * kShortMs);
  Cursor<UserRecord>* users = nullptr;
  const Timed timed = Time([&] { return source.ListUsers(users); });
  EXPECT_EQ(timed.answer, Answer::Unavailable(Reason::kTimeout));
  EXPECT_LT(timed.ms, kPatienceMs);
  EXPECT_EQ(users, nullptr);
}

TEST(Faults, ListThatTrickledInWholeIsStillAList) {
  const std::string user = UserAnswer();
  TestServer server([&](int fd) {
    RequestParser parser;
    if (!ReadRequest(fd, parser)) return;
    std::string bytes = user + user;
    AppendAbsent(bytes);
    for (const char byte : bytes) SendAll(fd, {&byte, 1});
  });
  Cursor<UserRecord>* users = nullptr;
  ASSERT_EQ(SocketSource(server.path()).ListUsers(users), Answer::Found());
  UserRecord row;
  EXPECT_EQ(users->Next(row), Answer::Found());
  EXPECT_EQ(users->Next(row), Answer::Found());
  EXPECT_EQ(row.name, "bob");
  EXPECT_EQ(users->Next(row), Answer::Absent());
  users->Close();
}

TEST(Faults, AnswerCutOffAnywhereIsUnavailable) {
  const std::string user = UserAnswer();
  std::atomic<std::size_t> length{0};
  TestServer server([&](int fd) {
    RequestParser parser;
    if (ReadRequest(fd, parser)) SendAll(fd, std::string_view(user).substr(0, length));
  });
  SocketSource source(server.path());
  for (; length < user.size(); ++length) {
    EXPECT_EQ(source.FindUserByName("bob", [](const UserRecord&) { ADD_FAILURE(); }),
              Answer::Unavailable(Reason::kUnreachable))
        << length;
  }
  EXPECT_EQ(AskForBob(source), Answer::Found());
}

TEST(Faults, ListCutOffAnywhereIsNoList) {
  std::string bytes = UserAnswer() + UserAnswer();
  AppendAbsent(bytes);
  std::atomic<std::size_t> length{0};
  TestServer server([&](int fd) {
    RequestParser parser;
    if (ReadRequest(fd, parser)) SendAll(fd, std::string_view(bytes).substr(0, length));
  });
  SocketSource source(server.path());
  Cursor<UserRecord>* users = nullptr;
  for (; length < bytes.size(); ++length) {
    ASSERT_EQ(source.ListUsers(users), Answer::Unavailable(Reason::kUnreachable)) << length;
  }
  ASSERT_EQ(source.ListUsers(users), Answer::Found());
  users->Close();
}

TEST(Faults, DaemonThatHangsUpAtOnceIsUnavailable) {
  // Before it has read the request, which gives EPIPE or ECONNRESET, depending on who is faster.
  TestServer server([](int) {});
  SocketSource source(server.path());
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(AskForBob(source), Answer::Unavailable(Reason::kUnreachable));
    ASSERT_FALSE(source.no_daemon());
  }
}

// The daemon's child dies over the first connections, and the next one answers.
class Dying {
 public:
  explicit Dying(int deaths, std::string last_words = {})
      : server_([this, deaths, words = std::move(last_words)](int fd) {
          RequestParser parser;
          if (!ReadRequest(fd, parser)) return;
          SendAll(fd, connections_++ < deaths ? words : UserAnswer());
        }) {}

  const char* path() const { return server_.path(); }
  int Connections() const { return connections_; }

 private:
  std::atomic<int> connections_ = 0;
  TestServer server_;
};

TEST(Faults, DaemonThatDiedOverALookUpIsAskedOnceMore) {
  {
    Dying daemon(1);
    SocketSource source(daemon.path());
    EXPECT_EQ(AskForBob(source), Answer::Found());
    EXPECT_EQ(daemon.Connections(), 2);
    EXPECT_FALSE(source.no_daemon());
  }
  Dying daemon(2);
  SocketSource source(daemon.path());
  EXPECT_EQ(AskForBob(source), Answer::Unavailable(Reason::kUnreachable));
  EXPECT_EQ(daemon.Connections(), 2) << "and no more than once";
  EXPECT_FALSE(source.no_daemon());
}

TEST(Faults, DaemonThatSaidAByteIsNotAskedAgain) {
  Dying daemon(1, UserAnswer().substr(0, 1));
  SocketSource source(daemon.path());
  EXPECT_EQ(AskForBob(source), Answer::Unavailable(Reason::kUnreachable));
  EXPECT_EQ(daemon.Connections(), 1);
}

TEST(Faults, ListsAndLoginsAreNotAskedTwice) {
  Dying daemon(100);
  SocketSource source(daemon.path());
  Cursor<UserRecord>* users = nullptr;
  EXPECT_EQ(source.ListUsers(users), Answer::Unavailable(Reason::kUnreachable));
  EXPECT_EQ(daemon.Connections(), 1);
  SocketGate gate(daemon.path());
  LoginAnswer answer;
  gate.Authenticate({.name = "bob", .password = "secret"}, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kUnavailable);
  EXPECT_EQ(daemon.Connections(), 2) << "a failed attempt must not count twice";
  gate.CheckAccount({.name = "bob"}, answer);
  EXPECT_EQ(answer.verdict, LoginVerdict::kUnavailable);
  EXPECT_EQ(daemon.Connections(), 3);
}

TEST(Faults, TheSecondQuestionHasWhatIsLeftOfTheBudget) {
  constexpr int kBudgetMs = 600;
  std::atomic<int> connections = 0;
  TestServer server([&](int fd) {
    RequestParser parser;
    if (connections++ == 0) {
      ReadRequest(fd, parser);
      std::this_thread::sleep_for(std::chrono::milliseconds(kBudgetMs * 3 / 4));
    } else {
      AwaitHangUp(fd);
    }
  });
  SocketSource source(server.path(), kBudgetMs);
  const Timed timed = Time([&] { return AskForBob(source); });
  EXPECT_EQ(timed.answer, Answer::Unavailable(Reason::kTimeout));
  EXPECT_EQ(connections, 2);
  EXPECT_GE(timed.ms, kBudgetMs - 1);
  EXPECT_LT(timed.ms, kBudgetMs * 3 / 2);
}

TEST(Faults, AnswerOfAnotherKindOrShapeIsNoAnswer) {
  std::string group, user = UserAnswer(), absent, verdict;
  ASSERT_TRUE(AppendGroup({.name = "bob", .password = "x", .gid = 1}, group));
  AppendAbsent(absent);
  AppendVerdict({.verdict = LoginVerdict::kAccepted}, verdict);
  std::string unterminated = user;
  unterminated.back() = 'x';
  std::string longer = user;
  longer[0] = static_cast<char>(longer[0] + 1);
  for (const std::string& bytes :
       {group, verdict, unterminated, longer + "x", user + "x", user + user, absent + absent,
        "HTTP/1.1 400 Bad Request\r\n\r\n"s, "\xff\xff\xff\xff\x01\0\0\0"s, "\0\0\0\0\x01\0\0\0"s,
        "\0\0\0\0\0\0\0\0"s, "\0\0\0\0\x11\0\0\0"s}) {
    // At once, so that nothing of it can come later.
    TestServer server(Saying(bytes));
    SocketSource source(server.path());
    EXPECT_EQ(source.FindUserByName("bob", [](const UserRecord&) { ADD_FAILURE(); }),
              Answer::Unavailable(Reason::kServerError))
        << testing::PrintToString(bytes);
  }
  for (const std::string& bytes : {group + absent, user + verdict, user + absent + "x", verdict}) {
    TestServer server(Saying(bytes));
    Cursor<UserRecord>* users = nullptr;
    EXPECT_EQ(SocketSource(server.path()).ListUsers(users),
              Answer::Unavailable(Reason::kServerError))
        << testing::PrintToString(bytes);
  }
}

TEST(Faults, SpoiltRowBreaksTheWalkOffForGood) {
  const std::string user = UserAnswer();
  std::string bytes = user;
  bytes += user;
  bytes.back() = 'x';
  bytes += user;
  AppendAbsent(bytes);
  TestServer server(Saying(bytes));
  Cursor<UserRecord>* users = nullptr;
  ASSERT_EQ(SocketSource(server.path()).ListUsers(users), Answer::Found());
  UserRecord row;
  EXPECT_EQ(users->Next(row), Answer::Found());
  EXPECT_EQ(users->Next(row), Answer::Unavailable(Reason::kServerError));
  EXPECT_EQ(users->Next(row), Answer::Unavailable(Reason::kServerError));
  users->Close();
}

// Connects until the backlog is full, and returns the connections.
std::vector<int> FillBacklog(const Listener& listener) {
  std::vector<int> connections;
  for (;;) {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    std::array<char, 128> raw{};
    socklen_t size = raw.size();
    EXPECT_EQ(getsockname(listener.fd(), reinterpret_cast<sockaddr*>(raw.data()), &size), 0);
    if (connect(fd, reinterpret_cast<const sockaddr*>(raw.data()), size) != 0) {
      EXPECT_EQ(errno, EAGAIN);
      close(fd);
      return connections;
    }
    connections.push_back(fd);
  }
}

TEST(Faults, FullBacklogIsWaitedForWithinTheBudget) {
  Listener listener(2);
  const std::vector<int> crowd = FillBacklog(listener);
  SocketSource source(listener.path(), 4 * kShortMs);
  const Timed timed = Time([&] { return AskForBob(source); });
  EXPECT_EQ(timed.answer, Answer::Unavailable(Reason::kTimeout));
  EXPECT_GE(timed.ms, 4 * kShortMs - 1);
  EXPECT_LT(timed.ms, kPatienceMs);
  EXPECT_FALSE(source.no_daemon());
  for (const int fd : crowd) close(fd);
}

TEST(Faults, RoomInTheBacklogEndsTheWait) {
  Listener listener(2);
  const std::vector<int> crowd = FillBacklog(listener);
  const std::string answer = UserAnswer();
  std::atomic<bool> served{false};
  std::thread late([&] {
    for (std::size_t i = 0; i <= crowd.size(); ++i) {
      const int fd = accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      RequestParser parser;
      if (i == crowd.size() && ReadRequest(fd, parser)) served = SendAll(fd, answer);
      close(fd);
    }
  });
  SocketSource source(listener.path());
  EXPECT_EQ(AskForBob(source), Answer::Found());
  late.join();
  EXPECT_TRUE(served);
  for (const int fd : crowd) close(fd);
}

TEST(Faults, AThousandClientsAtOnceAllGetTheirAnswer) {
  // One thread, a small backlog: all but a few of them wait for room.
  TestServer server(Saying(UserAnswer()), 8);
  constexpr int kClients = 1000;
  constexpr int kAsLongAsItTakesMs = 60'000;
  std::atomic<int> ready{0};
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  clients.reserve(kClients);
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&] {
      SocketSource source(server.path(), kAsLongAsItTakesMs);
      ready.fetch_add(1);
      ready.notify_all();
      for (int seen = ready.load(); seen < kClients; seen = ready.load()) ready.wait(seen);
      if (AskForBob(source).found()) answered.fetch_add(1);
    });
  }
  const std::int64_t begin = MonotonicMs();
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered.load(), kClients);
  // And none by waiting for its time to end.
  EXPECT_LT(MonotonicMs() - begin, kAsLongAsItTakesMs / 2);
}

}  // namespace
}  // namespace sqlmap
