// What a host program does to descriptors and processes: it closes them, opens its own, forks and
// executes.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <set>

#include "common/sql/client_library/call_scope.h"
#include "common/sql/client_library/fork_gate.h"
#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {
namespace {

constexpr char kAlice[] = "alice:5000:/home/alice";

std::set<int> OpenDescriptors() {
  std::set<int> found;
  for (int fd = 0; fd < 256; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) found.insert(fd);
  }
  return found;
}

std::set<int> NewDescriptors(const std::set<int>& before) {
  std::set<int> fresh;
  for (const int fd : OpenDescriptors()) {
    if (!before.contains(fd)) fresh.insert(fd);
  }
  return fresh;
}

class DescriptorsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new MariaDbServer();
    server_->Sql(kTables);
    server_->Sql(
        "INSERT INTO users SELECT CONCAT('many', seq), 'x', 10000 + seq, 5000, '', '/m', "
        "'/bin/sh', NULL, 1 FROM seq_1_to_5000",
        "accounts");
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  static int Connections() {
    return std::stoi(
        server_->Sql("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'reader'"));
  }
  static std::string ConnectionIds() {
    return server_->Sql(
        "SELECT id FROM information_schema.processlist WHERE user = 'reader' ORDER BY id");
  }
  static void WaitForConnections(int count) {
    while (Connections() != count) {
    }
  }
  void SetUp() override { WaitForConnections(0); }

  static MariaDbServer* server_;
};
MariaDbServer* DescriptorsTest::server_ = nullptr;

TEST_F(DescriptorsTest, EveryDescriptorIsCloseOnExec) {
  const std::set<int> before = OpenDescriptors();
  Layer layer(Layer::Servers(*server_));
  Cursor<UserRecord>* cursor = nullptr;
  ASSERT_EQ(layer.User("alice"), kAlice);
  ASSERT_TRUE(layer.source().ListUsers(cursor).found());
  const std::set<int> ours = NewDescriptors(before);
  EXPECT_EQ(ours.size(), 2U);
  for (const int fd : ours) EXPECT_EQ(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC) << fd;
  cursor->Close();
}

TEST_F(DescriptorsTest, StandardStreamsThatTheHostClosedStayClosed) {
  EXPECT_TRUE(InChild([] {
    for (int fd = 0; fd < 3; ++fd) close(fd);
    Layer layer(Layer::Servers(*server_));
    if (layer.User("alice") != kAlice) return false;
    for (int fd = 0; fd < 3; ++fd) {
      if (fcntl(fd, F_GETFD) >= 0) return false;
    }
    return true;
  }));
}

TEST_F(DescriptorsTest, ADescriptorThatTheHostTookIsLeftAlone) {
  const std::set<int> before = OpenDescriptors();
  Layer layer(Layer::Servers(*server_));
  ASSERT_EQ(layer.User("alice"), kAlice);
  const std::set<int> ours = NewDescriptors(before);
  ASSERT_EQ(ours.size(), 1U);
  const int fd = *ours.begin();
  int hosts[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, hosts), 0);
  ASSERT_EQ(dup2(hosts[0], fd), fd);
  struct stat taken {};
  fstat(fd, &taken);
  EXPECT_EQ(layer.User("bob"), "bob:5001:/home/bob");
  struct stat after {};
  ASSERT_EQ(fstat(fd, &after), 0) << "the host's descriptor was closed";
  EXPECT_EQ(after.st_ino, taken.st_ino) << "the host's descriptor was replaced";
  char byte;
  EXPECT_EQ(recv(hosts[1], &byte, 1, MSG_DONTWAIT), -1)
      << "something was written into the host's descriptor";
  close(fd);
  close(hosts[0]);
  close(hosts[1]);
}

TEST_F(DescriptorsTest, ADescriptorThatTheHostClosedIsNotClosedTwice) {
  const std::set<int> before = OpenDescriptors();
  Layer layer(Layer::Servers(*server_));
  for (int round = 0; round < 50; ++round) {
    ASSERT_EQ(layer.User("alice"), kAlice);
    const std::set<int> ours = NewDescriptors(before);
    ASSERT_EQ(ours.size(), 1U);
    close(*ours.begin());
  }
  EXPECT_EQ(layer.User("alice"), kAlice);
}

TEST_F(DescriptorsTest, AChildUsesAConnectionOfItsOwnAndLeavesTheParentsAlone) {
  const std::set<int> before = OpenDescriptors();
  Layer layer(Layer::Servers(*server_));
  ASSERT_EQ(layer.User("alice"), kAlice);
  const std::string id = ConnectionIds();
  for (int child = 0; child < 20; ++child) {
    EXPECT_TRUE(InChild([&] {
      for (int i = 0; i < 3; ++i) {
        if (layer.User("alice") != kAlice || layer.User("bob") != "bob:5001:/home/bob")
          return false;
      }
      return NewDescriptors(before).size() == 1;  // the inherited copy is closed, its own is open
    }));
    ASSERT_EQ(layer.User("alice"), kAlice);
  }
  WaitForConnections(1);
  EXPECT_EQ(ConnectionIds(), id) << "the parent's connection did not survive";
}

TEST_F(DescriptorsTest, ADescriptorThatTheHostTookInMidWalkIsNotReadFrom) {
  const std::set<int> before = OpenDescriptors();
  Layer layer(Layer::Servers(*server_));
  Cursor<UserRecord>* cursor = nullptr;
  ASSERT_TRUE(layer.source().ListUsers(cursor).found());
  UserRecord user;
  ASSERT_TRUE(cursor->Next(user).found());
  const std::set<int> ours = NewDescriptors(before);
  ASSERT_EQ(ours.size(), 1U);
  int hosts[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, hosts), 0);
  ASSERT_EQ(dup2(hosts[0], *ours.begin()), *ours.begin());
  ASSERT_EQ(write(hosts[1], "host's", 6), 6);
  Answer answer = cursor->Next(user);
  while (answer.found()) answer = cursor->Next(user);  // what the library had read before
  EXPECT_TRUE(answer.unavailable());
  cursor->Close();
  char text[8] = {};
  EXPECT_EQ(recv(*ours.begin(), text, sizeof text, MSG_DONTWAIT), 6) << "the host's data was read";
  close(*ours.begin());
  close(hosts[0]);
  close(hosts[1]);
}

TEST_F(DescriptorsTest, AChildKeepsNoCopyOfAWalkThatItNeverTouches) {
  const std::set<int> before = OpenDescriptors();
  Layer layer(Layer::Servers(*server_));
  Cursor<UserRecord>* cursor = nullptr;
  ASSERT_TRUE(layer.source().ListUsers(cursor).found());
  UserRecord user;
  ASSERT_TRUE(cursor->Next(user).found());
  EXPECT_TRUE(InChild([&] {
    return layer.User("alice") == kAlice && NewDescriptors(before).size() == 1;
  })) << "the child holds the socket of the parent's walk";
  int rows = 1;
  while (cursor->Next(user).found()) ++rows;
  EXPECT_EQ(rows, 5004);
  cursor->Close();
}

TEST_F(DescriptorsTest, TwentyGenerationsCarryNoDescriptorsAlong) {
  Layer layer(Layer::Servers(*server_));
  const std::set<int> before = OpenDescriptors();
  const std::function<bool(int)> generation = [&](int left) {
    if (layer.User("alice") != kAlice || NewDescriptors(before).size() != 1) return false;
    return left == 0 || InChild([&] { return generation(left - 1); });
  };
  EXPECT_TRUE(generation(20));
}

TEST_F(DescriptorsTest, AChildInMidWalkIsToldSoAndTheParentSeesEveryRow) {
  Layer layer(Layer::Servers(*server_));
  Cursor<UserRecord>* cursor = nullptr;
  ASSERT_TRUE(layer.source().ListUsers(cursor).found());
  UserRecord user;
  int rows = 0;
  for (; rows < 1000; ++rows) ASSERT_TRUE(cursor->Next(user).found());
  EXPECT_TRUE(InChild([&] {
    const bool told = cursor->Next(user).unavailable() && cursor->Next(user).unavailable();
    cursor->Close();
    return told && layer.User("alice") == kAlice;
  }));
  while (cursor->Next(user).found()) ++rows;
  EXPECT_EQ(rows, 5004);
  cursor->Close();
}

// Not under the sanitizers: the allocator of GCC 12's runtime takes locks that a forked child waits
// for.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_F(DescriptorsTest, NoChildOfABusyThreadedParentHangs) {
  Layer layer(Layer::Servers(*server_));
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) layer.User("alice");
    });
  }
  int good = 0;
  for (int child = 0; child < 300; ++child) {
    if (InChild([&] { return layer.User("bob") == "bob:5001:/home/bob"; })) ++good;
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 300);
}
TEST_F(DescriptorsTest, ThreadsThatSignInPutNoChildInDanger) {
  Layer layer(Layer::Servers(*server_) + kPatient);
  EXPECT_EQ(GoodChildrenOfAParentThatSignsIn(layer, 300), 300);
}
#endif

TEST_F(DescriptorsTest, AForkWaitsForAThreadThatIsInOpenSslButNotForItsWaits) {
  std::atomic<bool> inside{false};
  std::atomic<bool> out{false};
  std::thread thread([&] {
    CallScope scope(MonotonicMs() + 1'000, CallScope::Mode::kTalk);
    scope.UseOpenSsl();
    inside = true;
    poll(nullptr, 0, 50);  // works
    out = true;
    const CallScope::Outside outside;
    while (out) poll(nullptr, 0, 1);  // waits
  });
  while (!inside) {
  }
  bool after = false;
  const auto took = Timed([&] { after = InChild([&] { return out.load(); }); });
  EXPECT_TRUE(after) << "the child was forked while a thread was inside";
  EXPECT_LT(took, std::chrono::milliseconds(ForkGate::kPatienceMs)) << "it waited for a wait";
  out = false;
  thread.join();
}

TEST_F(DescriptorsTest, ANewNamespaceWithTheSamePidIsStillAnotherProcess) {
  // A child whose getpid() could equal its parent's: generation, not pid, tells them apart.
  const std::uint32_t parent = ProcessGeneration::Current();
  EXPECT_TRUE(InChild([&] {
    const std::uint32_t child = ProcessGeneration::Current();
    return child != parent && InChild([&] {
             return ProcessGeneration::Current() != child && ProcessGeneration::Current() != parent;
           });
  }));
  EXPECT_EQ(ProcessGeneration::Current(), parent);
}

TEST_F(DescriptorsTest, WithoutFreeDescriptorsTheAnswerIsUnavailable) {
  EXPECT_TRUE(InChild([&] {
    Layer layer(Layer::Servers(*server_));
    const rlimit none{3, 3};
    setrlimit(RLIMIT_NOFILE, &none);
    return layer.User("alice").starts_with("unavailable");
  }));
}

TEST_F(DescriptorsTest, AMillionRowsStreamThroughFlatMemory) {
  server_->Sql(
      "CREATE VIEW million AS SELECT CONCAT('u', seq) username, 'x' password, 100000 + seq uid, "
      "5000 gid, '' gecos, "
      "CONCAT('/home/u', seq) homedir, '/bin/sh' shell FROM seq_1_to_1000000",
      "accounts");
  EXPECT_TRUE(InChild([&] {
    alarm(60);
    Layer layer(Layer::Servers(*server_), "[queries]\ngetpwent = \"SELECT * FROM million\"\n");
    Cursor<UserRecord>* cursor = nullptr;
    if (!layer.source().ListUsers(cursor).found()) return false;
    UserRecord user;
    rusage before{};
    rusage after{};
    int rows = 0;
    Answer answer = cursor->Next(user);
    for (; answer.found(); answer = cursor->Next(user)) {
      if (++rows == 1000) getrusage(RUSAGE_SELF, &before);
    }
    getrusage(RUSAGE_SELF, &after);
    cursor->Close();
    return answer.absent() && rows == 1'000'000 && after.ru_maxrss - before.ru_maxrss < 1024;
  })) << "rows were lost, or the process grew by more than a mebibyte";
}

}  // namespace
}  // namespace sqlmap::testing
