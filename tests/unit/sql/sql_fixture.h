// A real server with small tables, and the SQL layer on top of it as the private plugin puts it
// together.
#ifndef SQLMAP_TESTS_UNIT_SQL_SQL_FIXTURE_H_
#define SQLMAP_TESTS_UNIT_SQL_SQL_FIXTURE_H_

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/config/settings.h"
#include "common/sql/sql_account_source.h"
#include "support/mariadb_server.h"

namespace sqlmap::testing {

class RecordingLog final : public Log {
 public:
  void Write(LogLevel, std::string_view line) noexcept override {
    const std::lock_guard guard(mutex_);
    lines_.emplace_back(line);
  }
  std::vector<std::string> lines() {
    const std::lock_guard guard(mutex_);
    return lines_;
  }
  bool Contains(std::string_view text) {
    for (const std::string& line : lines()) {
      if (line.find(text) != std::string::npos) return true;
    }
    return false;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

class FixedCredentials final : public CredentialSource {
 public:
  FixedCredentials(const std::string& user, const std::string& password)
      : credentials_(user, password) {}
  bool Get(Credentials& credentials) noexcept override {
    credentials.user = credentials_.user;
    credentials.password = credentials_.password;
    return true;
  }

 private:
  Credentials credentials_;
};

inline constexpr char kTables[] = R"sql(
CREATE DATABASE accounts CHARACTER SET utf8mb4;
USE accounts;
CREATE TABLE users (username VARCHAR(255), password VARCHAR(255), uid VARCHAR(20), gid VARCHAR(20), gecos VARCHAR(2000),
  homedir VARCHAR(255), shell VARCHAR(255), hash VARCHAR(255), status INT, KEY (username), KEY (uid)) ENGINE=InnoDB;
INSERT INTO users VALUES
 ('alice', 'x', '5000', '5000', 'Alice,,,', '/home/alice', '/bin/sh', '$6$a', 1),
 ('bob', 'x', '5001', '5000', 'Bob', '/home/bob', '/bin/bash', NULL, 1),
 ('twin-b', 'x', '5002', '5000', '', '/home/t', '/bin/sh', '', 0),
 ('twin-a', 'x', '5002', '5000', '', '/home/t', '/bin/sh', '*', 0);
CREATE VIEW nss_getpwnam AS SELECT username, password, uid, gid, gecos, homedir, shell FROM users;
CREATE VIEW nss_getspnam AS SELECT username, hash AS password, 19000 AS lstchg, 0 AS min, 99999 AS max, 7 AS warn,
  -1 AS inact, -1 AS expire, 0 AS flag FROM users;
CREATE TABLE user_groups (groupname VARCHAR(64), password VARCHAR(8), gid INT UNSIGNED);
CREATE TABLE memberships (gid INT UNSIGNED, username VARCHAR(255));
INSERT INTO user_groups VALUES ('staff', 'x', 5000), ('empty', 'x', 5005), ('web', 'x', 5006);
INSERT INTO memberships VALUES (5000, 'alice'), (5000, 'bob'), (5006, 'alice');
CREATE VIEW nss_getgrnam AS SELECT groupname, password, gid FROM user_groups;
CREATE VIEW nss_memsbygid AS SELECT gid, username FROM memberships;
CREATE VIEW nss_gidsbymem AS SELECT username, gid FROM memberships;
CREATE VIEW nss_mysql AS SELECT username, hash AS password, status, CONCAT('owner of ', username) AS owner FROM users;
CREATE USER reader@localhost IDENTIFIED BY 'reader-secret', reader@'127.0.0.1' IDENTIFIED BY 'reader-secret';
GRANT SELECT ON accounts.* TO reader@localhost, reader@'127.0.0.1';
)sql";

// The layer over one configuration. `database` is TOML for [database] beyond name, user and
// password; `rest` follows it.
class Layer {
 public:
  explicit Layer(const std::string& database, const std::string& rest = "",
                 const std::string& user = "reader")
      : settings_(Parse(database, rest, user)),
        credentials_(user, user + "-secret"),
        servers_(settings_.database, settings_.database.servers, Dial::Names::kHostsFileOnly, log_),
        identity_(servers_, credentials_, settings_.database.pool_size, Pool::Idle::kKept),
        privileged_(servers_, credentials_, settings_.database.pool_size, Pool::Idle::kNone),
        writers_(WriterServers(), credentials_, settings_.database.pool_size, Pool::Idle::kKept,
                 Connection::Use::kWrites),
        runner_(settings_, {servers_, identity_, privileged_},
                {writer_servers_ ? *writer_servers_ : servers_, writers_}, log_),
        source_(runner_, "thishost") {}

  static std::string Servers(const MariaDbServer& server) {
    return "servers = [\"" + server.socket() + "\"]\n";
  }

  SqlAccountSource& source() { return source_; }
  RecordingLog& log() { return log_; }
  ServerList& servers() { return servers_; }
  AccountSettings& accounts() { return settings_.accounts; }

  // A look-up by name as one word: "alice:5000:/home/alice", "absent", or "unavailable N" with the
  // reason's number.
  std::string User(std::string_view name) {
    std::string seen;
    const Answer answer = source_.FindUserByName(name, [&](const UserRecord& user) {
      seen = std::string(user.name) + ":" + std::to_string(user.uid) + ":" + std::string(user.home);
    });
    return answer.found() ? seen : Word(answer);
  }
  static std::string Word(Answer answer) {
    if (answer.absent()) return "absent";
    return answer.found() ? "found"
                          : "unavailable " + std::to_string(static_cast<int>(answer.reason));
  }

 private:
  static Settings Parse(const std::string& database, const std::string& rest,
                        const std::string& user) {
    const std::string text = "[database]\nname = \"accounts\"\nuser = \"" + user + "\"\n" +
                             database + "\n[direct]\nenabled = true\n" + rest;
    auto settings = ParseSettings({.text = text, .name = "test.toml", .world_readable = false}, {});
    if (!settings) throw std::runtime_error(settings.error()[0].Describe());
    return *settings;
  }

  ServerList& WriterServers() {
    if (settings_.database.writers.empty()) return servers_;
    return writer_servers_.emplace(settings_.database, settings_.database.writers,
                                   Dial::Names::kHostsFileOnly, log_);
  }

  RecordingLog log_;
  Settings settings_;
  FixedCredentials credentials_;
  ServerList servers_;
  Pool identity_;
  Pool privileged_;
  std::optional<ServerList> writer_servers_;
  Pool writers_;
  QueryRunner runner_;
  SqlAccountSource source_;
};

// [database]: for a machine that is busy with other things, too.
inline const std::string kPatient = "connect_timeout_ms = 1000\nquery_timeout_ms = 1000\n";

// Runs `work` in a forked child; true if it returns true within ten seconds.
inline bool InChild(const std::function<bool()>& work) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(10);
    _exit(work() ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// How many of `children` forked while four threads sign in, again and again, can sign in
// themselves.
inline int GoodChildrenOfAParentThatSignsIn(Layer& layer, int children) {
  // The privileged account connects at each call.
  const auto ask = [&] {
    return layer.source().FindShadow("alice", [](const ShadowRecord&) {}).found();
  };
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) ask();
    });
  }
  int good = 0;
  for (int child = 0; child < children; ++child) good += InChild(ask) ? 1 : 0;
  stop = true;
  for (std::thread& thread : threads) thread.join();
  return good;
}

inline std::chrono::milliseconds Timed(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

inline constexpr std::chrono::milliseconds kOneSecond{1000};

}  // namespace sqlmap::testing

#endif  // SQLMAP_TESTS_UNIT_SQL_SQL_FIXTURE_H_
