// The floor under a look-up: the same SELECT as a bare prepared statement on one connection of the
// system's MySQL client library, without NSS, a pool, checks or packing.
//
//   prepared_floor SOCKET DATABASE USER PASSWORD hot QUERY ACCOUNTS   prints ns per execution;
//   QUERY has one ? for a name prepared_floor SOCKET DATABASE USER PASSWORD list QUERY prints ms
//   and rows, the result being streamed
#include <mysql.h>

#include <array>
#include <cstring>
#include <memory>
#include <string_view>

#include "samples.h"

namespace {

using sqlmap::bench::Count;
using sqlmap::bench::Fail;
using sqlmap::bench::HotNs;
using sqlmap::bench::Name;
using sqlmap::bench::NowNs;
using sqlmap::bench::RandomAccount;
using sqlmap::bench::UserName;

using Connection = std::unique_ptr<MYSQL, decltype(&mysql_close)>;

Connection Connect(char** where) {
  Connection connection(mysql_init(nullptr), mysql_close);
  mysql_options(connection.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (mysql_real_connect(connection.get(), "localhost", where[2], where[3], where[1], 0, where[0],
                         0) == nullptr) {
    Fail("cannot connect", mysql_error(connection.get()));
  }
  return connection;
}

// A statement whose columns are all fetched as text.
class Statement {
 public:
  Statement(MYSQL* connection, std::string_view query)
      : statement_(mysql_stmt_init(connection), mysql_stmt_close) {
    Check(mysql_stmt_prepare(statement_.get(), query.data(), query.size()) == 0);
    for (std::size_t i = 0; i < kColumns; ++i) {
      results_[i].buffer_type = MYSQL_TYPE_STRING;
      results_[i].buffer = columns_[i].data();
      results_[i].buffer_length = columns_[i].size();
    }
    if (mysql_stmt_field_count(statement_.get()) > kColumns) Fail("too many columns");
  }

  void BindName(Name& name) {
    name_.buffer_type = MYSQL_TYPE_STRING;
    name_.buffer = name.text;
    name_.buffer_length = std::strlen(name.text);
    Check(mysql_stmt_bind_param(statement_.get(), &name_) == 0);
  }

  // Returns the number of rows.
  long Execute() {
    Check(mysql_stmt_execute(statement_.get()) == 0);
    Check(mysql_stmt_bind_result(statement_.get(), results_.data()) == 0);
    long rows = 0;
    int status = 0;
    while ((status = mysql_stmt_fetch(statement_.get())) == 0) ++rows;
    Check(status == MYSQL_NO_DATA);
    return rows;
  }

 private:
  static constexpr std::size_t kColumns = 16;

  void Check(bool good) const {
    if (!good) Fail("the statement failed", mysql_stmt_error(statement_.get()));
  }

  std::unique_ptr<MYSQL_STMT, decltype(&mysql_stmt_close)> statement_;
  MYSQL_BIND name_{};
  std::array<MYSQL_BIND, kColumns> results_{};
  std::array<std::array<char, 256>, kColumns> columns_;
};

void Hot(Statement& statement, unsigned accounts) {
  RandomAccount random(accounts);
  Name name;
  std::printf("%.0f\n", HotNs([&] {
                name = UserName(random());
                statement.BindName(name);
                if (statement.Execute() != 1) Fail("not one row for", name.text);
              }));
}

void List(Statement& statement) {
  const double start = NowNs();
  const long rows = statement.Execute();
  std::printf("%.2f %ld\n", (NowNs() - start) / 1e6, rows);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 6 ? argv[5] : "";
  if (!(mode == "hot" && argc == 8) && !(mode == "list" && argc == 7)) {
    Fail("usage: prepared_floor SOCKET DATABASE USER PASSWORD hot QUERY ACCOUNTS | list QUERY");
  }
  const Connection connection = Connect(argv + 1);
  Statement statement(connection.get(), argv[6]);
  if (mode == "hot") {
    Hot(statement, Count(argv[7]));
  } else {
    List(statement);
  }
}
