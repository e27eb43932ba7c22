// A write among broken connections, servers that cannot be written, locks and lies: it is done
// once, or not at all, or said to be in doubt.
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <thread>

#include "unit/sql/fake_server.h"
#include "unit/sql/writes_fixture.h"

namespace sqlmap::testing {
namespace {

// Passes bytes between a client and the real server, until the client says `word`: then it hangs
// up, on the client and on the server, with or without handing the word on.
struct Interruption {
  std::string word;
  bool handed_on = false;
};

int ConnectTo(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) ADD_FAILURE();
  return fd;
}

void RelayUntil(int client, const std::string& path, const Interruption& interruption,
                const std::atomic<bool>& stop) {
  const int upstream = ConnectTo(path);
  pollfd ends[2] = {{client, POLLIN, 0}, {upstream, POLLIN, 0}};
  bool said = false;
  for (bool open = true; open && !stop;) {
    if (poll(ends, 2, 10) <= 0) continue;
    for (int i = 0; i < 2 && open; ++i) {
      if (ends[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t got = read(ends[i].fd, buffer, sizeof buffer);
      if (got <= 0) {
        open = false;
        continue;
      }
      const std::string_view bytes(buffer, static_cast<std::size_t>(got));
      // What the server answers to the word shows that it has done it, and is not handed on.
      if (said) {
        open = false;
        continue;
      }
      said = i == 0 && bytes.find(interruption.word) != std::string_view::npos;
      if (said && !interruption.handed_on) {
        open = false;
        continue;
      }
      open = send(ends[1 - i].fd, buffer, bytes.size(), MSG_NOSIGNAL) == got;
    }
  }
  close(upstream);
}

class WriteFaultsTest : public WritesFixture {
 protected:
  struct WriterLayer : Layer {
    explicit WriterLayer(const std::string& rest, const std::string& servers = "")
        : Layer(servers.empty() ? Servers(*server_) : servers, rest, "writer") {}
  };
  static std::string ServerLine(const std::string& path) {
    return "servers = [\"" + path + "\"]\n";
  }
  // Ends all connections of the writer, on the server.
  static void KillConnections() {
    Sql("KILL USER writer");
    while (Connections() != "0") poll(nullptr, 0, 1);
  }
  static std::string Connections() {
    return Cell("SELECT COUNT(*) FROM information_schema.processlist WHERE user = 'writer'");
  }
  // Changes the hash, notes the try where no transaction takes it back, and then takes its time.
  static constexpr char kSlow[] =
      "DELIMITER //\n"
      "CREATE PROCEDURE slow(who VARCHAR(255), what VARCHAR(60), seconds INT) BEGIN\n"
      "INSERT INTO attempts VALUES (1); UPDATE passwords SET hash = what WHERE username = who;\n"
      "DO SLEEP(seconds); END//\n";
};

TEST_F(WriteFaultsTest, AConnectionThatTheServerEndedCostsNoChange) {
  WriterLayer layer(Updating());
  ASSERT_EQ(Change(layer, "alice", "one").error, "");
  ASSERT_EQ(Connections(), "1");
  KillConnections();
  EXPECT_EQ(Change(layer, "alice", "two").error, "");
  EXPECT_EQ(Hashes("alice"), "two");
}

TEST_F(WriteFaultsTest, AConnectionThatBreaksBeforeTheValuesAreSentIsReplacedOnce) {
  for (const char* word : {"START TRANSACTION", "UPDATE passwords"}) {
    const std::string path = server_->directory() + "/relay";
    std::atomic<int> connections{0};
    {
      const FakeServer relay(path, [&](int client, const std::atomic<bool>& stop) {
        const Interruption first{.word = word};
        const Interruption none{.word = "no such word"};
        RelayUntil(client, server_->socket(), connections++ == 0 ? first : none, stop);
      });
      WriterLayer layer(Updating(), ServerLine(path));
      EXPECT_EQ(Change(layer, "alice", word).error, "");
      EXPECT_EQ(Hashes("alice"), word);
      EXPECT_EQ(connections, 2);
    }
    unlink(path.c_str());
  }
}

TEST_F(WriteFaultsTest, AStatementThatIsKilledWhileItRunsIsNotRunAgainAndNothingIsChanged) {
  Sql(kSlow);
  WriterLayer layer(Updating("CALL slow(:name, :hash, 5)"));
  std::thread killer([] {
    while (Cell("SELECT COUNT(*) FROM attempts") == "0") poll(nullptr, 0, 1);
    Sql("KILL USER writer");
  });
  const Outcome outcome = Change(layer, "alice", "topsecret");
  killer.join();
  EXPECT_NE(outcome.error, "");
  EXPECT_EQ(outcome.error.find("topsecret"), std::string::npos);
  EXPECT_EQ(Hashes("alice"), "old");
  EXPECT_EQ(Cell("SELECT COUNT(*) FROM attempts"), "1") << "it was run again";
  Sql("DROP PROCEDURE slow");
}

TEST_F(WriteFaultsTest, AConnectionThatBreaksOnceTheValuesAreSentIsNotReplacedAndNothingIsChanged) {
  for (const bool handed_on : {false, true}) {
    const std::string path = server_->directory() + "/relay";
    std::atomic<int> connections{0};
    {
      const FakeServer relay(path, [&](int client, const std::atomic<bool>& stop) {
        ++connections;
        RelayUntil(client, server_->socket(), {.word = "topsecret", .handed_on = handed_on}, stop);
      });
      WriterLayer layer(Updating(), ServerLine(path));
      const Outcome outcome = Change(layer, "alice", "topsecret");
      EXPECT_EQ(outcome.kind, SqlError::Kind::kLost) << outcome.error;
      EXPECT_FALSE(outcome.unknown);
      EXPECT_EQ(connections, 1) << "it was tried again";
    }
    while (Connections() != "0") poll(nullptr, 0, 1);
    EXPECT_EQ(Hashes("alice"), "old");
    unlink(path.c_str());
  }
}

TEST_F(WriteFaultsTest, ACommitThatDidNotReachTheServerIsInDoubtAndNotTriedAgain) {
  const std::string path = server_->directory() + "/relay";
  std::atomic<int> connections{0};
  {
    const FakeServer relay(path, [&](int client, const std::atomic<bool>& stop) {
      ++connections;
      RelayUntil(client, server_->socket(), {.word = "COMMIT", .handed_on = false}, stop);
    });
    WriterLayer layer(Updating(), ServerLine(path));
    const Outcome outcome = Change(layer, "alice", "new");
    EXPECT_TRUE(outcome.unknown);
    EXPECT_NE(outcome.error.find("nobody knows whether the change was stored"), std::string::npos)
        << outcome.error;
    EXPECT_EQ(connections, 1);
    EXPECT_EQ(Hashes("alice"), "old");
  }
  unlink(path.c_str());
}

TEST_F(WriteFaultsTest, ACommitWhoseAnswerIsLostIsInDoubtToo) {
  const std::string path = server_->directory() + "/relay";
  std::atomic<int> connections{0};
  {
    const FakeServer relay(path, [&](int client, const std::atomic<bool>& stop) {
      ++connections;
      RelayUntil(client, server_->socket(), {.word = "COMMIT", .handed_on = true}, stop);
    });
    WriterLayer layer(Updating(), ServerLine(path));
    const Outcome outcome = Change(layer, "alice", "new");
    EXPECT_TRUE(outcome.unknown);
    EXPECT_EQ(connections, 1);
    EXPECT_EQ(Hashes("alice"), "new") << "for this is what the error cannot know";
  }
  unlink(path.c_str());
}

TEST_F(WriteFaultsTest, AReadOnlyServerIsNamedWithTheRemedyAndIsAWriterAgainOnceItIsNone) {
  Sql("SET GLOBAL read_only = 1");
  WriterLayer layer(Updating());
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = Change(layer, "alice", "topsecret");
    EXPECT_EQ(outcome.error, server_->socket() +
                                 ": password_update: begin: error 1290: the server is read-only: "
                                 "name the primary in database.writers");
    EXPECT_FALSE(outcome.unknown);
  }
  const Answer asked = layer.source().FindAuthRows(
      {.name = "alice"}, Deadline::In(QueryRunner::kCallBudgetMs), [](std::span<const AuthRow>) {},
      SqlAccountSource::Asked::kWriters);
  EXPECT_TRUE(asked.unavailable()) << "what a replica says may be older than the last change";
  Sql("SET GLOBAL read_only = 0");
  EXPECT_EQ(Change(layer, "alice", "new").error, "");
}

TEST_F(WriteFaultsTest, TheNextWriterTakesWhatAReadOnlyOneDoesNot) {
  MariaDbServer primary;
  primary.Sql(kWritableTables);
  Sql("SET GLOBAL read_only = 1");
  WriterLayer layer(Updating(), "servers = [\"" + server_->socket() + "\"]\nwriters = [\"" +
                                    server_->socket() + "\", \"" + primary.socket() + "\"]\n");
  for (const char* hash : {"one", "two"}) {
    EXPECT_EQ(Change(layer, "alice", hash).error, "");
    EXPECT_EQ(primary.Sql("SELECT hash FROM passwords WHERE username = 'alice'", "accounts"),
              std::string(hash) + "\n");
  }
  EXPECT_EQ(Hashes("alice"), "old");
  std::string seen;
  layer.source().FindAuthRows(
      {.name = "alice"}, Deadline::In(QueryRunner::kCallBudgetMs),
      [&](std::span<const AuthRow> rows) { seen = *rows[0].hash; },
      SqlAccountSource::Asked::kWriters);
  EXPECT_EQ(seen, "two") << "and is asked what the replica does not know yet";
  primary.Kill();
  const Outcome outcome = Change(layer, "alice", "three");
  EXPECT_NE(outcome.error.find(server_->socket() + ": password_update: begin: error 1290"),
            std::string::npos)
      << outcome.error;
  EXPECT_NE(outcome.error.find(primary.socket() + ": "), std::string::npos)
      << "the other one's failure is not told: " << outcome.error;
  Sql("SET GLOBAL read_only = 0");
}

TEST_F(WriteFaultsTest, ARowThatSomebodyElseHoldsEndsTheWaitInTimeAndKeepsTheServerInGoodName) {
  WriterLayer layer(Updating());
  ASSERT_EQ(Change(layer, "alice", "one").error, "");
  std::thread holder([] {
    Sql("START TRANSACTION; UPDATE passwords SET lstchg = 7; "
        "SELECT GET_LOCK('held', 0), SLEEP(2); ROLLBACK");
  });
  while (Cell("SELECT IS_USED_LOCK('held') IS NULL") == "1") poll(nullptr, 0, 1);
  Outcome outcome;
  EXPECT_LE(Timed([&] { outcome = Change(layer, "alice", "topsecret"); }), kOneSecond);
  EXPECT_NE(outcome.error.find("it took too long, perhaps waiting for a lock"), std::string::npos)
      << outcome.error;
  EXPECT_FALSE(outcome.unknown);
  EXPECT_EQ(layer.servers().LastFailureMs(0), 0);
  holder.join();
  EXPECT_EQ(Hashes("alice"), "one");
  EXPECT_EQ(Change(layer, "alice", "two").error, "");
}

TEST_F(WriteFaultsTest, AHungServerEndsAWriteWithinTheSecondAndNothingIsChanged) {
  WriterLayer layer(Updating());
  ASSERT_EQ(Change(layer, "alice", "one").error, "");
  server_->Signal(SIGSTOP);
  Outcome outcome;
  EXPECT_LE(Timed([&] { outcome = Change(layer, "alice", "two"); }), kOneSecond);
  EXPECT_EQ(outcome.kind, SqlError::Kind::kTimeout) << outcome.error;
  EXPECT_FALSE(outcome.unknown);
  server_->Signal(SIGCONT);
  while (Connections() != "0") poll(nullptr, 0, 1);
  EXPECT_EQ(Hashes("alice"), "one");
}

// To the prepare of an update with three parameters.
Packets PrepareAnswerWithoutColumns() {
  Packets packets = {std::string("\0\1\0\0\0\0\0\3\0\0\0\0", 12)};
  for (int i = 0; i < 3; ++i) packets.push_back(FakeColumn{.name = "?"}.Packet());
  packets.push_back(kEofPacket);
  return packets;
}

// What comes of a change at a server that takes it, and then says and does this.
Outcome ChangeAt(const std::function<void(int client)>& then, char extensions = 0) {
  const TemporaryDirectory directory;
  const std::string path = directory.path() + "/fake";
  const FakeServer server(path, [&](int client, const std::atomic<bool>&) {
    if (Converse(client, {kOkPacket}, PrepareAnswerWithoutColumns(), extensions) == 0) return;
    if (Heard(client)) then(client);
  });
  Layer layer("servers = [\"" + path + "\"]\n", Updating(), "writer");
  Outcome outcome;
  EXPECT_LE(Timed([&] { outcome = Change(layer, "alice", "topsecret"); }), kOneSecond);
  EXPECT_FALSE(layer.log().Contains("topsecret"));
  EXPECT_EQ(outcome.error.find("topsecret"), std::string::npos);
  return outcome;
}

TEST(RogueWriterTest, WhatItSaysAboutTheValuesIsNotHandedOn) {
  for (const unsigned code : {1062U, 1205U, 2013U, 1927U, 5012U, 65535U}) {
    const Outcome outcome = ChangeAt([code](int client) {
      SendPacket(client, 1, ErrorPacket(code, "#23000Duplicate entry 'topsecret'"));
      (void)Heard(client);
    });
    EXPECT_NE(outcome.error, "") << code;
    EXPECT_FALSE(outcome.unknown) << code;
  }
  const Outcome outcome = ChangeAt([](int client) {
    SendPacket(client, 1, std::string("\0\1\0\3\0\0\0", 7));  // one row, in a transaction
    (void)Heard(client);
    SendPacket(client, 1, ErrorPacket(1180, "#HY000not stored: 'topsecret'"));
  });
  EXPECT_NE(outcome.error.find("commit: error 1180"), std::string::npos) << outcome.error;
  EXPECT_TRUE(outcome.unknown);
}

TEST(RogueWriterTest, ColumnsThatItDoesNotDescribeCrashNobody) {
  constexpr char kNeedNotDescribe = 1 << (36 - 32);  // MARIADB_CLIENT_CACHE_METADATA
  for (const char columns : {'\1', '\x50'}) {
    const Outcome outcome = ChangeAt(
        [columns](int client) {
          SendPacket(client, 1, {columns, '\0'});
          SendPacket(client, 2, kEofPacket);
          SendPacket(client, 3, kEofPacket);
        },
        kNeedNotDescribe);
    EXPECT_NE(outcome.error.find("execute: error 0"), std::string::npos) << outcome.error;
  }
}

TEST(RogueWriterTest, ResultsThatNeverEndAreCutOff) {
  const Outcome outcome = ChangeAt([](int client) {
    // Each announces another one.
    for (unsigned char i = 1; SendPacket(client, i, std::string("\0\1\0\x0b\0\0\0", 7)); ++i) {
    }
  });
  EXPECT_EQ(outcome.kind, SqlError::Kind::kTimeout) << outcome.error;
}

TEST_F(WriteFaultsTest, ADeadlineThatHasPassedSendsNothing) {
  WriterLayer layer(Updating());
  const auto written = layer.source().Write(QueryId::kPasswordUpdate,
                                            {.name = "alice", .hash = "new"}, 1, Deadline::In(0));
  ASSERT_FALSE(written);
  EXPECT_FALSE(written.error().unknown);
  EXPECT_EQ(Hashes("alice"), "old");
}

TEST_F(WriteFaultsTest, AServerThatIsDownIsSaidToBe) {
  WriterLayer layer(Updating(), ServerLine(server_->directory() + "/nobody-listens"));
  const Outcome outcome = Change(layer, "alice", "new");
  EXPECT_EQ(outcome.kind, SqlError::Kind::kUnreachable);
  EXPECT_NE(outcome.error.find("/nobody-listens: "), std::string::npos) << outcome.error;
  EXPECT_FALSE(outcome.unknown);
}

}  // namespace
}  // namespace sqlmap::testing
