#include "ctl/views/administrator.h"

#include <utility>

#include "common/sql/connection.h"
#include "common/sql/dial.h"
#include "ctl/exit_status.h"

namespace sqlmap {
namespace {

constexpr std::int64_t kConnectMs = 5'000;
constexpr std::int64_t kStatementMs = 30'000;  // it may wait for those who read the view just now

[[noreturn]] void Fail(const ServerAddress& server, const DatabaseSettings& settings,
                       const SqlError& error) {
  throw Failure(ExitStatus::kUnknown, server.Describe() + ", as " + settings.user +
                                          " in database " + settings.name + ": " + error.text);
}

std::expected<std::unique_ptr<Statement>, SqlError> Start(Connection& connection,
                                                          const std::string& sql,
                                                          Deadline deadline) {
  auto statement = connection.Prepare({.sql = sql, .parameters = {}}, deadline);
  if (!statement) return statement;
  if (auto executed = (*statement)->Execute({}, deadline); !executed)
    return std::unexpected(executed.error());
  return statement;
}

}  // namespace

Administrator::Administrator(const ServerAddress& server, const DatabaseSettings& given) {
  DatabaseSettings settings = given;
  settings.query_timeout_ms = static_cast<std::uint32_t>(kStatementMs);
  const Deadline deadline = Deadline::In(kConnectMs);
  auto dial = Dial::Start(server, Dial::Names::kDns, 0, deadline);
  if (!dial) Fail(server, settings, dial.error());
  const auto greeting = dial->AwaitGreeting(deadline);
  if (!greeting) Fail(server, settings, greeting.error());
  if (!*greeting)
    Fail(server, settings, {SqlError::Kind::kTimeout, "it accepts, and says nothing"});
  auto connection = Connection::Open(*std::move(dial), server, settings,
                                     Credentials(settings.user, settings.password),
                                     Connection::Use::kWrites, deadline);
  if (!connection) Fail(server, settings, connection.error());
  connection_ = *std::move(connection);
}

Administrator::~Administrator() = default;

std::expected<void, std::string> Administrator::Run(const std::string& sql) {
  const auto statement = Start(*connection_, sql, Deadline::In(kStatementMs));
  if (!statement) return std::unexpected(statement.error().text);
  return {};
}

std::expected<std::vector<std::string>, std::string> Administrator::Ask(const std::string& sql) {
  const Deadline deadline = Deadline::In(kStatementMs);
  const auto statement = Start(*connection_, sql, deadline);
  if (!statement) return std::unexpected(statement.error().text);
  std::vector<std::string> values;
  bool null = false;
  for (;;) {
    const auto row = (*statement)->Fetch(deadline);
    if (!row) return std::unexpected(row.error().text);
    if (!*row) break;
    if ((*row)->empty()) continue;
    const Cell& cell = (**row)[0];
    null = null || !cell;
    values.emplace_back(cell.value_or(""));
  }
  if (null) return std::unexpected("NULL, and no value");
  return values;
}

}  // namespace sqlmap
