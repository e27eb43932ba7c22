// Tables to write to, an account that may, and what is in them afterwards.
#ifndef SQLMAP_TESTS_UNIT_SQL_WRITES_FIXTURE_H_
#define SQLMAP_TESTS_UNIT_SQL_WRITES_FIXTURE_H_

#include <optional>
#include <string>

#include "unit/sql/sql_fixture.h"

namespace sqlmap::testing {

// `passwords` has alice once and twin twice; `log` is empty. `writer` is no administrator.
inline constexpr char kWritableTables[] = R"sql(
CREATE DATABASE accounts CHARACTER SET utf8mb4;
USE accounts;
CREATE TABLE passwords (id INT AUTO_INCREMENT PRIMARY KEY, username VARCHAR(255) COLLATE utf8mb4_bin, hash VARCHAR(60),
  lstchg BIGINT, KEY (username)) ENGINE=InnoDB;
INSERT INTO passwords (username, hash, lstchg) VALUES ('alice', 'old', 1), ('twin', 'old', 1), ('twin', 'old', 1);
CREATE VIEW nss_mysql AS SELECT username, hash AS password FROM passwords;
CREATE TABLE log (event VARCHAR(32), username VARCHAR(255), service VARCHAR(255), rhost VARCHAR(255), tty VARCHAR(255),
  host VARCHAR(255), pid BIGINT, message VARCHAR(255), days BIGINT) ENGINE=InnoDB;
CREATE TABLE attempts (n INT) ENGINE=MyISAM;
CREATE USER writer@localhost IDENTIFIED BY 'writer-secret';
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON accounts.* TO writer@localhost;
)sql";

inline std::string Quoted(const std::string& text) { return "\"" + text + "\""; }

inline constexpr char kUpdate[] =
    "UPDATE passwords SET hash = :hash, lstchg = :days WHERE username = :name";

// [queries] with this password_update.
inline std::string Updating(const std::string& query = kUpdate) {
  return "[queries]\npassword_update = " + Quoted(query) + "\n";
}

// What came of a write: "" if it was stored.
struct Outcome {
  std::string error;
  bool unknown = false;
  SqlError::Kind kind{};
};

inline Outcome Write(Layer& layer, const QueryArguments& arguments,
                     std::optional<std::uint64_t> rows = 1, QueryId id = QueryId::kPasswordUpdate) {
  const auto written =
      layer.source().Write(id, arguments, rows, Deadline::In(QueryRunner::kCallBudgetMs));
  if (written) return {};
  return {written.error().error.text, written.error().unknown, written.error().error.kind};
}

inline Outcome Change(Layer& layer, const std::string& name, const std::string& hash) {
  return Write(layer, {.name = name, .hash = hash, .days = 20000});
}

class WritesFixture : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = new MariaDbServer();
    server_->Sql(kWritableTables);
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    Sql("UPDATE passwords SET hash = 'old', lstchg = 1; DELETE FROM log; DELETE FROM attempts");
  }
  static std::string Sql(const std::string& sql) { return server_->Sql(sql, "accounts"); }
  // The hashes of an account, a comma between two.
  static std::string Hashes(const std::string& name) {
    return Cell("SELECT GROUP_CONCAT(hash) FROM passwords WHERE username = '" + name + "'");
  }
  // The one value that a query gives.
  static std::string Cell(const std::string& query) {
    std::string row = Sql(query);
    if (row.ends_with('\n')) row.pop_back();
    return row;
  }
  static MariaDbServer* server_;
};
inline MariaDbServer* WritesFixture::server_ = nullptr;

}  // namespace sqlmap::testing

#endif  // SQLMAP_TESTS_UNIT_SQL_WRITES_FIXTURE_H_
