// The client in every sort of host program: each case runs in a child of its own.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "common/process/monotonic.h"
#include "common/wire/answer_encoder.h"
#include "common/wire/client.h"
#include "test_server.h"

namespace sqlmap {
namespace {

using wire_test::AwaitHangUp;
using wire_test::ReadRequest;
using wire_test::Saying;
using wire_test::SendAll;
using wire_test::TestServer;

std::string UserAnswer() {
  std::string bytes;
  EXPECT_TRUE(AppendUser({.name = "bob",
                          .password = "x",
                          .uid = 1001,
                          .gid = 1001,
                          .gecos = "",
                          .home = "/",
                          .shell = "/bin/sh"},
                         bytes));
  return bytes;
}

Answer AskForBob(SocketSource& source) {
  return source.FindUserByName("bob", [](const UserRecord&) {});
}

// Runs `work` in a child, whose exit status is the line at which it failed, or 0.
int InChild(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

// Exit statuses have 8 bits: the number of the requirement, not its line.
#define REQUIRE_IN_CHILD(number, holds) \
  if (!(holds)) return number

std::vector<int> OpenDescriptors() {
  std::vector<int> open;
  for (int fd = 0; fd < 256; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) open.push_back(fd);
  }
  return open;
}

TEST(Host, ClosedStandardStreamsStayClosed) {
  TestServer server([answer = UserAnswer()](int fd) {
    RequestParser parser;
    if (ReadRequest(fd, parser)) SendAll(fd, answer);
  });
  for (int closed = 1; closed < 8; ++closed) {
    EXPECT_EQ(InChild([&] {
                for (int fd = 0; fd < 3; ++fd) {
                  if ((closed & (1 << fd)) != 0) close(fd);
                }
                const std::vector<int> before = OpenDescriptors();
                SocketSource source(server.path());
                REQUIRE_IN_CHILD(1, AskForBob(source).found());
                REQUIRE_IN_CHILD(2, OpenDescriptors() == before);
                return 0;
              }),
              0)
        << closed;
  }
}

// Sockets of the client's kind.
std::vector<int> ConnectedSockets() {
  std::vector<int> found;
  for (const int fd : OpenDescriptors()) {
    int listens = 0;
    socklen_t size = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens == 0) {
      found.push_back(fd);
    }
  }
  return found;
}

TEST(Host, TheSocketIsAboveTwoAndCloseOnExecWhileItLives) {
  const wire_test::Listener silent;
  for (const bool closed : {false, true}) {
    EXPECT_EQ(InChild([&] {
                const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
                for (int fd = 0; fd < 3; ++fd) {
                  REQUIRE_IN_CHILD(1, dup2(null, fd) == fd);
                  if (closed) close(fd);
                }
                const std::size_t before = ConnectedSockets().size();
                std::thread asking([&] {
                  SocketSource source(silent.path(), 500);
                  (void)AskForBob(source);
                });
                // It is below 3 for the moment between socket(2) and fcntl(2).
                std::vector<int> now = ConnectedSockets();
                for (const std::int64_t end = MonotonicMs() + 400;
                     MonotonicMs() < end && (now.size() != before + 1 || now.back() < 3);
                     now = ConnectedSockets()) {
                  sched_yield();
                }
                const int flags = now.empty() ? -1 : fcntl(now.back(), F_GETFD);
                asking.join();
                REQUIRE_IN_CHILD(2, now.size() == before + 1);
                REQUIRE_IN_CHILD(3, now.back() >= 3);
                REQUIRE_IN_CHILD(4, flags == FD_CLOEXEC);
                REQUIRE_IN_CHILD(5, ConnectedSockets().size() == before);
                return 0;
              }),
              0)
        << closed;
  }
}

TEST(Host, ProcessWithoutASpareDescriptorIsToldSo) {
  TestServer server(Saying(UserAnswer()));
  for (const bool closed : {false, true}) {
    EXPECT_EQ(InChild([&] {
                closefrom(3);
                if (closed) {
                  for (int fd = 0; fd < 3; ++fd) close(fd);
                }
                const rlimit three{3, 3};
                REQUIRE_IN_CHILD(1, setrlimit(RLIMIT_NOFILE, &three) == 0);
                const std::vector<int> before = OpenDescriptors();
                SocketSource source(server.path());
                REQUIRE_IN_CHILD(2, AskForBob(source) == Answer::Unavailable(Reason::kNoMemory));
                REQUIRE_IN_CHILD(3, !source.no_daemon());
                REQUIRE_IN_CHILD(4, OpenDescriptors() == before);
                return 0;
              }),
              0)
        << closed;
  }
}

TEST(Host, ProcessWithoutSpareMemoryIsToldSo) {
  std::string members;
  for (int i = 0; i < 100'000; ++i) members += "member" + std::to_string(i) + '\0';
  std::string bytes;
  ASSERT_TRUE(AppendGroup({.name = "all", .password = "x", .members = {members, 100'000}}, bytes));
  TestServer server(Saying(bytes));
  EXPECT_EQ(InChild([&] {
              const rlimit none{0, 0};
              REQUIRE_IN_CHILD(1, setrlimit(RLIMIT_AS, &none) == 0);
              SocketSource source(server.path());
              const Answer answer = source.FindGroupByName("all", [](const GroupRecord&) {});
              REQUIRE_IN_CHILD(2, answer == Answer::Unavailable(Reason::kNoMemory));
              return 0;
            }),
            0);
  TestServer small(Saying(UserAnswer()));
  EXPECT_EQ(InChild([&] {
              const rlimit none{0, 0};
              REQUIRE_IN_CHILD(1, setrlimit(RLIMIT_AS, &none) == 0);
              SocketSource source(small.path());
              REQUIRE_IN_CHILD(2, AskForBob(source).found());  // needs none
              return 0;
            }),
            0);
}

#ifdef __SANITIZE_THREAD__
constexpr bool kThreadSanitizer = true;  // maps memory of its own as it goes
#else
constexpr bool kThreadSanitizer = false;
#endif

long MappedPages() {
  std::FILE* const file = std::fopen("/proc/self/statm", "re");
  long pages = -1;
  if (file == nullptr || std::fscanf(file, "%ld", &pages) != 1) pages = -1;
  if (file != nullptr) std::fclose(file);
  return pages;
}

TEST(Host, NoOutcomeLeavesADescriptorOrAMappingBehind) {
  std::string absent, list = UserAnswer() + UserAnswer();
  AppendAbsent(absent);
  list += absent;
  TestServer found(Saying(UserAnswer())), none(Saying(absent)), lists(Saying(list));
  TestServer silent(AwaitHangUp), gone([](int) {}), mad(Saying(std::string(3000, '\xff')));
  // Announces more than fits on the stack.
  TestServer cut(Saying(std::string("\0\0\x10\0\x01\0\0\0", 8)));
  const auto all = [&] {
    for (TestServer* const server : {&found, &none, &lists, &silent, &gone, &mad, &cut}) {
      SocketSource source(server->path(), server == &silent ? 20 : kLookUpBudgetMs);
      (void)AskForBob(source);
      Cursor<UserRecord>* users = nullptr;
      if (source.ListUsers(users).found()) users->Close();
    }
  };
  EXPECT_EQ(InChild([&] {
              all();
              const std::vector<int> before = OpenDescriptors();
              const long mapped = MappedPages();
              for (int i = 0; i < 10; ++i) all();
              REQUIRE_IN_CHILD(1, OpenDescriptors() == before);
              REQUIRE_IN_CHILD(2, kThreadSanitizer || MappedPages() == mapped);
              return 0;
            }),
            0);
}

TEST(Host, ErrnoIsTheCallers) {
  TestServer found(Saying(UserAnswer())), gone([](int) {}), silent(AwaitHangUp);
  for (const char* const path : {found.path(), gone.path(), silent.path(), "/nowhere/socket"}) {
    SocketSource source(path, 50);
    SocketGate gate(path, 50, 50);
    LoginAnswer answer;
    Cursor<UserRecord>* users = nullptr;
    errno = E2BIG;
    (void)AskForBob(source);
    EXPECT_EQ(errno, E2BIG) << path;
    (void)source.ListUsers(users);
    EXPECT_EQ(errno, E2BIG) << path;
    gate.Authenticate({.name = "bob"}, answer);
    EXPECT_EQ(errno, E2BIG) << path;
  }
}

TEST(Host, DaemonThatHangsUpRaisesNoSignal) {
  TestServer server([](int) {});
  EXPECT_EQ(InChild([&] {
              REQUIRE_IN_CHILD(1, signal(SIGPIPE, SIG_DFL) != SIG_ERR);
              SocketSource source(server.path());
              for (int i = 0; i < 200; ++i) {
                REQUIRE_IN_CHILD(2, AskForBob(source).unavailable());
              }
              return 0;
            }),
            0);
}

TEST(Host, SignalsNeitherEndNorStretchACall) {
  TestServer slow([answer = UserAnswer()](int fd) {
    RequestParser parser;
    if (!ReadRequest(fd, parser)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    SendAll(fd, answer);
  });
  TestServer silent(AwaitHangUp);
  wire_test::Listener full(0);
  const auto with_timer = [](auto work) {
    return InChild([&] {
      struct sigaction action {};
      action.sa_handler = [](int) {};
      REQUIRE_IN_CHILD(1, sigaction(SIGALRM, &action, nullptr) == 0);  // no SA_RESTART
      const itimerval each{{0, 2000}, {0, 2000}};
      REQUIRE_IN_CHILD(2, setitimer(ITIMER_REAL, &each, nullptr) == 0);
      return work();
    });
  };
  EXPECT_EQ(with_timer([&] {
              SocketSource source(slow.path());
              REQUIRE_IN_CHILD(3, AskForBob(source).found());
              return 0;
            }),
            0);
  for (const char* const path : {silent.path(), full.path()}) {
    EXPECT_EQ(with_timer([&] {
                SocketSource filler(path, 10);  // takes the one place in the backlog
                (void)AskForBob(filler);
                SocketSource source(path, 200);
                const std::int64_t begin = MonotonicMs();
                REQUIRE_IN_CHILD(3, AskForBob(source) == Answer::Unavailable(Reason::kTimeout));
                const std::int64_t took = MonotonicMs() - begin;
                REQUIRE_IN_CHILD(4, took >= 199);
                REQUIRE_IN_CHILD(5, took < 1000);
                return 0;
              }),
              0)
        << path;
  }
}

TEST(Host, CancelledThreadLeavesNothingBehind) {
  const wire_test::Listener silent;
  EXPECT_EQ(InChild([&] {
              const std::vector<int> before = OpenDescriptors();
              std::atomic<bool> inside{false}, ended{false};
              std::thread asking([&] {
                inside = true;
                SocketGate gate(silent.path(), 300, 300);
                LoginAnswer answer;
                gate.Authenticate({.name = "bob", .password = "secret"}, answer);
                ended = true;
                for (;;) pthread_testcancel();
              });
              while (!inside) sched_yield();
              pthread_cancel(asking.native_handle());
              asking.join();
              REQUIRE_IN_CHILD(1, ended);
              REQUIRE_IN_CHILD(2, OpenDescriptors() == before);
              return 0;
            }),
            0);
}

TEST(Host, ChildMayFinishItsParentsWalk) {
  std::string list = UserAnswer() + UserAnswer();
  AppendAbsent(list);
  TestServer server(Saying(list));
  SocketSource source(server.path());
  Cursor<UserRecord>* users = nullptr;
  ASSERT_TRUE(source.ListUsers(users).found());
  UserRecord user;
  ASSERT_TRUE(users->Next(user).found());
  EXPECT_EQ(InChild([&] {
              REQUIRE_IN_CHILD(1, users->Next(user).found());
              REQUIRE_IN_CHILD(2, users->Next(user).absent());
              users->Close();
              return 0;
            }),
            0);
  EXPECT_TRUE(users->Next(user).found());
  EXPECT_TRUE(users->Next(user).absent());
  users->Close();
}

TEST(Host, ThreadWithTheSmallestStackMayAsk) {
  TestServer server(Saying(UserAnswer()));
  struct Job {
    const char* path;
    bool found;
  } job{server.path(), false};
  pthread_attr_t attributes;
  ASSERT_EQ(pthread_attr_init(&attributes), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 64 * 1024), 0);
  pthread_t thread{};
  const auto run = [](void* argument) -> void* {
    auto* const work = static_cast<Job*>(argument);
    SocketSource source(work->path);
    work->found = source.FindUserByName("bob", [](const UserRecord&) {}).found();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &job), 0);
  ASSERT_EQ(pthread_join(thread, nullptr), 0);
  pthread_attr_destroy(&attributes);
  EXPECT_TRUE(job.found);
}

}  // namespace
}  // namespace sqlmap
